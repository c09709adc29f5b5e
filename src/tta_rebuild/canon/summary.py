"""The story so far in a few lines, whatever its length: layers of ever coarser summaries.

A reminder, never a source of truth: each line keeps the turns that it stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tta_rebuild.canon.lines import cut_line

PER_LAYER = 10
"""Lines of one layer before the older half of them is drawn together into one of the next."""

DRAWN_TOGETHER = PER_LAYER // 2
LINE_CHARS = 140


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One line, for turns ``first`` to ``last``; ``weight`` is how much happened in it."""

    first: int
    last: int
    text: str
    weight: int = 1

    def __str__(self) -> str:
        if self.first == self.last:
            return f"turn {self.first}: {self.text}"
        return f"turns {self.first}-{self.last}: {self.text}"


@dataclass(slots=True)
class StorySummary:
    """Grows by one line per turn and stays of logarithmic size.

    ``PER_LAYER`` lines of one layer at most; the oldest ``DRAWN_TOGETHER`` of a full layer become
    one line of the next, made of the two of them in which most happened.

    Attributes:
        layers: the finest first.
    """

    layers: list[list[SummaryLine]] = field(default_factory=lambda: [[]])

    def add(self, turn: int, text: str, weight: int) -> None:
        """One turn's line; ``weight`` counts what it changed."""
        line = SummaryLine(turn, turn, cut_line(text, LINE_CHARS), max(1, weight))
        for layer in self.layers:
            layer.append(line)
            if len(layer) <= PER_LAYER:
                return
            line = _drawn_together(layer[:DRAWN_TOGETHER])
            del layer[:DRAWN_TOGETHER]
        self.layers.append([line])

    def lines(self) -> list[SummaryLine]:
        """All lines, oldest turns first."""
        return [line for layer in reversed(self.layers) for line in layer]


def within(lines: Sequence[SummaryLine], most: int) -> list[SummaryLine]:
    """The same story in at most ``most`` lines (2 or more): the older half drawn together further.

    With it the summary is of constant size, from a few dozen turns on.
    """
    if len(lines) <= most:
        return list(lines)
    newest = most // 2
    old = lines[: len(lines) - newest]
    groups = most - newest
    bounds = pairwise(len(old) * number // groups for number in range(groups + 1))
    drawn = [_drawn_together(old[start:end]) for start, end in bounds]
    return [*drawn, *lines[len(lines) - newest :]]


def _drawn_together(lines: Sequence[SummaryLine]) -> SummaryLine:
    if len(lines) == 1:
        return lines[0]
    heaviest = sorted(lines, key=lambda line: (-line.weight, line.first))[:2]
    heaviest.sort(key=lambda line: line.first)
    told = "; ".join(cut_line(line.text, LINE_CHARS // 2, ending="") for line in heaviest)
    return SummaryLine(lines[0].first, lines[-1].last, told, sum(line.weight for line in lines))
