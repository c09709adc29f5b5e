"""When things happen in the story: events in order of story time, their causes, open branches.

The third of the four primitives. The engine hands it one update per noteworthy event of a turn;
it needs no model. All of its work on one update is free of ``await``, so concurrent updates on one
event loop cannot mix and need no lock.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tta_rebuild.core.base_primitive import TTAContext, TTAPrimitive
from tta_rebuild.core.errors import ValidationError
from tta_rebuild.narrative.event_sequence import EventSequence
from tta_rebuild.narrative.inputs import is_blank, wrong_kind

EVENT_TYPES = ("story_beat", "choice", "consequence", "branch_point")


def _now() -> datetime:
    return datetime.now(UTC)


def _new_event_id() -> str:
    return f"event_{uuid.uuid4().hex}"


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One thing that happens at ``timestamp`` (story time, from 0), recorded at ``created_at``.

    ``causal_links`` are the ids of the events it follows from.
    """

    event_id: str
    event_type: str
    event_data: dict[str, Any]
    timestamp: int
    causal_links: list[str] = field(default_factory=list)
    character_ids: list[str] = field(default_factory=list)
    created_at: datetime = field(default_factory=_now)


@dataclass(frozen=True, slots=True)
class BranchPoint:
    """A place in story time at which the player may choose."""

    branch_id: str
    position: int
    description: str
    available_choices: list[Any]
    requires_events: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TimelineUpdate:
    """Something to record. ``causal_links`` are ids of events that this one follows from."""

    universe_id: str
    event_type: str
    event_data: dict[str, Any]
    timestamp: int
    causal_links: list[str] = field(default_factory=list)
    character_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TimelineState:
    """A universe's timeline at one moment; later updates leave it as it is.

    ``current_position`` is one past the greatest timestamp; ``event_history`` is in order of story
    time; ``timeline_coherence_score`` in (0, 1] is the share of events and causal links that hold.
    """

    universe_id: str
    current_position: int
    event_history: Sequence[TimelineEvent]
    available_branches: Sequence[BranchPoint]
    timeline_coherence_score: float
    inconsistencies: Sequence[str]
    suggested_fixes: Sequence[str]


class _Timeline:
    """One universe: its history and what was found out about it so far."""

    def __init__(self) -> None:
        self.history: EventSequence[TimelineEvent] = EventSequence()
        self.times: dict[str, int] = {}
        self.position = 0
        self.branches: EventSequence[BranchPoint] = EventSequence()
        self.inconsistencies: EventSequence[str] = EventSequence()
        self.fixes: EventSequence[str] = EventSequence()
        self.links = 0

    def record(self, event: TimelineEvent) -> None:
        self.links += len(event.causal_links)
        for cause in event.causal_links:
            if wrong := self._wrong_link(event, cause):
                self.inconsistencies = self.inconsistencies.with_item(wrong[0])
                self.fixes = self.fixes.with_item(wrong[1])
        self.history = self.history.with_item(event, _time)
        self.times[event.event_id] = event.timestamp
        self.position = max(self.position, event.timestamp + 1)
        branch = _branch_opened_by(event)
        if branch is not None:
            self.branches = self.branches.with_item(branch)

    def _wrong_link(self, event: TimelineEvent, cause: str) -> tuple[str, str] | None:
        """What is wrong with a causal link, and how to mend it."""
        caused_at = self.times.get(cause)
        if caused_at is None:
            return (
                f"Event {event.event_id} has a causal link to the non-existent event {cause}",
                f"Remove the invalid causal link from {event.event_id} to {cause}, "
                "or record that event first",
            )
        if caused_at < event.timestamp:
            return None
        return (
            f"Event {event.event_id} at {event.timestamp} follows from {cause} at {caused_at}: "
            "cause must come before effect",
            f"Change the timestamp of {event.event_id} to {caused_at + 1} or later, "
            f"or that of {cause} to an earlier one",
        )

    @property
    def coherence(self) -> float:
        """The share of all that the timeline says (its events, its links) that holds."""
        said = len(self.history) + self.links
        return 1.0 - len(self.inconsistencies) / said if said else 1.0


