"""What a player's move is made of: verbs, the small words around them, and what follows a verb.

Called by ``deed`` and ``act``. The words are ``data/verbs.txt`` and ``data/act_words.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from tta_rebuild.core.english import past, singular, verb_forms
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import word_list, word_table

_PERSON_OF = {"his": "him", "their": "them", "its": "it", "her": "her", "your": "you"}
LONGEST_GAP = 8
"""Words that may stand between a verb and its particle."""
_POSSESSIVE = re.compile(r"(?:my|your|his|her|its|our|their|\w+['’]s|\w+s['’])$", re.I)
_BEFORE_MARK = re.compile(r"\s+([,.;:!?…])")


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
    """One family of ``data/verbs.txt``: its slots in order, and the prepositions that bring them."""

    takes: tuple[str, ...]
    after: Mapping[str, frozenset[str]]

    def brings(self, slot: str, word: str) -> bool:
        """True if that preposition brings that slot."""
        return word in self.after.get(slot, ())

    @property
    def takes_two(self) -> bool:
        """True if a person and something else may both be bare: "give her the key"."""
        return "person" in self.takes and len(self.takes) > 1


@cache
def small_words(name: str) -> frozenset[str]:
    """One list of single words of ``act_words.toml``."""
    return frozenset(word_table("act_words")["words"][name].split())


def is_one(word: str, names: str) -> bool:
    """True for a word of one of those lists."""
    return any(word in small_words(name) for name in names.split())


@cache
def _phrase_list(name: str) -> Mapping[str, Sequence[list[str]]]:
    """One list of phrases, each as its words, by their first words; the longest first."""
    found: dict[str, list[list[str]]] = {}
    for phrase in word_table("act_words")["phrases"][name].split(","):
        found.setdefault(phrase.split()[0], []).append(phrase.split())
    return {first: sorted(listed, key=len, reverse=True) for first, listed in found.items()}


def phrase_length(name: str, words: Sequence[str]) -> int:
    """How many of the first words are a phrase of that list."""
    listed = _phrase_list(name).get(words[0], ()) if words else ()
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
    """The verbs whose first word may have that form: base, words after it, family; longest first."""
    _, verbs, pasts = _table()
    bases = [form] if form in verbs else [pasts.get(form, "")]
    if form not in verbs:
        stems = (form[:-cut] + end for cut in (1, 2, 3, 4) for end in ("", "e", "y", "ie"))
        bases += dict.fromkeys(s for s in stems if s in verbs and form in verb_forms(s))
    found = (
        (base, tail.split(), family) for base in set(bases) for tail, family in verbs.get(base, ())
    )
    return sorted(found, key=lambda entry: (-len(entry[1]), "*" in entry[1], entry))


def is_base(word: str) -> bool:
    """True for a verb of the table in its plain form."""
    return word in _table()[1]


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
    same = (
        word == one or (one == "self" and word[-4:] == one)
        for word, one in zip(words, tail, strict=False)
    )
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
    following = low[end] if end < len(low) else ","
    is_noun = following[0].isalnum() and not is_adverb(following) and following != "of"
    if is_noun and not is_one(following, "conjunctions prepositions enders adverbs"):
        if gap < 0 or is_one(after[0], "particles"):
            return None
        if is_one(after[-1], "prepositions"):
            return list(tokens[begin:])
    if gap < 0 and any(is_one(word, "prepositions") and word != "back" for word in between):
        return None
    return [*tokens[begin:at], *tokens[end:]]


def is_adverb(word: str) -> bool:
    """True for words like "slowly"."""
    return word.endswith("ly") and len(word) > 4 and word not in small_words("not_adverbs")


def joined(tokens: Sequence[str]) -> str:
    """Tokens as text."""
    return _BEFORE_MARK.sub(r"\1", " ".join(tokens)).strip(" ,;:.!…")


# ------------------------------------------------------------------------- what follows the verb

_NOUN = r"(?:d+(?:[ap]*n+|[ap](?=f|$)|a)?|[hb]a*n+|n+)"
_PHRASE = re.compile(
    rf"(?P<manner>Mm*[^pEMT]*)|(?P<prep>(?:pf?)*)(?P<noun>{_NOUN}(?:f(?:{_NOUN}|[rhb]|o.+))*|[rhb]|o.+)?"
)
"""A phrase in the letters of ``_tags``."""


@cache
def _letters() -> Mapping[str, str]:
    """The letter of each small word, by what it may be."""
    lists = {"a": "adverbs", "s": "subjects", "o": "openers", "r": "pronouns", "d": "determiners"}
    lists["p"] = "prepositions"
    found = {word: letter for letter, name in lists.items() for word in small_words(name)}
    both = small_words("determiners") & small_words("pronouns")
    return found | dict.fromkeys(both, "b") | {"of": "f", "her": "h"}


def _tags(low: list[str], spec: VerbFamily) -> str:
    """A letter for each word.

    o opens a clause, s is its subject, T opens an infinitive, E ends what an act speaks of, M and m
    are manner, p preposition, f of, d determiner, r pronoun, h her, b this, a adverb, n other, x
    a mark.
    """
    tags = ""
    while (k := len(tags)) < len(low):
        word, following = low[k], "".join(low[k + 1 : k + 2])
        size = phrase_length("manner", low[k:]) if tags[-1:] not in ("d", "h") else 0
        letter = _letters().get(word, "a" if is_adverb(word) else "n")
        if word == "to" and (is_base(following) or is_one(following, "infinitives")):
            letter = "T"
        elif is_one(word, "enders") and not (word == "before" and spec.takes[0] == "where"):
            letter = "E" if k or word not in ("as", "once") else "o"
        elif size:
            letter = "M" + "m" * (size - 1)
        elif word == "her" and not k and spec.takes_two and "to" not in low:
            letter = "h" if is_one(low[-1], "asked_things") else "r"
        elif (word == "that" and tags[-1:] == "n") or (word == "one" and tags[-1:] in ("n", "d")):
            letter = "o" if word == "that" else "n"
        elif word in ("it", "you", "nobody", "this") and k and is_one(following, "finite"):
            letter = "s"
        elif not word[0].isalnum():
            letter = "x"
        tags += letter
    return tags


def arguments(spec: VerbFamily, rest: list[str], keeps_noun: bool) -> dict[str, str]:
    """The parts of what follows a verb, by the names of ``Act``'s fields, in the second person."""
    rest = rest[rest[:1] in (["of"], ["Of"]) :]
    low = [token.lower() for token in rest]
    tags = _tags(low, spec)
    begin, end = _reported(spec, low, tags) if "said" in spec.takes else (len(rest), len(rest))
    said = joined(rest[begin + (low[begin : begin + 1] == ["that"]) : end])
    head = [k for k, tag in enumerate(tags) if tag != "x" and not begin <= k < end]
    phrases = list(_phrases("".join(tags[k] for k in head), [rest[k] for k in head], spec))
    parts: dict[str, list[str]] = {"said": [said]} if said else {}
    slots = ["object"] if keeps_noun else [s for s in spec.takes if s != "where"] or ["object"]
    bare = [words for prep, words in phrases if not prep]
    for words in bare:
        is_first_of_two = len(bare) > 1 and words is bare[0] and "person" in slots
        is_person = is_first_of_two or (slots[0] == "said" and is_somebody(words))
        free = [slot for slot in slots if slot not in parts] or ["aside"]
        slot = "person" if is_person and "person" in free else free[0]
        last = words[-1].lower()
        if slot == "person" and not said and is_one(last, "said_things asked_things"):
            slot = "said" if "said" in slots else "object"
            if owner := _PERSON_OF.get(words[0].lower()) if is_one(last, "asked_things") else "":
                parts["person"] = [owner]
        parts[slot] = words
    for prep, words in phrases:
        if prep:
            slot, kept = _slot(spec, prep, words, parts)
            parts.setdefault(slot, []).extend(kept)
    parts.pop("aside", None)
    return {slot: _lowered(to_second_person(joined(words))) for slot, words in parts.items()}


