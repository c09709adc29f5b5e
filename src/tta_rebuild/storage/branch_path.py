"""The path of a branch: whose events stand at which positions, computed without asking a database.

A branch owns the positions after its fork; everything before belongs to its ancestors, and an
ancestor that was forked away from before its own first event owns nothing and is left out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SPANS_AT_ONCE = 200
"""Ranges in one statement; SQLite allows an expression a depth of 1,000."""


@dataclass(frozen=True, slots=True)
class Span:
    """The positions in (``after``, ``upto``] of a path, all written on branch ``owner``."""

    owner: int
    after: int
    upto: int


@dataclass(frozen=True, slots=True)
class BranchPath:
    """Owners along a path, oldest first.

    Attributes:
        owners: numbers of the branches that own a part of the path; the last is the branch itself.
        afters: the position after which each of them begins, strictly rising, the first 0.
    """

    owners: tuple[int, ...]
    afters: tuple[int, ...]

    def forked(self, owner: int, position: int) -> BranchPath:
        """The path of a new branch that shares this one up to ``position``."""
        kept = bisect_left(self.afters, position)
        return BranchPath((*self.owners[:kept], owner), (*self.afters[:kept], position))

    def spans(self, after: int, upto: int) -> list[Span]:
        """Who owns the positions in (after, upto], in order of position."""
        first = max(bisect_right(self.afters, after) - 1, 0)
        pieces = zip(
            self.owners[first:], self.afters[first:], (*self.afters[first + 1 :], upto), strict=True
        )
        spans = (Span(owner, max(low, after), min(high, upto)) for owner, low, high in pieces)
        return [span for span in spans if span.after < span.upto]

    def owner_of(self, position: int) -> int:
        """The number of the branch that owns a position (from 1); the branch itself for 0."""
        if position < 1:
            return self.owners[-1]
        return self.owners[bisect_left(self.afters, position) - 1]


def inside(spans: Sequence[Span]) -> tuple[str, dict[str, int]]:
    """A condition for the rows of a table that lie in one of the spans, and its values."""
    numbers = range(len(spans))
    ways = (f"(branch = :b{n} AND position > :a{n} AND position <= :u{n})" for n in numbers)
    values: dict[str, int] = {}
    for n, span in enumerate(spans):
        values |= {f"b{n}": span.owner, f"a{n}": span.after, f"u{n}": span.upto}
    return f"({' OR '.join(ways)})", values


def batches(spans: Sequence[Span]) -> Iterator[Sequence[Span]]:
    """As many spans at once as one statement takes."""
    for begin in range(0, len(spans), SPANS_AT_ONCE):
        yield spans[begin : begin + SPANS_AT_ONCE]
