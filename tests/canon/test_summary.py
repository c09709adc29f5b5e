"""The story so far: every turn is in it, whatever the length, and its size stays the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.canon.summary import StorySummary, within


@given(turns=st.integers(1, 3_000), most=st.integers(2, 20))
def test_a_cut_summary_covers_every_turn_once_in_at_most_so_many_lines(
    turns: int, most: int
) -> None:
    summary = StorySummary()
    for turn in range(1, turns + 1):
        summary.add(turn, f"Mara opens door {turn}", turn % 7)
    lines = within(summary.lines(), most)
    assert len(lines) <= most
    assert [line.first for line in lines[1:]] == [line.last + 1 for line in lines[:-1]]
    assert (lines[0].first, lines[-1].last) == (1, turns)
    assert all(len(line.text) <= 2 * 140 for line in lines)


def test_a_short_summary_is_left_as_it_is() -> None:
    summary = StorySummary()
    for turn in (1, 2, 3):
        summary.add(turn, f"Mara opens door {turn}", 1)
    assert within(summary.lines(), 5) == summary.lines()


def test_what_is_drawn_together_keeps_the_two_lines_in_which_most_happened() -> None:
    summary = StorySummary()
    weights = {2: 9, 4: 5}
    for turn in range(1, 12):
        summary.add(turn, f"Mara opens door {turn}", weights.get(turn, 1))
    drawn = summary.lines()[0]
    assert (drawn.first, drawn.last) == (1, 5)
    assert drawn.text == "Mara opens door 2; Mara opens door 4"
    assert drawn.weight == sum(weights.values()) + 3


def test_of_lines_in_which_as_much_happened_the_earliest_stay() -> None:
    summary = StorySummary()
    for turn in range(1, 12):
        summary.add(turn, f"Mara opens door {turn}", 0)
    drawn = summary.lines()[0]
    assert drawn.text == "Mara opens door 1; Mara opens door 2"
    assert drawn.weight == 5, "a turn in which nothing changed still weighs one"
