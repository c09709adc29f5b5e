"""One sentence through the safety gate: with one boundary, with all of them, and a heavy one.

The speeds to compare: all boundaries against one (the lists are looked up, not searched), and the
gate against splitting the same sentence into words and back a hundred times as a yardstick of the
machine.
"""

from __future__ import annotations

from typing import Any

import pytest

from tta_rebuild.safety import SafetyGate
from tta_rebuild.safety.categories import category_names

CALM = (
    "The old keeper climbed the stairs slowly, lamp in hand, and listened to the wind that "
    "rattled the windows of the tower."
)
HEAVY = "Nobody saw who k1lled the keeper, but there was bl00d on the stairs and a knife below."
ALL = dict.fromkeys(category_names(), "none")


@pytest.mark.parametrize(
    ("boundaries", "text"),
    [({"violence": "low"}, CALM), (ALL, CALM), (ALL, HEAVY)],
    ids=["one boundary", "every boundary", "every boundary, heavy text"],
)
def test_a_sentence(benchmark: Any, boundaries: dict[str, str], text: str) -> None:
    gate = SafetyGate(boundaries)
    found = benchmark(gate.finding, text)
    assert (found is None) == (text is CALM)


def test_the_yardstick(benchmark: Any) -> None:
    def split_and_join() -> str:
        text = CALM
        for _ in range(100):
            text = " ".join(text.split())
        return text

    assert benchmark(split_and_join) == CALM


def test_a_gate_is_made_for_every_turn(benchmark: Any) -> None:
    SafetyGate(ALL)
    assert benchmark(SafetyGate, ALL) is not None


@pytest.mark.parametrize("copies", [1, 100])
def test_the_cost_is_linear_in_the_text(benchmark: Any, copies: int) -> None:
    gate = SafetyGate(ALL)
    assert benchmark(gate.finding, " ".join([CALM] * copies)) is None
