"""What a player says after a premise to put its reading right, sentence by sentence.

``The starter is a thing.`` ``Lewis is alive.`` ``The baby is not here.`` ``It begins on the fell.``
``What you want is to find her.`` Called by ``premise``; the command line writes such sentences for
``/wrong starter: a thing``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tta_rebuild.storyteller.premise_people import PremisePerson, head_of
from tta_rebuild.storyteller.word_lists import pattern

KINDS = ("is_a_thing", "is_not_here", "is_here")
"""Patterns of ``patterns.toml`` by what they say of somebody."""


@dataclass(frozen=True, slots=True)
class Corrections:
    """What was put right: names or nouns in lower case, where it begins ("on the fell"), and what
    the player is after, a bare infinitive.
    """

    things: frozenset[str] = frozenset()
    away: frozenset[str] = frozenset()
    here: frozenset[str] = frozenset()
    at: str = ""
    aim: str = ""

    def people(self, read: Sequence[PremisePerson]) -> tuple[PremisePerson, ...]:
        """The people as corrected."""
        kept = (person for person in read if not _is_meant(person, self.things))
        return tuple(self._placed(person) for person in kept)

    def _placed(self, person: PremisePerson) -> PremisePerson:
        if _is_meant(person, self.away):
            return replace(person, odds={**person.odds, "away": 1.0})
        if _is_meant(person, self.here):
            return replace(person, odds={**person.odds, "away": 0.0, "dead": 0.0})
        return person


def corrected(sentences: Sequence[str]) -> tuple[list[str], Corrections]:
    """The sentences that tell the story, and what the others put right."""
    kept, at, aim, found = list[str](), "", "", {kind: set[str]() for kind in KINDS}
    for sentence in sentences:
        begins = pattern("begins_at").fullmatch(sentence)
        wished = pattern("is_wished").fullmatch(sentence)
        said = {kind: m["what"] for kind in KINDS if (m := pattern(kind).fullmatch(sentence))}
        for kind, what in said.items():
            found[kind].add(re.sub("^(?:the|my|your|an?) ", "", what.lower()))
        at = begins["at"] if begins else at
        aim = wished["aim"] if wished else aim
        kept += [] if begins or said or wished else [sentence]
    things, away, here = map(frozenset, found.values())
    return kept or [*sentences], Corrections(things, away, here, at, aim)


def _is_meant(person: PremisePerson, names: frozenset[str]) -> bool:
    called = {person.name.lower(), *person.name.lower().split(), head_of(person.role)}
    return any(name in called or name.rpartition(" ")[2] in called for name in names)
