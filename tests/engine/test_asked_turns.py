"""What a server counts of turns that workers play, by what it reads of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tta_rebuild.engine.asked_turns import AskedTurns
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.turn_runner import RunningTurn, TurnRequest, TurnUpdate
from tta_rebuild.engine.turn_values import text_of

SECRET = "I open the blue door."


class Watch:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, str]] = []

    def updated(self, turn: RunningTurn, update: TurnUpdate) -> None:
        self.told.append((turn.turn_id, update.number, turn.state))

    def turned_away(self, reason: str) -> None:
        self.told.append((reason, 0, ""))


def asked(turn_id: str) -> RunningTurn:
    request = TurnRequest(key="k", story_id="s", branch_id="s.1", kind="say", text=SECRET)
    return RunningTurn(
        turn_id=turn_id, request=request, state="running", began_at=datetime.now(UTC)
    )


def update(number: int, kind: Any = "passage", **values: Any) -> TurnUpdate:
    return TurnUpdate(number=number, kind=kind, text=text_of(values))


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_each_update_counts_once_however_many_read_it_and_in_what_parts(watch: Watch) -> None:
    turns = AskedTurns(watch)
    turns.add(asked("t"))
    whole = [update(1), update(2, "scene"), update(3, "stored", turn=2)]

    turns.seen("t", whole[:2])
    turns.seen("t", whole[:1])
    turns.seen("t", whole)
    turns.seen("t", whole)
    turns.seen("another server's", whole)

    assert watch.told == [("t", 1, "running"), ("t", 2, "running"), ("t", 3, "stored")]
    assert (dict(turns.ended), len(turns), list(turns.failures)) == ({"stored": 1}, 0, [])


def test_of_one_that_failed_the_error_is_kept_and_logged_and_no_word(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    turns, at = AskedTurns(watch), datetime.now(UTC)
    turns.add(asked("t"))
    turns.seen("t", [replace(update(1, "failed", errors=["StoreAway"], detail=SECRET), at=at)])

    [failed] = turns.failures
    assert (failed.last["errors"], failed.ended_at) == (["StoreAway"], at)
    lines = [one.getMessage() for one in caplog.records]
    assert lines == ["turn t (say), asked for here, failed with StoreAway"]
    assert failed.request.text == ""


def test_one_of_which_nothing_is_known_any_more_is_waited_for_no_longer(watch: Watch) -> None:
    turns = AskedTurns(watch)
    turns.add(asked("t"))
    turns.gone("t")

    assert list(turns.ids) == []
    assert not turns.ended


def test_a_turn_told_anew_by_another_is_logged_and_of_other_reasons_no_word(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    turns = AskedTurns(watch)
    turns.add(asked("t"))
    turns.seen("t", [update(1, "restarted", reason=SECRET)])
    turns.seen("t", [update(2, "restarted", reason=message("turn_taken_over"))])

    assert [one.getMessage() for one in caplog.records] == [f"turn t: {message('turn_taken_over')}"]
