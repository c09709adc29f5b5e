"""English as dependency trees: spaCy's small pipeline (an extra, loaded on first use), and what a
tree, and the words of ``data/parser.toml``, say of who and what is meant.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from tta_rebuild.canon.people import People
from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import TTAError
from tta_rebuild.core.story import CharacterSketch

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Token

MODEL = "en_core_web_sm"
_CALLED = {"he": "he", "him": "he", "his": "he", "she": "she", "her": "she", "hers": "she"}


class ParserMissing(TTAError):
    """English prose cannot be read by rule: install the parser, as the message says."""


@cache
def load_parser() -> Language:
    """The pipeline, loaded once: under its official name, or that of a re-packed wheel.

    Raises ParserMissing: spaCy or its English pipeline is not there; says what to install.
    """
    packed = sorted(module.name for module in iter_modules() if module.name.startswith(MODEL))
    if find_spec("spacy") is None or not packed:
        raise ParserMissing(
            "reading a text needs spaCy and its English pipeline: pip install "
            f"'tta-rebuild[parser]' (or, where spaCy is, python -m spacy download {MODEL})"
        )
    pipeline: Language = import_module(packed[0]).load(exclude=["ner", "senter"])
    return pipeline


@cache
def word_set(name: str) -> frozenset[str]:
    """A closed set of the data file."""
    return frozenset(packaged_toml("tta_rebuild.reading", "parser")["sets"][name].split())


@cache
def effects() -> dict[str, list[str]]:
    """Verb, with its particle → what it does: "S holds O", "-S holds O" where that ends."""
    table = packaged_toml("tta_rebuild.reading", "parser")["effects"]
    return {verb: told.split("; ") for told, verbs in table.items() for verb in verbs.split()}


def child(token: Token, *dependencies: str) -> Token | None:
    """The first word that depends on this one in one of these ways."""
    return next((c for c in token.children if c.dep_ in dependencies), None)


def prepositions(verb: Token) -> list[tuple[str, Token]]:
    """The prepositions of a verb with their nouns."""
    found = [(c.lower_, child(c, "pobj")) for c in verb.children if c.dep_ == "prep"]
    return [(word, noun) for word, noun in found if noun is not None]


def subject_of(verb: Token) -> Token | None:
    """A verb's own subject, or the one that it shares with the verb it is joined to."""
    here = verb
    while (own := child(here, "nsubj", "nsubjpass")) is None:
        if here.dep_ == "acl":
            return here.head
        joined = here.dep_ == "conj" or (here.dep_ in ("xcomp", "advcl") and here.tag_ == "VBG")
        if not joined or here.head.pos_ not in ("VERB", "AUX"):
            return None
        here = here.head
    return here.head if own.tag_ in ("WDT", "WP") else own


def name_of(noun: Token) -> str:
    """A noun with what belongs to its name: "Captain Josk Verrin", "brass key", "Bea's father"."""
    parts = [c.text for c in noun.children if c.dep_ in ("compound", "amod") and c.i < noun.i]
    owner = child(noun, "poss")
    whose = [f"{owner.text}'s"] if owner is not None and owner.pos_ != "PRON" else []
    return " ".join([*whose, *parts, noun.text])


def determiners(noun: Token | None) -> set[str]:
    """ "the", "a", "every" … of a noun."""
    return {c.lower_ for c in noun.children if c.dep_ == "det"} if noun is not None else set()


def head_of(key: str) -> str:
    """The noun of an id: "key" of ``brass_key``, "treaty" of ``treaty_with_sarn``."""
    words = key.split("_")
    cut = next((n for n, word in enumerate(words) if n and word in word_set("in_ids")), len(words))
    return words[cut - 1]


class EnglishNames:
    """Whom and what words mean, in the order of a text; who is not clear is nobody.

    ``canon`` is asked, never changed; of the ``cast`` the ``player`` (an id, "" for none) is "you"
    and "I".
    """

    def __init__(self, canon: Canon, cast: Iterable[CharacterSketch]) -> None:
        self.cast = {one.character_id: one for one in cast}
        self.player = next((i for i, one in self.cast.items() if one.is_player), "")
        self.canon, self._people = canon, People(canon, tuple(self.cast.values()))
        self._mentioned: list[str] = []  # latest last
        self._unclear = set[str]()  # pronouns that stood before anybody whom they could mean
        self._subject = ""
        self._things = frozenset[str]()

    def next_sentence(self, subject: str) -> None:
        """A sentence is over; its subject is who a pronoun means first."""
        self._subject = subject or self._subject
        facts = self.canon.all_now()
        held = (key_of(f.value) for f in facts if f.relation in ("holds", "wears", "owns"))
        self._things = frozenset([*held, *(f.subject for f in facts)])

    def person(self, token: Token | None) -> str:
        """The id of the person that a word means, "" if that is nobody or not clear."""
        if token is None:
            return ""
        low, owner = token.lower_, child(token, "poss")
        if low in ("you", "your", "yourself"):
            return self.player
        if low in ("i", "me", "my"):
            return self.player or "i"
        if token.pos_ == "PRON":
            return self._by_pronoun(_CALLED.get(low, ""))
        if owner is not None and low.rstrip("s") in word_set("body_parts"):
            return self.person(owner)  # "her hand closed on the key"
        has_the = "the" in determiners(token) | determiners(owner)
        if (token.pos_ == "PROPN") == has_the and not child(token, "compound", "amod", "poss"):
            return ""  # "the Agnes" is a boat, "captain" is nobody
        who = self._people.id_of(name_of(token), "", self._mentioned)
        if token.pos_ != "PROPN" and who not in self.cast and not self.canon.value(who, "alive"):
            return ""
        self._mentioned = [*(one for one in self._mentioned if one != who), who]
        return who

    def _by_pronoun(self, called: str) -> str:
        fits = [who for who in self._mentioned if self._called(who) in ("", called)]
        if called and not fits:
            self._unclear.add(called)
        if not called or called in self._unclear:
            return ""
        sure = [who for who in fits[-3:] if self._called(who) == called]
        for some in (fits, sure, [who for who in sure if who == self._subject]):
            if len(some) == 1:
                return some[0]
        return ""

    def _called(self, who: str) -> str:
        word = self.cast[who].pronouns.lower().split("/")[0].strip() if who in self.cast else ""
        return _CALLED.get(word, "other") if word else ""

    def thing(self, token: Token) -> str:
        """The id of a thing: one that is known if it is named as known, else its own words."""
        no_thing = token.lemma_.lower() in word_set("abstract") | word_set("people")
        if no_thing or token.pos_ not in ("NOUN", "PROPN"):
            return ""
        key, word, marks = key_of(name_of(token)), key_of(token.text), determiners(token)
        if marks & {"a", "an", "another", "some", "no", "any", "every", "each"}:
            return "" if key in self._things or "no" in marks else key  # a second one of its kind
        alike = [k for k in self._things if "the" in marks and head_of(k) == key == word]
        return alike[0] if len(alike) == 1 and key not in self._things else key
