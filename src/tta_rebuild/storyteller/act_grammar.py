"""The grammar of a player's move: which verb it is, and how what follows falls into parts.

Called by ``act``. The words it goes by are ``data/verbs.toml`` and ``data/act_words.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from tta_rebuild.core.english import past, verb_forms
from tta_rebuild.storyteller.word_lists import word_table

_POSSESSIVE = re.compile(r"(?:my|your|his|her|its|our|their|\w+['’]s|\w+s['’])$", re.I)
LONGEST_GAP = 8
"""Words that may stand between a verb and its particle."""


class Verb(NamedTuple):
    """A verb of the table as it was met: ``rest`` is what follows, its particle taken out."""

    family: str
    name: str
    base: str
    rest: list[str]
    words: int = 1
    keeps_noun: bool = False


@dataclass(frozen=True, slots=True)
class VerbFamily:
    """What one family of ``data/verbs.toml`` takes; ``takes`` is in the order of its slots."""

    takes: tuple[str, ...] = ("object", "where", "person")
    object_after: frozenset[str] = frozenset()
    person_after: frozenset[str] = frozenset({"to"})
    said_after: frozenset[str] = frozenset({"about"})
    bare_infinitive: bool = False
    needs_object: bool = False


def small_words(name: str) -> frozenset[str]:
    """One list of single words of ``act_words.toml``."""
    return _small_words()[name]


@cache
def _small_words() -> Mapping[str, frozenset[str]]:
    return {
        name: frozenset(words.split()) for name, words in word_table("act_words")["words"].items()
    }


def is_one(word: str, names: str) -> bool:
    """True for a word of one of those lists."""
    return any(word in _small_words()[name] for name in names.split())


@cache
def _phrases(name: str) -> Mapping[str, Sequence[tuple[str, ...]]]:
    """One list of phrases, each as its words, by their first words; the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in word_table("act_words")["phrases"][name].split(","):
        found.setdefault(phrase.split()[0], []).append(tuple(phrase.split()))
    return {first: sorted(listed, key=len, reverse=True) for first, listed in found.items()}


def phrase_length(name: str, words: Sequence[str]) -> int:
    """How many of the first words are a phrase of that list."""
    listed = _phrases(name).get(words[0], ()) if words else ()
    return next((len(p) for p in listed if tuple(words[: len(p)]) == p), 0)


@cache
def families() -> Mapping[str, VerbFamily]:
    """The families by name, with ``do`` for verbs that no family holds."""
    found = {"do": VerbFamily()}
    for name, entry in word_table("verbs").items():
        found[name] = VerbFamily(
            takes=tuple(entry["takes"].split()),
            object_after=frozenset(entry.get("object_after", "").split()),
            person_after=frozenset(entry.get("person_after", "").split()),
            said_after=frozenset(entry.get("said_after", "about").split()),
            bare_infinitive=entry.get("bare_infinitive", False),
            needs_object=entry.get("needs_object", False),
        )
    return found


@cache
def _verbs() -> Mapping[str, Sequence[tuple[str, tuple[str, ...], str]]]:
    """Form of a first word → (its base, the words after it, the family), the longest first."""
    bases: dict[str, list[tuple[str, tuple[str, ...], str]]] = {}
    for family, entry in word_table("verbs").items():
        for verb in entry["verbs"].split(","):
            base, *tail = verb.split()
            bases.setdefault(base, []).append((base, tuple(tail), family))
    found: dict[str, list[tuple[str, tuple[str, ...], str]]] = dict(bases)
    for base, entries in bases.items():
        for form in verb_forms(base) | {past(base)}:
            if form not in bases:
                found.setdefault(form, []).extend(entries)
    return {form: sorted(v, key=_length) for form, v in found.items()}


def _length(entry: tuple[str, tuple[str, ...], str]) -> tuple[int, bool]:
    return -len(entry[1]), "*" in entry[1]


def is_base(word: str) -> bool:
    """True for a verb of the table in its plain form."""
    return any(entry[0] == word for entry in _verbs().get(word, ()))


def verb_at(tokens: Sequence[str]) -> Verb | None:
    """The verb that the tokens begin with, the longest that fits; None if the table has none."""
    if not tokens:
        return None
    low = [token.lower() for token in tokens]
    for base, tail, family in _verbs().get(low[0], ()):
        end = len(tail) + 1
        if _same(low[1:end], tail):
            return Verb(family, " ".join((base, *tail)), base, list(tokens[end:]), end)
        if {"*", "~"} & set(tail) or (len(tail) == 1 and tail[0] in small_words("particles")):
            rest = _apart(tokens, low, tail)
            if rest is not None:
                words = (base,) if "~" in tail else (base, *(w for w in tail if w != "*"))
                return Verb(family, " ".join(words), base, rest, 2, "~" in tail)
    return None


def _same(words: Sequence[str], tail: Sequence[str]) -> bool:
    return len(words) == len(tail) and all(
        word == wanted or (wanted == "self" and word.endswith("self"))
        for word, wanted in zip(words, tail, strict=True)
    )


def _apart(tokens: Sequence[str], low: Sequence[str], tail: tuple[str, ...]) -> list[str] | None:
    """What follows a verb in pieces ("turn the lamp on"); None if it is another verb."""
    gap = next((k for k, word in enumerate(tail) if word in "*~"), -1)
    head, after = tail[: max(gap, 0)], tail[gap + 1 :]
    begin = 1 + len(head)
    if not _same(low[1:begin], head):
        return None
    for at in range(begin + 1, min(begin + LONGEST_GAP, len(low) - len(after) + 1)):
        end, between = at + len(after), low[begin:at]
        stops = small_words("conjunctions") | small_words("enders")
        if stops & set(between) or not low[at - 1][0].isalnum():
            return None
        if not _same(low[at:end], after):
            continue
        if "~" in tail:
            is_owner = _POSSESSIVE.search(between[-1]) or is_one(between[0], "determiners")
            return list(tokens[begin:]) if is_owner else None
        goes_on = end < len(low) and not _can_follow(low[end])
        if gap < 0 and (goes_on or set(between) & (small_words("prepositions") - {"back"})):
            return None
        if goes_on and is_one(after[0], "particles"):
            return None
        if goes_on and after[-1] in small_words("prepositions"):
            return list(tokens[begin:])
        return [*tokens[begin : at - (len(between) > 1 and between[-1] == "back")], *tokens[end:]]
    return None


def _can_follow(word: str) -> bool:
    """True for what may follow a particle that stands apart: anything but a noun."""
    if not word[0].isalnum() or word == "of" or is_adverb(word):
        return True
    return is_one(word, "conjunctions prepositions enders adverbs")


def is_adverb(word: str) -> bool:
    """True for words like "slowly"."""
    return word.endswith("ly") and len(word) > 4 and word not in small_words("not_adverbs")


_BEFORE_MARK = re.compile(r"\s+([,.;:!?…])")


def joined(tokens: Sequence[str]) -> str:
    """Tokens as text."""
    return _BEFORE_MARK.sub(r"\1", " ".join(tokens)).strip(" ,;:.!…")
