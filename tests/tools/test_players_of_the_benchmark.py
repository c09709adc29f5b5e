"""What a turn took without its model, as the benchmark of players reckons it."""

from __future__ import annotations

import pytest
from benchmarks.cluster_players import model_s, own_ms
from benchmarks.workloads.cluster import Played
from tools.wire.state import Record


def call(at: float, ended_at: float, label: str = "Wren1") -> Record:
    return Record(1, "openai", "m", True, at, label=label, ended_at=ended_at)


TURN = Played("t", "Wren1", 10.0, 20.0)


@pytest.mark.parametrize(
    ("calls", "expected_s"),
    [
        ([(11, 14), (15, 17)], 5.0),  # one after the other
        ([(11, 15), (13, 17), (13, 14)], 6.0),  # at the same time
        ([(2, 9), (11, 12), (25, 30)], 1.0),  # of other turns
        ([(8, 12)], 0.0),
        ([], 0.0),
    ],
)
def test_a_model_is_at_work_while_any_call_of_the_turn_is_open(
    calls: list[tuple[float, float]], expected_s: float
) -> None:
    assert model_s([call(*one) for one in calls], TURN) == pytest.approx(expected_s)


def test_a_turn_has_the_calls_of_its_own_player() -> None:
    records = [call(11, 18, "Wren2"), call(12, 16, "Wren1")]
    assert own_ms([TURN], records) == [pytest.approx(6_000)]
