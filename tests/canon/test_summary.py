"""The story so far: every turn is in it, whatever the length, and its size stays the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.canon.lines import MOST_LINES, NEWEST, SummaryLine, with_turn


def summary_of(turns: int, weights: dict[int, int] | None = None) -> tuple[SummaryLine, ...]:
    lines: tuple[SummaryLine, ...] = ()
    for turn in range(1, turns + 1):
        weight = turn % 7 if weights is None else weights.get(turn, 0)
        lines = with_turn(lines, turn, f"Mara opens door {turn}", weight)
    return lines


@given(turns=st.integers(1, 3_000))
def test_a_summary_covers_every_turn_once_in_a_few_lines_and_the_newest_one_by_one(
    turns: int,
) -> None:
    lines = summary_of(turns)
    assert len(lines) == min(turns, MOST_LINES)
    assert [line.first for line in lines[1:]] == [line.last + 1 for line in lines[:-1]]
    assert (lines[0].first, lines[-1].last) == (1, turns)
    assert all(line.first == line.last for line in lines[-NEWEST:])
    assert all(len(str(line)) <= 200 for line in lines)


@given(turns=st.integers(100, 3_000))
def test_the_older_lines_stand_for_about_as_many_turns_each(turns: int) -> None:
    older = [line.last - line.first + 1 for line in summary_of(turns)[:-NEWEST]]
    assert max(older) <= 4 * turns / len(older)


def test_a_turn_is_said_as_it_was_written_while_there_is_room() -> None:
    assert str(summary_of(2)[1]) == "turn 2: Mara opens door 2"


def test_what_is_drawn_together_keeps_the_two_turns_in_which_most_happened() -> None:
    first = summary_of(60, {2: 9, 5: 5})[0]
    assert first.last >= 5
    assert str(first) == f"turns 1-{first.last}: Mara opens door 2; Mara opens door 5"


def test_of_turns_in_which_as_much_happened_the_earliest_stay() -> None:
    first = summary_of(60, {})[0]
    assert first.told == ((1, "Mara opens door 1"), (1, "Mara opens door 2"))
