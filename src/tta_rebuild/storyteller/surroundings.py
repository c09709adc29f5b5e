"""What a kind of place has: who is in charge, rooms, a way out, a sound; what plots are told with.

Called by ``casting`` for stories from a premise. There is one file for each kind of place in the
folder ``surroundings``; of each of its lists one value is taken and kept for the whole story.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from tta_rebuild.core.data_files import parse_yaml
from tta_rebuild.storyteller.scene_file import packaged

ANYWHERE = "anywhere"
PEOPLE = ("keeper", "worker", "stranger")
_CASES = {
    "he": ("he", "him", "his"),
    "she": ("she", "her", "her"),
    "it": ("it", "it", "its"),
    "they": ("they", "them", "their"),
}
_SECOND = {"room": "room2"}
THINGS_AROUND = ("record", "implement", "trifle", "valuable")
SURROUNDING = (*PEOPLE, "room", "spot", "exit", *THINGS_AROUND, "light")
"""What of them a plot's scene may be about: ``act: read record``."""
_APART = ("sight", *PEOPLE, *_SECOND)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One story's surroundings.

    Attributes:
        slots: by name, as plots use them: ``keeper``, ``keeper_he``, ``the_tool`` …
        people: name and pronoun of who is there besides the people of the premise.
        sights: what can be seen there at the start, one of them to be told.
    """

    slots: Mapping[str, str]
    people: Sequence[tuple[str, str]]
    sights: Sequence[str]


@cache
def _lists_of(kind: str) -> dict[str, list[Any]]:
    path = packaged("surroundings")[kind]
    lists: dict[str, list[Any]] = parse_yaml(path.read_text("utf-8"), path.name, is_ours=True)
    return lists


def surroundings_of(kind: str, seed: str, taken: Collection[str]) -> Surroundings:
    """The surroundings of one story.

    Args:
        kind: a kind of place as ``data/premise_topics.toml`` names it, "" where none is known.
        taken: nouns for people whom the premise has itself, so that there are no two captains; and
            names of people here who have died, so that others stand in their places.
    """
    lists, rng = _lists_of(kind or ANYWHERE), Random(f"{seed}:{kind}")
    slots: dict[str, str] = {}
    for name in sorted(lists.keys() - {*_APART}):
        slots |= _forms(name, rng.choice(lists[name]))
    for name, other in _SECOND.items():
        for slot, value in zip((name, other), rng.sample(lists[name], 2), strict=True):
            slots |= _forms(slot, value)
    people = []
    for name in PEOPLE:
        rows = rng.sample(lists[name], len(lists[name]))
        free = (row for row in rows if not {row[0], *row[0].split()} & {*taken})
        words, pronoun = next(free, rows[0])
        slots |= person_slots(name, words, pronoun)
        if name != "stranger":
            people.append((words, pronoun))
    return Surroundings(slots, people, lists["sight"])


def person_slots(name: str, words: str, pronoun: str) -> dict[str, str]:
    """Somebody as the slots of a part in plots; ``pronoun`` is he, she, it or they."""
    slots = _forms(name, words)
    for case, said in zip(("he", "him", "his"), _CASES[pronoun], strict=True):
        slots |= _forms(f"{name}_{case}", said)
    return slots


def _forms(name: str, value: str) -> dict[str, str]:
    """A slot and its capital; ``a brass button|the brass button`` has a second form."""
    first, _, later = value.partition("|")
    slots = {name: first, name[:1].upper() + name[1:]: first[:1].upper() + first[1:]}
    if later:
        slots |= {f"the_{name}": later, f"The_{name}": later[:1].upper() + later[1:]}
    return slots
