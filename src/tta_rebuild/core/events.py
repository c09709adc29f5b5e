"""What can happen to a story: the log's vocabulary, versioned.

Every view of a story is a fold over these. An event never changes once stored: when a shape
changes, its ``VERSION`` rises and an upcaster lifts old data while it is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Literal, TypeAlias, cast, dataclass_transform

from tta_rebuild.core.errors import StoreDamaged, StoreNewer, ValidationError
from tta_rebuild.core.story import Bond, Choice, Claim, LastingLine, Memory, Premise, Scene
from tta_rebuild.core.usage import Usage


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Event:
    """What all events are: frozen values; the log keeps them under a name and a version."""

    KIND: ClassVar[str]
    VERSION: ClassVar[int] = 1

    def __init_subclass__(cls) -> None:
        cls.KIND = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        dataclass(frozen=True, kw_only=True)(cls)


class StoryOpened(Event):
    """The story begins: always the first event of a story."""

    premise: Premise


class VariantAssigned(Event):
    """The story is told in one of the ways that an experiment compares, from its first scene on.

    ``prompts`` are templates' names and variants; what is empty is as it is without an experiment.
    Without an ``experiment`` it is the ``model`` that was chosen when the story began.
    """

    experiment: str
    variant: str
    prompts: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    temperature: float | None = None
    checks: Literal["", "all", "choices", "off"] = ""


class PlayerActed(Event):
    """The player did or said something: took a choice (numbered from 1), or used free words."""

    text: str
    choice: int | None = None
    wants_end: bool = False


class ModelReplied(Event):
    """What a storyteller answered, word for word: with it the turn can be told again exactly."""

    task: str
    request_key: str
    text: str
    model: str
    finish_reason: str
    usage: Usage
    prompt_version: str = ""
    degraded: str = ""


class SceneTold(Event):
    """A scene as the player read it."""

    scene: Scene


class PassageWithheld(Event):
    """A passage that the ``gate`` (``"canon"``, ``"safety"``) held back, and what it is against."""

    text: str
    gate: str
    reason: str
    against: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeVerdictNoted:
    """What became of one block of code in a scene; ``verdict`` as ``code_executor`` names it."""

    language: str
    verdict: str
    reason: str


class CodeChecked(Event):
    """The code in a scene was run where it can do no harm; one verdict per block, in order."""

    verdicts: tuple[CodeVerdictNoted, ...]


class PastRecalled(Event):
    """What of the past was put into the turn's prompt: positions of events, in order."""

    positions: tuple[int, ...]


class FactAsserted(Event):
    """From here on this holds on this branch, until it is retracted or replaced."""

    claim: Claim


class FactRetracted(Event):
    """From here on this no longer holds on this branch."""

    claim: Claim
    reason: str = ""


class FactRetconned(Event):
    """An author says that this was never so (``becomes`` is what was so instead, if anything)."""

    claim: Claim
    becomes: Claim | None = None
    reason: str = ""


class LineKept(Event):
    """A lasting line holds from here on; its number is the position of this event."""

    line: LastingLine


class LineEnded(Event):
    """The lasting line of this number no longer holds."""

    number: int


class CharacterChanged(Event):
    """How a character is after this turn: what of it changed.

    ``goals`` and ``intensity`` (of the emotion, whose very word is the ``shade``) lie in [0, 1];
    ``bonds`` are by whom they are to, ``relationships`` what earlier versions wrote in their place,
    one number in [-1, 1]; ``remembers`` is new in the memory. ``reasons`` say by goal what raised
    it. A stage of the arc that is set ``arc_by_hand`` stays until that is said to be over (False).
    """

    VERSION = 2

    character_id: str
    name: str = ""
    emotion: str = ""
    shade: str = ""
    intensity: float = 0.0
    arc_stage: str = ""
    arc_by_hand: bool | None = None
    traits: Mapping[str, float] = field(default_factory=dict)
    goals: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    relationships: Mapping[str, float] = field(default_factory=dict)
    bonds: Mapping[str, Bond] = field(default_factory=dict)
    remembers: tuple[Memory, ...] = ()


