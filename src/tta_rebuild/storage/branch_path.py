"""The path of a branch: whose events stand at which positions, computed without asking a database.

``sql_store`` turns the spans into plain ranges, ``memory_store`` into slices. A branch owns the
positions after its fork; everything before belongs to its ancestors, and an ancestor that was
forked away from before its own first event owns nothing and is left out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass


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

    @classmethod
    def root(cls, owner: int) -> BranchPath:
        """The path of a story's first branch."""
        return cls((owner,), (0,))

    def forked(self, owner: int, position: int) -> BranchPath:
        """The path of a new branch that shares this one up to ``position``."""
        kept = bisect_left(self.afters, position)
        return BranchPath((*self.owners[:kept], owner), (*self.afters[:kept], position))

    def spans(self, after: int, upto: int) -> list[Span]:
        """Who owns the positions in (after, upto], in order of position."""
        found: list[Span] = []
        index = bisect_right(self.afters, max(after, 0)) - 1
        low = max(after, 0)
        while index < len(self.afters) and low < upto:
            end = self.afters[index + 1] if index + 1 < len(self.afters) else upto
            high = min(end, upto)
            if low < high:
                found.append(Span(self.owners[index], low, high))
            low = high
            index += 1
        return found

    def owner_of(self, position: int) -> int:
        """The number of the branch that owns a position (from 1); the branch itself for 0."""
        if position < 1:
            return self.owners[-1]
        return self.owners[bisect_left(self.afters, position) - 1]
