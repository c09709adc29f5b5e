"""Who does a thing in a sentence: the verb a rule names, its subject, what it is done to.

Used by ``world_rules``. It looks for one verb only and reads outwards from it, so it needs no
grammar of whole sentences; where it cannot tell who acts, nobody is said to have acted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from tta_rebuild.reading.rule_text import WorldRule, object_forms
from tta_rebuild.reading.rule_words import (
    PERSON,
    is_known_noun,
    is_other_verb,
    listed,
    members,
    singular,
    verb_forms,
    words_of,
)

ClassesOf = Callable[[str], Collection[str]]
"""A name as written → what the story says that its bearer is: role, species."""

_QUOTED = re.compile(r"[\"“][^\"”]*[\"”]?")


@cache
def _closed(name: str) -> frozenset[str]:
    """A closed set of words, such as the prepositions."""
    return listed("grammar", name)


@cache
def _unreal() -> re.Pattern[str]:
    """What makes a later verb in the sentence something wished, feared, told or supposed."""
    words = sorted(_closed("unreal"))
    return re.compile(r"\b(?:" + "|".join(w.replace("*", r"\w*") for w in words) + r")\b")


@cache
def _begun() -> frozenset[str]:
    """Forms of verbs before which an act is done: "began to speak"."""
    return frozenset(form for verb in _closed("begun") for form in verb_forms(verb))


@dataclass(frozen=True, slots=True)
class _Head:
    """The noun of a subject and the words that stand with it, lower case; ``named`` for a name."""

    noun: str
    beside: tuple[str, ...]
    named: bool


def breaks(rule: WorldRule, sentence: str, classes_of: ClassesOf) -> bool:
    """Whether somebody does in the sentence what the rule forbids them."""
    if sentence.rstrip().endswith("?"):
        return False
    words = words_of(_QUOTED.sub(" , ", sentence))
    return any(
        _breaks_at(rule, words, place, verb, classes_of)
        for verb in rule.verbs
        for place in _places(verb, words)
    )


def _places(verb: str, words: Sequence[str]) -> Iterator[int]:
    forms = verb_forms(verb)
    for place, word in enumerate(words):
        low = word.lower()
        following = words[place + 1].lower() if place + 1 < len(words) else ""
        if low in forms and not is_other_verb(verb, low, following):
            yield place


def _breaks_at(
    rule: WorldRule, words: Sequence[str], place: int, verb: str, classes_of: ClassesOf
) -> bool:
    low = [w.lower() for w in words]
    if _unreal().search(" ".join(low[:place])):
        return False
    at, aside = _before_verb(low, place)
    if (
        at is None
        or _closed("undone") & set(aside)
        or ({"can", "could"} & set(aside) and not rule.ability)
    ):
        return False
    passive = bool(_closed("be") & set(aside)) and not low[place].endswith("ing")
    if passive:
        doer = _after_by(words, place)
        if doer is None or not _is_done(rule, low[:place], low[place + 1 :]):
            return False
    else:
        doer = _told_to(low, place, verb) or _subject(words, low, at)
        if doer is None or not _is_done(
            rule, (), _clause_after(low, place), entering=verb == "enter"
        ):
            return False
    return _is_meant(rule, doer, classes_of)


def _before_verb(low: Sequence[str], place: int) -> tuple[int | None, list[str]]:
    """Where the subject ends, and what stands between it and the verb; None where it is no act."""
    at, aside = place - 1, list[str]()
    while at >= 0:
        word = low[at]
        if word == "to":  # "began to speak" is done, "wanted to speak" is not
            if at == 0 or low[at - 1] not in _begun():
                return None, aside
            at -= 2
        elif word in _begun() and low[place].endswith("ing") and at == place - 1:
            at -= 1
        elif word in _closed("be") | _closed("have") | _closed("beside") | _closed("undone") | {
            "can",
            "could",
        } or (word.endswith("ly") and len(word) > 4):
            aside.append(word)
            at -= 1
        else:
            break
    bare_noun = at >= 0 and at == place - 1 and low[at] in _closed("articles") - {"all", "both"}
    return (None if bare_noun else at), aside


def _subject(words: Sequence[str], low: Sequence[str], at: int) -> _Head | None:
    """The subject that ends at a place, or that an earlier clause shares with this one."""
    while at >= 0 and low[at] not in _closed("stops"):
        head, governed_by = _noun_phrase(words, low, at)
        if governed_by < 0:
            return head
        at = governed_by - 1
        if at < 0 or low[at] in _closed("stops"):
            return None  # "Over the wall flew …": whoever it is comes later
    end = at
    while end >= 0:
        begin = end
        while begin > 0 and low[begin - 1] not in _closed("stops"):
            begin -= 1
        head = _first_noun(words, low, begin, end)
        if head is not None:
            return head
        end = begin - 1
    return None


def _told_to(low: Sequence[str], place: int, verb: str) -> _Head | None:
    """The player, where a choice begins with the verb: "Open the gate"."""
    following = low[place + 1] if place + 1 < len(low) else "."
    more = _closed("articles") | _closed("prepositions") | _closed("stops") | _closed("unclear")
    if place or low[0] != verb or following == "of":
        return None
    return _Head("you", (), False) if following in more or following.endswith("ly") else None


def _noun_phrase(words: Sequence[str], low: Sequence[str], at: int) -> tuple[_Head | None, int]:
    """The noun at a place with its words, and the preposition before it (-1 for none)."""
    begin = at
    while begin > 0 and at - begin < 4:
        before = low[begin - 1]
        if (
            low[begin] in _closed("articles")
            or low[begin] in _closed("people")
            or before in _closed("stops")
        ):
            break
        if before in _closed("prepositions"):
            return None, begin - 1
        if (
            _is_name(words, begin)
            and not _is_name(words, begin - 1)
            and before not in _closed("articles")
        ):
            break
        begin -= 1
    if begin > 0 and low[begin - 1] in _closed("prepositions"):
        return None, begin - 1
    if {"no", "neither", "none", "nobody", "nothing"} & set(low[begin : at + 1]):
        return None, -1
    return _Head(low[at], tuple(low[begin:at]), _is_name(words, at)), -1


def _first_noun(words: Sequence[str], low: Sequence[str], begin: int, end: int) -> _Head | None:
    """The subject of a clause, as far as it can be told from its first words."""
    if begin >= end or low[begin] in _closed("prepositions"):
        return None
    if low[begin] in _closed("people") or _is_name(words, begin):
        return _Head(low[begin], (), low[begin] not in _closed("people"))
    if low[begin] in _closed("articles") - {"no"}:
        for place in range(begin + 1, min(begin + 4, end)):
            if is_known_noun(low[place]):
                return _Head(low[place], tuple(low[begin:place]), False)
    return None


def _is_name(words: Sequence[str], place: int) -> bool:
    """Whether a word is a name: capital where no sentence begins, or nothing else it could be."""
    word = words[place]
    low = word.lower()
    if not word[:1].isupper() or low in _closed("articles") | _closed("people") | _closed(
        "prepositions"
    ) | _closed("stops"):
        return False
    begins = place == 0 or words[place - 1] in ".!?—"
    if not begins:
        return True
    return not (low.endswith("s") or is_known_noun(low) or low in listed("nouns", "bare"))


def _after_by(words: Sequence[str], place: int) -> _Head | None:
    """Who did what was done: "opened by the old guard"."""
    low = [w.lower() for w in words]
    for at in range(place + 1, len(words)):
        if low[at] in _closed("stops"):
            return None
        if low[at] == "by":
            end = at + 1
            while end + 1 < len(words) and low[end + 1] not in _closed("stops") | _closed(
                "prepositions"
            ):
                end += 1
            if end >= len(words):
                return None
            return _Head(low[end], tuple(low[at + 1 : end]), _is_name(words, end))
    return None


def _clause_after(low: Sequence[str], place: int) -> Sequence[str]:
    end = place + 1
    while end < len(low) and low[end] not in _closed("stops"):
        end += 1
    return low[place + 1 : end]


def _is_done(
    rule: WorldRule, before: Sequence[str], after: Sequence[str], *, entering: bool = False
) -> bool:
    """Whether the act is done to what the rule names; who is ``entering`` needs no "into"."""
    if rule.link and rule.link not in after:
        return False
    said = [*before, *after]
    for number, noun in enumerate(rule.objects):
        meant = object_forms(noun)
        places = [i for i, word in enumerate(said) if word in meant or singular(word) in meant]
        if not places:
            return False
        if rule.inside and number == len(rule.objects) - 1:
            near = said[max(0, places[0] - 4) : places[0]]
            if not _closed("inside") & set(near) and not (entering and "of" not in near):
                return False
    return True


def _is_meant(rule: WorldRule, doer: _Head, classes_of: ClassesOf) -> bool:
    """Whether the one who acts is among those whom the rule concerns."""
    known = {singular(c) for c in classes_of(doer.noun)} if doer.named else set()
    if not rule.subject:
        return is_person(doer, known)
    wanted = members(rule.subject)
    belongs = (
        singular(doer.noun) in wanted or doer.noun in wanted or bool(known & wanted)
    ) and set(rule.which) <= {*doer.beside, *known}
    if not rule.only:
        return belongs
    return not belongs and doer.noun not in _closed("unclear") and is_person(doer, known)


def is_person(doer: _Head, known: Collection[str] = ()) -> bool:
    """Whether somebody rather than something acts."""
    if set(known) & members("animal"):
        return False
    return doer.named or doer.noun in _closed("people") or singular(doer.noun) in members(PERSON)
