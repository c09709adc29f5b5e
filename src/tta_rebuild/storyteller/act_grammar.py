"""What a player's move is made of: verbs and their families, and the small words before a verb.

Called by ``act_parser``, ``act_deed`` and ``act_speech``, and by whoever asks for a verb's family;
``act_arguments`` cuts what follows a verb. The words are ``data/verbs.txt``,
``data/more_verbs.txt`` and ``data/words.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from tta_rebuild.core.english import past, singular, verb_forms
from tta_rebuild.storyteller.noun_phrases import words_in
from tta_rebuild.storyteller.set_phrases import set_phrase_at
from tta_rebuild.storyteller.word_lists import is_one, pattern, word_list, word_table


class Verb(NamedTuple):
    """A verb as it was met: ``rest`` is what follows, its particle taken out."""

    family: str
    name: str
    base: str
    rest: list[str]
    words: int = 1
    keeps_noun: bool = False


@dataclass(frozen=True, slots=True)
class VerbFamily:
    """One family of ``verbs.txt``: its slots in order, the prepositions before each, its flags."""

    takes: tuple[str, ...]
    after: Mapping[str, frozenset[str]]


@cache
def _phrases(name: str) -> Mapping[str, Sequence[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for phrase in word_table("words")["phrases"][name].split(","):
        found.setdefault(phrase.split()[0], []).append(phrase.split())
    return {first: sorted(listed, key=len, reverse=True) for first, listed in found.items()}


def phrase_length(name: str, words: Sequence[str]) -> int:
    """How many of the first words are a phrase of that list, the longest that fits."""
    listed = _phrases(name).get(words[0], ()) if words else ()
    return next((len(p) for p in listed if list(words[: len(p)]) == p), 0)


@cache
def _table() -> tuple[dict[str, VerbFamily], dict[str, list[tuple[str, str]]], dict[str, str]]:
    """Families by name; first words of verbs → (the words after it, family); pasts → bases."""
    text = (files("tta_rebuild.storyteller") / "data" / "verbs.txt").read_text("utf-8")
    by_name, verbs = {}, dict[str, list[tuple[str, str]]]()
    for block in text.split("\n\n")[1:]:
        head, _, listed = block.partition("\n")
        name, takes, *more = re.split(r": | \| ", head)
        after = {one.split()[0]: frozenset(one.split()[1:]) for one in ("said about", *more)}
        by_name[name] = VerbFamily(tuple(takes.split()), after)
        for verb in listed.split(","):
            base, _, tail = " ".join(verb.split()).partition(" ")
            verbs.setdefault(base, []).append((tail, name))
    return by_name, verbs, {past(base): base for base in verbs}


def families() -> Mapping[str, VerbFamily]:
    """The families by name; ``do`` is for every verb that no family holds."""
    return _table()[0]


@cache
def _entries(form: str) -> Sequence[tuple[str, list[str], str]]:
    """The verbs whose first word has that form: base, words after it, family; the longest first."""
    _, verbs, pasts = _table()
    stems = (form[:-cut] + end for cut in (1, 2, 3, 4) for end in ("", "e", "y", "ie"))
    bases = {stem for stem in stems if stem in verbs and form in verb_forms(stem)}
    bases = {form} if form in verbs else bases | ({pasts[form]} if form in pasts else set())
    found = ((base, tail.split(), family) for base in bases for tail, family in verbs[base])
    return sorted(found, key=lambda entry: (-len(entry[1]), "*" in entry[1], entry))


@cache
def _more_verbs() -> Mapping[str, str]:
    """Families of rarer verbs, by every form of them; the table goes before."""
    text = (files("tta_rebuild.storyteller") / "data" / "more_verbs.txt").read_text("utf-8")
    rows = re.findall(r"^(\w+): ((?:.+\n  ?)*.+)$", text.replace("\n  ", " "), re.M)
    return {
        form: f"{family} {verb}"
        for family, verbs in rows
        for verb in verbs.split()
        for form in (*verb_forms(verb), past(verb))
    }


def rarer_verb(word: str, rest: list[str]) -> Verb:
    """A verb that no family of the table holds: of that which a lexicon puts it in, or "do"."""
    family, _, base = _more_verbs().get(word, f"do {word}").partition(" ")
    return Verb(family, base, base, rest)


@lru_cache(maxsize=4_000)
def family_of(word: str) -> str:
    """The family of a verb in any form, "" for what is no verb."""
    entries = _entries(word)
    return entries[-1][2] if entries else _more_verbs().get(word, "").partition(" ")[0]


def is_rarer(word: str) -> bool:
    """True for a verb of the lexicon, in any form."""
    return word in _more_verbs()


def is_base(word: str) -> bool:
    """True for a verb of the table in its plain form."""
    return word in _table()[1]


def verb_at(tokens: Sequence[str]) -> Verb | None:
    """The verb that the tokens begin with, the longest that fits; None if there is none.

    A set phrase ("take a look at", "hold my breath") goes before a verb of fewer words.
    """
    plain, said = _plain_verb_at(tokens), set_phrase_at(tokens)
    if said is None or (plain is not None and plain.words >= said.words):
        return plain
    return Verb(said.family, said.name, said.base, [*said.done_to, *said.rest], said.words)


def _plain_verb_at(tokens: Sequence[str]) -> Verb | None:
    low = ["self" if token.lower().endswith("self") else token.lower() for token in tokens]
    for base, tail, family in _entries(low[0]) if low else ():
        end = len(tail) + 1
        if low[1:end] == tail:
            return Verb(family, " ".join((base, *tail)), base, list(tokens[end:]), end)
        may_part = {"*", "~"} & set(tail) or (len(tail) == 1 and is_one(tail[0], "particles"))
        if may_part and (rest := _apart(tokens, low, tail)) is not None:
            name = base if "~" in tail else " ".join((base, *tail)).replace("* ", "")
            return Verb(family, name, base, rest, 2, "~" in tail)
    return None


def _apart(tokens: Sequence[str], low: Sequence[str], tail: list[str]) -> list[str] | None:
    """What follows a verb in pieces ("turn the lamp on"); None if it is another verb."""
    gap = next((k for k, word in enumerate(tail) if word in "*~"), -1)
    after, begin = tail[gap + 1 :], 1 + max(gap, 0)
    ends = range(begin + 1, begin + 8)
    at = next((k for k in ends if low[k : k + len(after)] == after), 0)
    between, following = low[begin:at], [*low[at + len(after) :], ","][0]
    if not between or low[1:begin] != tail[: max(gap, 0)]:
        return None
    barred = "conjunctions enders" if gap >= 0 else "conjunctions enders prepositions"
    if any((is_one(w, barred) and w != "back") or not w[0].isalnum() for w in between):
        return None
    if any(is_one(word, "openers") for word in between[1:]):
        return None
    if "~" in tail:
        is_owner = pattern("possessive").match(between[-1]) or is_one(between[0], "determiners")
        return list(tokens[begin:]) if is_owner else None
    if gap >= 0 and len(after) == 1 and is_one(following, "objects"):
        return None  # "show him the paper with the peace in it"
    if following == "of" and after[-1:] == ["out"]:
        return list(tokens[begin:])  # "pull the rope out of the well"
    is_noun = following[0].isalnum() and not is_adverb(following) and following != "of"
    if is_noun and not is_one(following, "conjunctions prepositions enders adverbs openers"):
        is_preposition = gap >= 0 and is_one(after[-1], "prepositions")
        return list(tokens[begin:]) if is_preposition and after[0] != "on" else None
    return [*tokens[begin:at], *tokens[at + len(after) :]]


class Lead:
    """What stands before the verb: subject, wishes, fillers, manner; and whether it is denied."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.manner: list[str] = []
        self.subject, self.is_denied, at = "", False, 0
        low = [token.lower().replace("’", "'") for token in tokens]
        while at < len(low):
            verb = verb_at(tokens[at:])
            name, size = _before_verb(low[at:], verb.words if verb else 0)
            if size:
                self.subject = self.subject or (low[at] if name == "openings" else "")
                self.is_denied = self.is_denied or name == "not"
            elif not verb and (is_adverb(low[at]) or is_one(low[at], "adverbs")):
                self.manner += [tokens[at]] if is_adverb(low[at]) else []
            elif low[at][0].isalnum() or low[at][0] == "“":
                break
            at += max(size, 1)
        self.rest = list(tokens[at:])
        self.verb = verb_at(self.rest)


