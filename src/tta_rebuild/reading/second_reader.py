"""The second reader: what a passage says, read by somebody other than its writer.

A reader gets passages of a scene that is being written, and the part of the canon that concerns
them; it gives objections, each of which cites what it rests on, and what the passages make true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.story import CharacterSketch, Choice, LastingLine, Passage

ObjectionKind = Literal["contradiction", "rule", "boundary", "player", "knowledge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingMatter:
    """What a reader is given: ``passages`` to be read, in order, and what concerns them.

    Attributes:
        choices, earlier: what the scene offers at its end; what of it stands before the passages.
        move: what the player did, "" for none.
        people: everybody who matters, present or not; ``player`` is the id of the player's own.
        now: day, hour and place as far as they are known, and who is where, in words.
        lines: the lasting lines in force that concern them, by number.
        rules, boundaries: name → text; category → level.
        wants_lines: whether lasting lines are asked for (a storyteller may have given its own).
    """

    passages: tuple[Passage, ...]
    choices: tuple[Choice, ...] = ()
    earlier: str = ""
    move: str = ""
    is_opening: bool = False
    player: str = ""
    people: tuple[CharacterSketch, ...] = ()
    now: tuple[str, ...] = ()
    lines: Mapping[int, LastingLine] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    boundaries: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"
    wants_lines: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why a passage (by its index) may not be shown: the words meant, "" for all of it; the line,
    rule or boundary that they are against, in words; and the reason.
    """

    passage: int
    kind: ObjectionKind
    words: str
    against: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a reader found: objections in the order of the passages, choices (by index) that cannot
    be taken and why, lines of what is now true and will matter, numbers of lines that hold no more.

    ``note`` is "" or why the reading is not whole; it then counts for nothing.
    """

    objections: tuple[Objection, ...] = ()
    refused_choices: Mapping[int, str] = field(default_factory=dict)
    lines: tuple[LastingLine, ...] = ()
    ended: tuple[int, ...] = ()
    note: str = ""


class SecondReader(Protocol):
    """Reads what a storyteller wrote. Never raises for what a model did wrong: ``note`` says it."""

    async def read(self, matter: ReadingMatter, context: TTAContext) -> Reading:
        """Read the passages against what concerns them."""
