"""The story so far in a few lines, whatever its length: the older, the more turns to a line.

A reminder, never a source of truth: each line says which turns it stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tta_rebuild.canon.lines import cut_line

MOST_LINES, NEWEST, LINE_CHARS = 14, 7, 140
"""Lines in all; at the end, that stand for one turn each; characters of one."""


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """What happened in turns ``first`` to ``last``: the one or two in which most did, each with how
    much that was.
    """

    first: int
    last: int
    told: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        one, more = f"turn {self.first}", f"turns {self.first}-{self.last}"
        turns = one if self.first == self.last else more
        room = LINE_CHARS // len(self.told)
        return f"{turns}: {'; '.join(cut_line(text, room, ending='') for _, text in self.told)}"


def with_turn(
    lines: Sequence[SummaryLine], turn: int, text: str, weight: int
) -> tuple[SummaryLine, ...]:
    """The summary with one more turn; ``weight`` counts what it changed.

    Of more than ``MOST_LINES`` the two older neighbours that stand for fewest turns become one.
    """
    new = SummaryLine(turn, turn, ((max(1, weight), cut_line(text, LINE_CHARS)),))
    lines = (*lines, new)
    if len(lines) <= MOST_LINES:
        return lines
    older = range(len(lines) - NEWEST - 1)
    at = min(older, key=lambda number: lines[number + 1].last - lines[number].first)
    return (*lines[:at], _drawn_together(lines[at], lines[at + 1]), *lines[at + 2 :])


def _drawn_together(one: SummaryLine, other: SummaryLine) -> SummaryLine:
    told = (*one.told, *other.told)
    by_weight = sorted(range(len(told)), key=lambda number: (-told[number][0], number))
    return SummaryLine(one.first, other.last, tuple(told[n] for n in sorted(by_weight[:2])))