class PersonAsked(Event):
    """The player took one person aside and asked something: no turn of the story.

    ``answer`` is what the player read; what a model replied, and who remembers it, comes after.
    """

    character_id: str
    text: str
    answer: str
    told_by: str = ""
    degraded: str = ""


class CareShown(Event):
    """The player was shown where help can be found: that alone, and nothing of what they wrote."""


class BoundariesTightened(Event):
    """From here on the player wants the story gentler: category → level, beside those there are."""

    boundaries: Mapping[str, str]


class ChoicesOffered(Event):
    """What the player may do next; ``rejected`` lists what was not offered, with the reason."""

    choices: tuple[Choice, ...]
    rejected: tuple[tuple[str, str], ...] = ()


class TimelineMarked(Event):
    """Retired: earlier versions wrote it and nothing read it; it keeps its position in the log."""

    VERSION = 2


class StoryEnded(Event):
    """The story came to an end on this branch; a fork before it may go on."""

    how: str = ""


EVENT_TYPES: Mapping[str, type[Event]] = {t.KIND: t for t in Event.__subclasses__()}


def prose_of(event: Event) -> str:
    """The text of an event that a search may find: scenes as told, and the player's words."""
    if isinstance(event, SceneTold):
        return event.scene.text
    return event.text if isinstance(event, PlayerActed) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """An event at its place, stored ``at`` (UTC).

    ``branch_id`` is the branch that it was written on (an ancestor's, for inherited events),
    ``position`` its depth along the branch path, dense, from 1, ``turn`` 0 for the opening.
    """

    branch_id: str
    position: int
    turn: int
    at: datetime
    event: Event


Upcaster: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]


def _memories_of_texts(old: dict[str, Any]) -> dict[str, Any]:
    return old | {"remembers": [{"text": text} for text in old.get("remembers", ())]}


UPCASTERS: Mapping[tuple[str, int], Upcaster] = {
    (TimelineMarked.KIND, 1): lambda old: {},
    (CharacterChanged.KIND, 1): _memories_of_texts,
}


@cache
def _adapter(event_type: type[Any]) -> Any:
    from pydantic import TypeAdapter  # heavy: only needed once a log is read or written

    return TypeAdapter(event_type)


@dataclass(frozen=True)
class EventCodec:
    """Turns events into JSON and back; ``upcasters`` lift a (kind, version) to the next version."""

    upcasters: Mapping[tuple[str, int], Upcaster] = field(default_factory=lambda: UPCASTERS)
    types: Mapping[str, type[Any]] = field(default_factory=lambda: EVENT_TYPES)

    def to_json(self, event: Event) -> tuple[str, int, str]:
        """Kind, version and compact JSON. Raises ValidationError for broken Unicode."""
        event_type: Any = type(event)
        try:
            text = _adapter(event_type).dump_json(event).decode()
        except ValueError as error:
            said = "holds characters that are no text (broken Unicode); remove them and repeat"
            raise ValidationError(f"'{event.KIND}' {said}") from error
        return event.KIND, event.VERSION, text

    def from_json(self, kind: str, version: int, text: str | bytes) -> Event:
        """The event, as today's type. Raises StoreNewer (a later program's) and StoreDamaged."""
        event_type: Any = self.types.get(kind)
        if event_type is None or version > event_type.VERSION:
            raise StoreNewer(
                f"the log holds an event '{kind}' of version {version}, which this version of "
                "tta does not know; upgrade tta to read it"
            )
        try:
            for older in range(version, event_type.VERSION):
                text = json.dumps(self.upcasters[kind, older](json.loads(text)))
            return cast("Event", _adapter(event_type).validate_json(text))
        except (ValueError, KeyError, ValidationError) as error:  # pydantic's is a ValueError
            raise StoreDamaged(
                f"an event '{kind}' (version {version}) in the log cannot be read; "
                "export the story up to there, or restore the database from a backup"
            ) from error
