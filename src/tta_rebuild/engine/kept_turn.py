"""A turn as the process that plays it keeps it, and what its log says of how turns end."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from tta_rebuild.engine.session import Session
from tta_rebuild.engine.turn_runner import RunningTurn, TurnState, TurnUpdate
from tta_rebuild.engine.turn_values import UpdateKind, Values, text_of

_log = logging.getLogger("tta_rebuild.turns")


@dataclass(slots=True)
class KeptTurn:
    """A turn in this process, with its updates, and while it is played its task and session.

    ``updates`` are kept as text, kind and values, the latest last: there are hundreds of a turn.
    One that ``is_beside`` paused while another was played: that one is what a branch shows, and
    what is looked for after the process was killed.
    """

    now: RunningTurn
    updates: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    session: Session | None = None
    ended_s: float | None = None
    is_beside: bool = False
    stops_for: str = ""

    def above(self, number: int) -> Sequence[TurnUpdate]:
        """The updates numbered above a number."""
        first = self.now.updates - len(self.updates) + 1
        begin = max(first, number + 1)
        kept = self.updates[begin - first :]
        return [_update(at, text) for at, text in enumerate(kept, start=begin)]

    def add(self, kind: UpdateKind, values: Values) -> TurnUpdate:
        """Take an update as the latest."""
        number, text = self.now.updates + 1, text_of(values)
        self.updates.append(f"{kind} {text}")
        self.now = replace(self.now, updates=number)
        return TurnUpdate(number=number, kind=kind, text=text)

    def ended(self, task: asyncio.Task[None]) -> None:
        """Let go of the task: with all that it had in hand it would stay as long as the turn."""
        self.task = None
        log_defect(task)


def _update(number: int, kept: str) -> TurnUpdate:
    kind, _, text = kept.partition(" ")
    return TurnUpdate(number=number, kind=cast("UpdateKind", kind), text=text)


def counted(ends: Counter[TurnState]) -> str:
    """How many turns are in each state, in words."""
    return ", ".join(f"{count} {state}" for state, count in ends.items())


def problem_in(turn: RunningTurn) -> str:
    """The kind of problem with which a turn failed."""
    return next(iter(turn.last.get("errors", ())), "Defect")


def log_end(turn: RunningTurn) -> None:
    """Say of a turn that it failed or was abandoned, and why; no word of the story's."""
    if turn.state not in ("failed", "abandoned"):
        return
    problem = problem_in(turn) if turn.state == "failed" else ""
    level = logging.WARNING if problem else logging.INFO
    told = f"failed with {problem}" if problem else f"was abandoned: {turn.last.get('reason')}"
    extra = {"turn_id": turn.turn_id, "story_id": turn.request.story_id, "problem": problem}
    _log.log(level, "turn %s (%s) %s", turn.turn_id, turn.request.kind, told, extra=extra)


def log_defect(task: asyncio.Task[None]) -> None:
    """Say that the task of a turn ended as nobody foresaw."""
    if not task.cancelled() and (error := task.exception()):
        _log.error("%s ended with a defect", task.get_name(), exc_info=error)
