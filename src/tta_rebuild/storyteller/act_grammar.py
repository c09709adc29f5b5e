"""The verbs of a player's move and the small words around them.

Called by ``deed`` and ``act``. The words are ``data/verbs.txt`` and ``data/act_words.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from tta_rebuild.core.english import past, verb_forms
from tta_rebuild.storyteller.word_lists import word_table

LONGEST_GAP = 8
"""Words that may stand between a verb and its particle."""
_POSSESSIVE = re.compile(r"(?:my|your|his|her|its|our|their|\w+['’]s|\w+s['’])$", re.I)
_BEFORE_MARK = re.compile(r"\s+([,.;:!?…])")
_NOTHING: frozenset[str] = frozenset()


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
    """One family of ``data/verbs.txt``: its slots in order, what brings them, its flags."""

    takes: tuple[str, ...]
    after: Mapping[str, frozenset[str]]
    flags: frozenset[str]

    @property
    def takes_two(self) -> bool:
        """True if a person and something else may both be bare: "give her the key"."""
        return "person" in self.takes and len(self.takes) > 1

    def brings(self, slot: str, word: str) -> bool:
        """True if that preposition brings that slot."""
        return word in self.after.get(slot, _NOTHING)


@cache
def _words() -> Mapping[str, frozenset[str]]:
    lists = word_table("act_words")["words"]
    return {name: frozenset(words.split()) for name, words in lists.items()}


def small_words(name: str) -> frozenset[str]:
    """One list of single words of ``act_words.toml``."""
    return _words()[name]


def is_one(word: str, names: str) -> bool:
    """True for a word of one of those lists."""
    return any(word in _words()[name] for name in names.split())


@cache
def _phrases(name: str) -> Mapping[str, Sequence[list[str]]]:
    """One list of phrases, each as its words, by their first words; the longest first."""
    found: dict[str, list[list[str]]] = {}
    for phrase in word_table("act_words")["phrases"][name].split(","):
        found.setdefault(phrase.split()[0], []).append(phrase.split())
    return {first: sorted(listed, key=len, reverse=True) for first, listed in found.items()}


def phrase_length(name: str, words: Sequence[str]) -> int:
    """How many of the first words are a phrase of that list."""
    listed = _phrases(name).get(words[0], ()) if words else ()
    return next((len(p) for p in listed if list(words[: len(p)]) == p), 0)


@cache
def _families() -> Mapping[str, tuple[VerbFamily, str]]:
    """Each family with its verbs, as they stand in the file."""
    text = (files("tta_rebuild.storyteller") / "data" / "verbs.txt").read_text("utf-8")
    found = {}
    for block in text.split("\n\n")[1:]:
        head, _, verbs = block.partition("\n")
        name, takes, *more = re.split(r": | \| ", head)
        after = {"said": frozenset({"about"})}
        after |= {one.split()[0]: frozenset(one.split()[1:]) for one in more if " " in one}
        found[name] = (VerbFamily(tuple(takes.split()), after, frozenset(more)), verbs)
    return found


@cache
def families() -> Mapping[str, VerbFamily]:
    """The families by name; ``do`` is for every verb that no family holds."""
    return {name: family for name, (family, _) in _families().items()}


@cache
def verb_table() -> Mapping[str, Sequence[tuple[str, str]]]:
    """The first words of all verbs → (the words after it, the family), in no order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for family, (_, verbs) in _families().items():
        for verb in verbs.split(","):
            base, _, tail = verb.strip().replace("\n ", "").partition(" ")
            found.setdefault(base, []).append((tail, family))
    return found


@cache
def _pasts() -> Mapping[str, str]:
    return {past(base): base for base in verb_table()}


@cache
def _entries(form: str) -> Sequence[tuple[str, list[str], str]]:
    """The verbs whose first word may have that form: base, words after it, family; longest first."""
    table, stems = verb_table(), (form[:-cut] for cut in (1, 2, 3, 4))
    bases = [form]
    if form not in table:
        maybe = {stem + end: 0 for stem in stems for end in ("", "e", "y", "ie")}
        bases = [one for one in maybe if one in table and form in verb_forms(one)]
        bases += [_pasts()[form]] if form in _pasts() and _pasts()[form] not in bases else []
    found = [(base, tail.split(), family) for base in bases for tail, family in table.get(base, ())]
    return sorted(found, key=lambda entry: (-len(entry[1]), "*" in entry[1]))


def is_base(word: str) -> bool:
    """True for a verb of the table in its plain form."""
    return word in verb_table()


def verb_at(tokens: Sequence[str]) -> Verb | None:
    """The verb that the tokens begin with, the longest that fits; None if the table has none."""
    low = [token.lower() for token in tokens]
    for base, tail, family in _entries(low[0]) if low else ():
        end = len(tail) + 1
        if _same(low[1:end], tail):
            return Verb(family, " ".join((base, *tail)), base, list(tokens[end:]), end)
        if {"*", "~"} & set(tail) or (len(tail) == 1 and is_one(tail[0], "particles")):
            rest = _apart(tokens, low, tail)
            if rest is not None:
                name = base if "~" in tail else " ".join((base, *tail)).replace("* ", "")
                return Verb(family, name, base, rest, 2, "~" in tail)
    return None


def _same(words: Sequence[str], tail: Sequence[str]) -> bool:
    same = (word == one or (one == "self" and word[-4:] == one) for word, one in zip(words, tail, strict=False))
    return len(words) == len(tail) and all(same)


def _apart(tokens: Sequence[str], low: Sequence[str], tail: list[str]) -> list[str] | None:
    """What follows a verb in pieces ("turn the lamp on"); None if it is another verb."""
    gap = next((k for k, word in enumerate(tail) if word in "*~"), -1)
    after, begin = tail[gap + 1 :], 1 + max(gap, 0)
    ends = range(begin + 1, begin + LONGEST_GAP)
    at = next((k for k in ends if _same(low[k : k + len(after)], after)), 0)
    between, end = low[begin:at], at + len(after)
    if not between or low[1:begin] != tail[: max(gap, 0)]:
        return None
    if any(is_one(w, "conjunctions enders") or not w[0].isalnum() for w in between):
        return None
    if "~" in tail:
        is_owner = _POSSESSIVE.search(between[-1]) or is_one(between[0], "determiners")
        return list(tokens[begin:]) if is_owner else None
    if end < len(low) and not can_follow(low[end]):
        goes_on = gap >= 0 and is_one(after[-1], "prepositions") and not is_one(after[0], "particles")
        return list(tokens[begin:]) if goes_on else None
    if gap < 0 and any(is_one(word, "prepositions") and word != "back" for word in between):
        return None
    return [*tokens[begin:at], *tokens[end:]]


def can_follow(word: str) -> bool:
    """True for what may follow a particle that stands apart: anything but a noun."""
    if not word[0].isalnum() or word == "of" or is_adverb(word):
        return True
    return is_one(word, "conjunctions prepositions enders adverbs")


def is_adverb(word: str) -> bool:
    """True for words like "slowly"."""
    return word.endswith("ly") and len(word) > 4 and word not in small_words("not_adverbs")


def joined(tokens: Sequence[str]) -> str:
    """Tokens as text."""
    return _BEFORE_MARK.sub(r"\1", " ".join(tokens)).strip(" ,;:.!…")
