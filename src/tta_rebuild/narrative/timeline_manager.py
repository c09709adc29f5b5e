"""When things happen in the story: events in order of story time, their causes, open branches.

All of its work on one update is free of ``await``: concurrent updates cannot mix.
"""

from __future__ import annotations

import uuid
from collections import UserList
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar

from tta_rebuild.core.base_primitive import TTAContext, TTAPrimitive
from tta_rebuild.core.checks import missing, wrong_kind
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import ValidationError

T = TypeVar("T")
EVENT_TYPES = ("story_beat", "choice", "consequence", "branch_point")
_now = Clock().wall


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """What happens at ``timestamp`` (story time, from 0); ``causal_links``: ids of its causes."""

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
    """Something to record; its fields are those of the ``TimelineEvent`` that it becomes."""

    universe_id: str
    event_type: str
    event_data: dict[str, Any]
    timestamp: int
    causal_links: list[str] = field(default_factory=list)
    character_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TimelineState:
    """A universe's timeline at one moment, in order of story time, and the position past its end.

    ``timeline_coherence_score``, in (0, 1], is the share of events and causal links that hold.
    """

    universe_id: str
    current_position: int
    event_history: Sequence[TimelineEvent]
    available_branches: Sequence[BranchPoint]
    timeline_coherence_score: float
    inconsistencies: Sequence[str]
    suggested_fixes: Sequence[str]


class Recorded(UserList[T]):
    """A list that only grows, as it is now; copied and sorted when it is first looked at."""

    def __init__(self, growing: list[T], time: Callable[[T], int] | None = None) -> None:
        self._growing, self._length, self._time = growing, len(growing), time

    @cached_property
    def data(self) -> list[T]:  # type: ignore[override]
        """The items."""
        items = self._growing[: self._length]
        return sorted(items, key=self._time) if self._time else items


class _Timeline:
    """One universe: its events in the order of recording, and what was found out about them."""

    def __init__(self) -> None:
        self.events: list[TimelineEvent] = []
        self.times: dict[str, int] = {}
        self.position = 0
        self.branches: list[BranchPoint] = []
        self.inconsistencies: list[str] = []
        self.fixes: list[str] = []
        self.links = 0

    def record(self, event: TimelineEvent) -> None:
        self.links += len(event.causal_links)
        for cause in event.causal_links:
            self._check_link(event, cause)
        self.events.append(event)
        self.times[event.event_id] = event.timestamp
        self.position = max(self.position, event.timestamp + 1)
        data = event.event_data
        if event.event_type in ("choice", "branch_point") and (choices := data.get("choices")):
            said = data.get("description") or data.get("prompt")
            branch = BranchPoint(
                branch_id=f"branch_{event.event_id}",
                position=event.timestamp,
                description=str(said or f"A choice at position {event.timestamp}"),
                available_choices=[*choices] if isinstance(choices, (list, tuple)) else [choices],
                requires_events=[*event.causal_links],
            )
            self.branches.append(branch)

    def _check_link(self, event: TimelineEvent, cause: str) -> None:
        """Note what is wrong with a causal link, and how to mend it."""
        this, caused_at = event.event_id, self.times.get(cause)
        if caused_at is None:
            wrong = f"Event {this} has a causal link to the non-existent event {cause}"
            fix = f"Remove the invalid causal link from {this} to {cause}, or record that one first"
        elif caused_at >= event.timestamp:
            wrong = f"Event {this} at {event.timestamp} follows from {cause} at {caused_at}"
            wrong += ": cause must come before effect"
            fix = f"Change the timestamp of {this} to {caused_at + 1} or later"
            fix += f", or that of {cause} to an earlier one"
        else:
            return
        self.inconsistencies.append(wrong)
        self.fixes.append(fix)


class TimelineManagerPrimitive(TTAPrimitive[TimelineUpdate, TimelineState]):
    """Keeps the timelines of any number of universes, each by itself."""

    def __init__(
        self,
        name: str = "TimelineManager",
        *,
        new_id: Callable[[], str] = lambda: f"event_{uuid.uuid4().hex}",
        clock: Callable[[], datetime] = _now,
    ) -> None:
        super().__init__(name)
        self._new_id = new_id
        self._clock = clock
        self._timelines: dict[str, _Timeline] = {}

    async def execute(self, input_data: TimelineUpdate, context: TTAContext) -> TimelineState:
        """Record one event, in the same time however long the timeline is; say what does not fit.

        Raises ValidationError for no universe, a negative time or an unknown event type.
        """
        self._validate(input_data, context)
        timeline = self._timelines.setdefault(input_data.universe_id, _Timeline())
        while (event_id := self._new_id()) in timeline.times:
            pass
        event = TimelineEvent(
            event_id,
            input_data.event_type,
            dict(input_data.event_data),
            input_data.timestamp,
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
        said = len(timeline.events) + timeline.links
        return TimelineState(
            universe_id=universe_id,
            current_position=timeline.position,
            event_history=Recorded(timeline.events, attrgetter("timestamp")),
            available_branches=Recorded(timeline.branches),
            timeline_coherence_score=1.0 - len(timeline.fixes) / max(1, said),
            inconsistencies=Recorded(timeline.inconsistencies),
            suggested_fixes=Recorded(timeline.fixes),
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
        problem = missing(update, "universe_id")
        if type(update.timestamp) is not int or update.timestamp < 0:
            problem = problem or f"timestamp must be >= 0, not {update.timestamp!r:.60}"
        elif update.event_type not in EVENT_TYPES:
            known = ", ".join(EVENT_TYPES)
            problem = problem or f"event_type must be one of {known}; not {update.event_type!r}"
        if problem := problem or wrong_kind(update):
            raise ValidationError(problem, self.name, context)
