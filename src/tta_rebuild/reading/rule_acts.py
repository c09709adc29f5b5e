"""Who does a thing in a sentence: the verb a rule names, its subject, what it is done to.

Used by ``world_rules``. It looks for one verb only and reads outwards from it, so it needs no
grammar of whole sentences; where it cannot tell who acts, nobody is said to have acted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache, partial

from tta_rebuild.core.english import singular
from tta_rebuild.reading.rule_text import WorldRule, object_forms
from tta_rebuild.reading.rule_words import (
    PERSON,
    is_known_noun,
    is_other_verb,
    listed,
    members,
    verb_forms,
    words_of,
)

ClassesOf = Callable[[str], Collection[str]]
"""A name as written → what the story says that its bearer is: role, species."""

_QUOTED = re.compile(r"[\"“][^\"”]*[\"”]?")
_closed = partial(listed, "grammar")  # a closed set of words, such as the prepositions


@cache
def _unreal() -> re.Pattern[str]:
    """What makes a later verb in the sentence something wished, feared, told or supposed."""
    words = sorted(_closed("unreal"))
    return re.compile(r"\b(?:" + "|".join(w.replace("*", r"\w*") for w in words) + r")\b")


@cache
def _begun() -> frozenset[str]:
    """Forms of verbs before which an act is done: "began to speak"."""
    return frozenset(form for verb in _closed("begun") for form in verb_forms(verb))


@cache
def _beside() -> frozenset[str]:
    """What may stand between a subject and its verb."""
    names = ("be", "have", "beside", "undone")
    return frozenset({"can", "could"}).union(*(_closed(name) for name in names))


@cache
def _edges() -> frozenset[str]:
    return _closed("stops") | _closed("prepositions")


@dataclass(frozen=True, slots=True)
class _Head:
    """The noun of a subject and the words that stand with it, lower case; ``named`` for a name."""

    noun: str
    beside: tuple[str, ...] = ()
    named: bool = False


def breaks(rule: WorldRule, sentence: str, classes_of: ClassesOf) -> bool:
    """Whether somebody does in the sentence what the rule forbids them."""
    if sentence.rstrip().endswith("?"):
        return False
    told = _Told(words_of(_QUOTED.sub(" , ", sentence)))
    return any(
        doer is not None and _is_meant(rule, doer, classes_of)
        for verb in rule.verbs
        for doer in told.doers(rule, verb)
    )


class _Told:
    """A sentence in words, and where in it an act is."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.low = [word.lower() for word in words]

    def doers(self, rule: WorldRule, verb: str) -> list[_Head | None]:
        """Who does what the verb says, to what the rule names, wherever the verb stands."""
        forms = verb_forms(verb)
        return [
            self._doer(rule, place, verb)
            for place, (word, following) in enumerate(
                zip(self.low, [*self.low[1:], ""], strict=True)
            )
            if word in forms and not is_other_verb(verb, word, following)
        ]

    def _doer(self, rule: WorldRule, place: int, verb: str) -> _Head | None:
        low = self.low
        if _unreal().search(" ".join(low[:place])):
            return None
        at, aside = self._before_verb(place)
        undone = _closed("undone") if rule.ability else _closed("undone") | {"can", "could"}
        if at is None or undone & aside:
            return None
        if _closed("be") & aside and not low[place].endswith("ing"):
            is_done = _is_done(rule, low[place + 1 :], before=low[:place])
            return self._after_by(place) if is_done else None
        after = low[place + 1 : self._end(place + 1, _closed("stops"))]
        if not _is_done(rule, after, entering=verb == "enter"):
            return None
        return self._told_to(place, verb) or self._subject(at)

    def _end(self, begin: int, stops: frozenset[str]) -> int:
        """The first place of a stop from ``begin`` on."""
        return next((i for i in range(begin, len(self.low)) if self.low[i] in stops), len(self.low))

    def _before_verb(self, place: int) -> tuple[int | None, set[str]]:
        """Where the subject ends, and what stands between it and the verb; None for no act."""
        low, at, aside = self.low, place - 1, set[str]()
        while at >= 0:
            word = low[at]
            if word == "to":  # "began to speak" is done, "wanted to speak" is not
                if at == 0 or low[at - 1] not in _begun():
                    return None, aside
                at -= 2
            elif word in _begun() and low[place].endswith("ing") and at == place - 1:
                at -= 1
            elif word in _beside() or (word.endswith("ly") and len(word) > 4):
                aside.add(word)
                at -= 1
            else:
                break
        bare_noun = at >= 0 and at == place - 1 and low[at] in _closed("articles") - {"all", "both"}
        return (None if bare_noun else at), aside

    def _subject(self, at: int) -> _Head | None:
        """The subject that ends at a place, or that an earlier clause shares with this one."""
        stops = _closed("stops")
        while at >= 0 and self.low[at] not in stops:
            head, governed_by = self._noun_phrase(at)
            if governed_by < 0:
                return head
            at = governed_by - 1
            if at < 0 or self.low[at] in stops:
                return None  # "Over the wall flew …": whoever it is comes later
        end = at
        while end >= 0:
            begin = end
            while begin > 0 and self.low[begin - 1] not in stops:
                begin -= 1
            head = self._first_noun(begin, end)
            if head is not None:
                return head
            end = begin - 1
        return None

    def _told_to(self, place: int, verb: str) -> _Head | None:
        """The player, where a choice begins with the verb: "Open the gate"."""
        following = self.low[place + 1] if place + 1 < len(self.low) else "."
        if place or self.low[0] != verb or following == "of":
            return None
        more = _closed("articles") | _edges() | _closed("unclear")
        return _Head("you") if following in more or following.endswith("ly") else None

    def _noun_phrase(self, at: int) -> tuple[_Head | None, int]:
        """The noun at a place with its words, and the preposition before it (-1 for none)."""
        low, begin = self.low, at
        while begin > 0 and at - begin < 4:
            before = low[begin - 1]
            if low[begin] in _closed("articles") | _closed("people") or before in _edges():
                break
            begins_name = self._is_name(begin) and not self._is_name(begin - 1)
            if begins_name and before not in _closed("articles"):
                break
            begin -= 1
        if begin > 0 and low[begin - 1] in _closed("prepositions"):
            return None, begin - 1
        if {"no", "neither", "none", "nobody", "nothing"} & set(low[begin : at + 1]):
            return None, -1
        return _Head(low[at], tuple(low[begin:at]), self._is_name(at)), -1

    def _first_noun(self, begin: int, end: int) -> _Head | None:
        """The subject of a clause, as far as it can be told from its first words."""
        low = self.low
        if begin >= end or low[begin] in _closed("prepositions"):
            return None
        if low[begin] in _closed("people") or self._is_name(begin):
            return _Head(low[begin], named=low[begin] not in _closed("people"))
        if low[begin] in _closed("articles") - {"no"}:
            for place in range(begin + 1, min(begin + 4, end)):
                if is_known_noun(low[place]):
                    return _Head(low[place], tuple(low[begin:place]))
        return None

    def _is_name(self, place: int) -> bool:
        """Whether a word is a name: capital inside a sentence, or nothing else it could be."""
        word, low = self.words[place], self.low[place]
        if not word[:1].isupper() or low in _closed("articles") | _closed("people") | _edges():
            return False
        if place and self.words[place - 1] not in ".!?—":
            return True
        return not (low.endswith("s") or is_known_noun(low) or low in listed("nouns", "bare"))

    def _after_by(self, place: int) -> _Head | None:
        """Who did what was done: "opened by the old guard"."""
        by = self._end(place + 1, _closed("stops") | {"by"})
        end = self._end(by + 2, _edges()) - 1
        if by >= len(self.low) or self.low[by] != "by" or not by < end < len(self.low):
            return None
        return _Head(self.low[end], tuple(self.low[by + 1 : end]), self._is_name(end))


def _is_done(
    rule: WorldRule, after: Sequence[str], *, before: Sequence[str] = (), entering: bool = False
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
    is_person = not known & members("animal") and (
        doer.named or doer.noun in _closed("people") or singular(doer.noun) in members(PERSON)
    )
    if not rule.subject:
        return is_person
    *which, noun = rule.subject
    belongs = bool({singular(doer.noun), doer.noun, *known} & members(noun))
    belongs = belongs and set(which) <= {*doer.beside, *known}
    if not rule.only:
        return belongs
    return not belongs and doer.noun not in _closed("unclear") and is_person