def _reported(spec: VerbFamily, low: list[str], tags: str) -> tuple[int, int]:
    """Where what is reported begins and ends ("that …", "to …", "who …", "about …")."""
    size = len(low)
    for k, (word, tag) in enumerate(zip(low, tags, strict=True)):
        may_open = tag == "s" or (is_one(word, "openers") and not (tag == "b" and k + 1 == size))
        if k and tags[k - 1] == "p" and not (tag == "T" and is_one(low[k - 1], "where_alone")):
            continue
        if tag == "T" or (may_open and not (k and spec.takes[0] == "object")):
            return k - (k > 0 and low[k - 1] == "not"), size
        if "bare_infinitive" in spec.after and k and is_base(word) and tags[k - 1] != "d":
            return k, size
        if spec.brings("said", word) and k + 1 < size:
            ends = (
                j for j in range(k + 2, size) if spec.brings("person", low[j]) and low[j] != "for"
            )
            return k, next(ends, size)
    return size, size


def _phrases(
    tags: str, tokens: list[str], spec: VerbFamily
) -> Iterator[tuple[list[str], list[str]]]:
    """Phrases in order, as (prepositions, words); a clause of time, reason or purpose ends them."""
    takes_two, at = spec.takes_two, 0
    while at < len(tags) and tags[at] not in "ET":
        found = _PHRASE.match(tags, at)
        begin, at = at, max(found.end(), at + 1)
        if found["manner"]:
            yield tokens[begin:at], []
            continue
        middle, noun, following = found.end("prep"), found["noun"], tags[at : at + 1]
        is_second = takes_two and middle == begin
        is_clause = following in ("o", "s") and at + 1 < len(tags)
        if noun and (is_clause or (following in tuple("dhbr") and not is_second and noun != "r")):
            at = (tags + "E").index("E", at)
        if noun or middle > begin:
            yield tokens[begin:middle], tokens[middle:at]
        elif is_adverb(tokens[begin].lower()):
            yield [tokens[begin]], []


