"""What a reader of a turn is sent where the database is away, or the turn ends as they ask."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tta_rebuild.core.errors import StoreError
from tta_rebuild.engine.turn_runner import RunningTurn, TurnRequest, TurnUpdate
from tta_rebuild.server import streaming
from tta_rebuild.server.streaming import Streams, turn_stream


class Told:
    """A runner of one turn, which gives one after the other what a test has written down."""

    def __init__(self, *answers: Any, state: Any = "running") -> None:
        self._answers, self._state = list(answers), state

    async def updates(self, turn_id: str, **which: Any) -> list[TurnUpdate]:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [one for one in answer if one.number > which["after"]]

    async def turn(self, turn_id: str) -> RunningTurn:
        request = TurnRequest(key="k", story_id="s", branch_id="s.1", kind="begin")
        now = datetime.now(UTC)
        return RunningTurn(turn_id=turn_id, request=request, state=self._state, began_at=now)


def update(number: int, kind: Any = "passage") -> TurnUpdate:
    return TurnUpdate(number=number, kind=kind, text="{}")


async def sent(told: Any) -> list[str]:
    """The kinds of the events that a reader gets."""
    pieces = [piece async for piece in turn_stream(Streams(), told, "t")]
    lines = b"".join(pieces).decode().splitlines()
    return [line.partition(": ")[2] for line in lines if line.startswith("event: ")]


async def test_a_database_that_is_away_for_a_while_breaks_no_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "AWAY_S", 0.0)
    away = StoreError("it cannot be reached")

    assert await sent(Told([update(1)], away, away, [update(2, "stored")])) == ["passage", "stored"]


async def test_a_turn_that_ended_just_after_it_was_asked_for_more_has_its_last_word() -> None:
    told = Told([update(1)], [], [update(2, "stored")], state="stored")

    assert await sent(told) == ["passage", "stored"]


async def test_nothing_more_is_asked_of_a_turn_that_is_over_and_known() -> None:
    assert await sent(Told([], [], state="stored")) == []