def _before_verb(low: list[str], longest: int) -> tuple[str, int]:
    """The list and the size of a phrase that is no verb here, though it may be one."""
    names = ("not", "openings", "wishes", "fillers", "weak")
    size, name = max((phrase_length(name, low), name) for name in names)
    after, following = low[size:], "".join(low[size : size + 1])
    if name == "weak":
        is_idle = low[0] in ("go", "come") and size == 1 and is_base(following)
        is_before = following.endswith("ing") and (size > longest or verb_at(after))
        return name, size if (is_before or is_idle) and size >= longest else 0
    if low[0] == "to" and not verb_at(after):
        return name, 0
    may_be_verb = name in ("not", "wishes") or low[0] == "lets"
    is_equal = size == longest and may_be_verb and verb_at(after)
    return name, size if size > longest or is_equal else 0


def is_adverb(word: str) -> bool:
    """True for words like "slowly"."""
    return word.endswith("ly") and len(word) > 4 and word not in word_list("not_adverbs")


def is_somebody(words: Sequence[str]) -> bool:
    """True for a name, "her", "the guard": somebody rather than something, as far as words tell."""
    ends = (k for k, word in enumerate(words) if k and is_one(word.lower(), "joints"))
    last = words[next(ends, len(words)) - 1] if words else ""
    is_named = last[:1].isupper() and len(words) < 3
    is_pronoun = len(words) == 1 and is_one(last.lower(), "somebody")
    one = singular(last.lower())
    return is_named or is_pronoun or one in word_list("people") or one in words_in("people")


def joined(tokens: Sequence[str], *, keeps_mark: bool = False) -> str:
    """Tokens as text without the mark at its end, unless a ? or ! is kept."""
    text = re.sub(r"\s+([,.;:!?…])", r"\1", " ".join(tokens))
    bare = text.strip(" ,;:.!…")
    return bare.rstrip("?") + text[-1:] if keeps_mark and text[-1:] in "?!" else bare