def _slot(
    spec: VerbFamily, prep: list[str], words: list[str], parts: Mapping[str, list[str]]
) -> tuple[str, list[str]]:
    """Which part a phrase with its preposition is, and the words of it to keep."""
    first, whole = prep[0].lower(), [*prep, *words]
    before = prep[-1].lower() if prep[-1] != "of" else first
    is_time = first in ("for", "in", "at") and words and is_one(words[-1].lower(), "times")
    if words[-1:] == ["ear"] and "person" not in parts:
        return "person", [_PERSON_OF.get(words[0].lower(), joined(words))]
    if is_time or is_adverb(first) or phrase_length("manner", [w.lower() for w in whole]):
        return "manner", whole
    for slot in ("object", "person"):
        if words and slot not in parts and spec.brings(slot, before):
            return slot, words
    if first == "with" and "person" not in parts and is_somebody(words):
        return "person", words
    if words and first in ("with", "using", "via"):
        return ("instrument" if "instrument" not in parts else "aside"), words
    if "said" in spec.takes and spec.brings("said", first):
        return "said", whole
    if is_one(first, "asides") or (first == "by" and not words):
        return "aside", whole
    if "where" in parts:
        is_goal = "where" in spec.takes and before in ("to", "into", "towards")
        if not is_goal or parts["where"][0].lower() in ("to", "into"):
            return "aside", whole
        parts["where"].clear()
    return "where", whole


def is_somebody(words: Sequence[str]) -> bool:
    """True for a name, "her", "the guard": somebody rather than something, as far as words tell."""
    ends = (k for k, word in enumerate(words) if k and is_one(word.lower(), "joints"))
    last = words[next(ends, len(words)) - 1] if words else ""
    if len(words) == 1 and is_one(last.lower(), "somebody"):
        return True
    return singular(last.lower()) in word_list("people") or (last[:1].isupper() and len(words) < 3)


def _lowered(words: str) -> str:
    first = words.split(" ")[0]
    is_small = is_one(first.lower(), "determiners prepositions") or first in ("You", "That")
    return words[:1].lower() + words[1:] if is_small else words


def as_text(tokens: Sequence[str]) -> str:
    """A whole sentence as text, with the ? or ! at its end."""
    mark = tokens[-1] if tokens[-1:] and tokens[-1][0] in "!?" else ""
    return joined(tokens).rstrip("?!") + mark
