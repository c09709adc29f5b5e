"""The turns that were asked for at one server while workers play them, until their ends are seen.

``temporal_runner`` shows this what was put of them and when, whichever server they are followed at:
so each server counts those that it was asked for, and no other.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from tta_rebuild.engine.kept_turn import problem_in
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.turn_runner import RunningTurn, TurnState, TurnUpdate, TurnWatch
from tta_rebuild.engine.turn_steps import WHY_ANEW

MOST_FAILURES = 20

_log = logging.getLogger("tta_rebuild.turns")


class AskedTurns:
    """Turns by their ids; ``ended`` counts how they ended, ``failures`` are the latest failed."""

    def __init__(self, watch: TurnWatch | None = None) -> None:
        self._watch = watch
        self._turns: dict[str, RunningTurn] = {}
        self.ended = Counter[str]()
        self.failures: deque[RunningTurn] = deque(maxlen=MOST_FAILURES)

    def __len__(self) -> int:
        return len(self._turns)

    @property
    def ids(self) -> Sequence[str]:
        """Of those whose ends were not seen yet."""
        return list(self._turns)

    def add(self, turn: RunningTurn) -> None:
        """A turn is asked for; no word of it is kept here."""
        self._turns[turn.turn_id] = replace(turn, request=replace(turn.request, text=""))

    @property
    def above(self) -> Mapping[str, int]:
        """Of those whose ends were not seen yet, by id, the number of the last update seen."""
        return {turn_id: turn.updates for turn_id, turn in self._turns.items()}

    def is_news(self, turn_id: str, updates: Sequence[TurnUpdate]) -> bool:
        """Whether these say that a turn, asked for here, has begun to be told or is over."""
        turn = self._turns.get(turn_id)
        return bool(turn and updates and (turn.updates == 0 or updates[-1].is_last))

    def seen(self, turn_id: str, updates: Sequence[TurnUpdate]) -> None:
        """These updates of a turn were read, in order; each counts once, however often it is."""
        turn = self._turns.get(turn_id)
        if turn is None:
            return
        for update in updates:
            if update.number <= turn.updates:
                continue
            turn = replace(turn, updates=update.number)
            if update.is_last:
                state = cast("TurnState", update.kind)
                turn = replace(turn, state=state, last=update.values, ended_at=update.at)
            self._turns[turn_id] = turn
            if self._watch is not None:
                self._watch.updated(turn, update)
            if update.kind == "restarted":
                _log_anew(turn_id, update.values.get("reason", ""))
            if update.is_last:
                self._over(turn)
                return

    def gone(self, turn_id: str) -> None:
        """Nothing is known of a turn any more."""
        self._turns.pop(turn_id, None)

    def turned_away(self, reason: str) -> None:
        """A turn was not begun, see ``TurnWatch``."""
        if self._watch is not None:
            self._watch.turned_away(reason)

    def _over(self, turn: RunningTurn) -> None:
        del self._turns[turn.turn_id]
        self.ended[turn.state] += 1
        if turn.state == "failed":
            self.failures.append(turn)
            _log_failed(turn)


def _log_anew(turn_id: str, reason: str) -> None:
    """Say that a turn is told anew by another; of other reasons the player alone is told."""
    if reason in map(message, WHY_ANEW):
        _log.warning("turn %s: %s", turn_id, reason, extra={"turn_id": turn_id})


def _log_failed(turn: RunningTurn) -> None:
    """Say at this server what the log of the machine that ended the turn says too."""
    problem, kind = problem_in(turn), turn.request.kind
    extra = {"turn_id": turn.turn_id, "story_id": turn.request.story_id, "problem": problem}
    _log.warning(
        "turn %s (%s), asked for here, failed with %s", turn.turn_id, kind, problem, extra=extra
    )