def _time(event: TimelineEvent) -> int:
    return event.timestamp


def _branch_opened_by(event: TimelineEvent) -> BranchPoint | None:
    choices = event.event_data.get("choices")
    if not choices or event.event_type not in ("choice", "branch_point"):
        return None
    description = event.event_data.get("description") or event.event_data.get("prompt") or ""
    return BranchPoint(
        branch_id=f"branch_{event.event_id}",
        position=event.timestamp,
        description=str(description) or f"A choice at position {event.timestamp}",
        available_choices=list(choices) if isinstance(choices, (list, tuple)) else [choices],
        requires_events=list(event.causal_links),
    )


class TimelineManagerPrimitive(TTAPrimitive[TimelineUpdate, TimelineState]):
    """Keeps the timelines of any number of universes, each by itself."""

    def __init__(
        self,
        name: str = "TimelineManager",
        *,
        new_id: Callable[[], str] = _new_event_id,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        super().__init__(name)
        self._new_id = new_id
        self._clock = clock
        self._timelines: dict[str, _Timeline] = {}

    async def execute(self, input_data: TimelineUpdate, context: TTAContext) -> TimelineState:
        """Record one event, in the same time however long the timeline is.

        What is inconsistent is recorded too, and said. Raises ValidationError for no universe, a
        negative time or an unknown event type.
        """
        self._validate(input_data, context)
        timeline = self._timelines.setdefault(input_data.universe_id, _Timeline())
        event_id = self._new_id()
        while event_id in timeline.times:
            event_id = self._new_id()
        event = TimelineEvent(
            event_id=event_id,
            event_type=input_data.event_type,
            event_data=dict(input_data.event_data),
            timestamp=input_data.timestamp,
            causal_links=list(input_data.causal_links),
            character_ids=list(input_data.character_ids),
            created_at=self._clock(),
        )
        timeline.record(event)
        return self.get_state(input_data.universe_id)

    def record(self, universe_id: str, event: TimelineEvent) -> None:
        """Add an event that is already recorded elsewhere (one step of a fold)."""
        self._timelines.setdefault(universe_id, _Timeline()).record(event)

    def get_state(self, universe_id: str) -> TimelineState:
        """The timeline as it is now; an empty one if the universe is unknown."""
        timeline = self._timelines.get(universe_id) or _Timeline()
        return TimelineState(
            universe_id=universe_id,
            current_position=timeline.position,
            event_history=timeline.history,
            available_branches=timeline.branches,
            timeline_coherence_score=timeline.coherence,
            inconsistencies=timeline.inconsistencies,
            suggested_fixes=timeline.fixes,
        )

    def get_timeline(self, universe_id: str) -> list[TimelineEvent]:
        """All events in order of story time, as a list of the caller's own."""
        return list(self.get_state(universe_id).event_history)

    def get_position(self, universe_id: str) -> int:
        """One past the greatest timestamp, 0 if the universe is unknown."""
        return self.get_state(universe_id).current_position

    def get_branches(self, universe_id: str) -> list[BranchPoint]:
        """The branch points, in order of recording."""
        return list(self.get_state(universe_id).available_branches)

    def _validate(self, update: TimelineUpdate, context: TTAContext) -> None:
        problem = ""
        if is_blank(update.universe_id):
            problem = "universe_id is required"
        elif not isinstance(update.timestamp, int) or isinstance(update.timestamp, bool):
            problem = f"timestamp must be >= 0, a whole number, not {update.timestamp!r:.60}"
        elif update.timestamp < 0:
            problem = f"timestamp must be >= 0, not {update.timestamp}"
        elif update.event_type not in EVENT_TYPES:
            problem = (
                f"event_type must be one of {', '.join(EVENT_TYPES)}; not {update.event_type!r}"
            )
        else:
            problem = wrong_kind(update, ("causal_links", "character_ids"), ("event_data",))
        if problem:
            raise ValidationError(problem, self.name, context)
