"""What the storyteller carries from turn to turn: the notes of a scene, and nothing else.

Called by ``teller``. Notes travel in the reply and come back with the next request, so a forked
story keeps exactly what its branch had told. Notes of another storyteller, or damaged ones, are
no error: what can be read is kept and the rest begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tta_rebuild.storyteller.kit import Person
from tta_rebuild.storyteller.line_writer import (
    MARK_LENGTH,
    MARKS_REMEMBERED,
    PRINT_LENGTH,
    TURNS_REMEMBERED,
)

VERSION = 1
DEEDS_REMEMBERED = 6
_NUMBERS = (("strand", -1), ("step", 0), ("strands_told", 0), ("tension", -1), ("chapter", 0))


@dataclass(slots=True)
class StoredChoice:
    """A choice as it was offered: what it meant, for when it is taken."""

    text: str
    kind: str
    npc: str = ""
    thing: str = ""
    dest: str = ""
    detail: str = ""

    def to_list(self) -> list[str]:
        """As plain JSON."""
        return [self.text, self.kind, self.npc, self.thing, self.dest, self.detail]


@dataclass(slots=True)
class Memory:
    """The storyteller's working notes; changed in place while a scene is told.

    Attributes:
        present: ids of who is with the player, the partner of the scene first.
        strand: index of the strand being told, -1 before the first.
        step: the next step of the strand, 0 to 3.
        beats: lines of the tension told so far, by stage.
        holders: thing → id of who has it.
        told: fingerprints of the sentences of the last turns, one string each.
        marks: marks of the lines used, oldest first.
    """

    kit: str = ""
    cast: list[Person] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    place: str = ""
    last_place: str = ""
    visited: list[str] = field(default_factory=list)
    strand: int = -1
    step: int = 0
    strands_told: int = 0
    tension: int = -1
    beats: dict[str, int] = field(default_factory=dict)
    chapter: int = 0
    stage: str = ""
    holders: dict[str, str] = field(default_factory=dict)
    deeds: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    offers: list[StoredChoice] = field(default_factory=list)
    time: str = ""
    weather: str = ""
    told: list[str] = field(default_factory=list)
    marks: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, bounded in size."""
        return {
            "v": VERSION,
            "kit": self.kit,
            "cast": [[p.character_id, p.name, p.they, p.role, p.voice, p.look] for p in self.cast],
            "met": self.met,
            "present": self.present,
            "place": self.place,
            "last_place": self.last_place,
            "visited": self.visited[-12:],
            "strand": self.strand,
            "step": self.step,
            "strands_told": self.strands_told,
            "tension": self.tension,
            "beats": self.beats,
            "chapter": self.chapter,
            "stage": self.stage,
            "holders": self.holders,
            "deeds": self.deeds[-DEEDS_REMEMBERED:],
            "kinds": self.kinds[-6:],
            "offers": [offer.to_list() for offer in self.offers],
            "time": self.time,
            "weather": self.weather,
            "told": self.told[-TURNS_REMEMBERED:],
            "marks": self.marks[-MARKS_REMEMBERED * MARK_LENGTH :],
        }

    @classmethod
    def from_json(cls, notes: Any) -> Memory:
        """The notes of the last scene; empty where they are not ours."""
        memory = cls()
        if not isinstance(notes, Mapping) or notes.get("v") != VERSION:
            return memory
        memory.kit = _text(notes.get("kit"))
        for row in _rows(notes.get("cast"), 6):
            memory.cast.append(Person(*row))
        for name in ("met", "present", "visited", "deeds", "kinds", "told"):
            setattr(memory, name, _texts(notes.get(name)))
        for name in ("place", "last_place", "stage", "time", "weather", "marks"):
            setattr(memory, name, _text(notes.get(name)))
        for name, default in _NUMBERS:
            setattr(memory, name, _number(notes.get(name), default))
        memory.beats = _mapping(notes.get("beats"), int)
        memory.holders = _mapping(notes.get("holders"), str)
        memory.offers = [StoredChoice(*row) for row in _rows(notes.get("offers"), 6)]
        memory.step = max(memory.step, 0)
        memory.marks = memory.marks[: len(memory.marks) // MARK_LENGTH * MARK_LENGTH]
        memory.told = [t[: len(t) // PRINT_LENGTH * PRINT_LENGTH] for t in memory.told]
        return memory

    def person(self, character_id: str) -> Person | None:
        """Someone of the cast by id."""
        return next((p for p in self.cast if p.character_id == character_id), None)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if _is_list(value) else []


def _number(value: Any, default: int) -> int:
    return value if isinstance(value, int) else default


def _rows(value: Any, width: int) -> list[list[str]]:
    if not _is_list(value):
        return []
    rows = [_texts(row) for row in value]
    return [row for row in rows if len(row) == width]


def _mapping(value: Any, kind: type) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {}
    return {str(key): item for key, item in value.items() if isinstance(item, kind)}
