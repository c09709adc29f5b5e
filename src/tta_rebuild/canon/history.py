"""One branch's own stretch of facts, indexed so that no question has to walk the story.

A ``Segment`` holds what was asserted, ended and retconned between a fork and the branch's end, and
knows its parent. ``view.Canon`` asks it; nobody else touches it. Memory per assertion: the claim
that the event holds anyway, two machine words, and a byte.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right, insort
from collections.abc import Iterator

from tta_rebuild.core.story import Claim

Key = tuple[str, str]
"""Relation and slot: what can hold one value at a time for a subject."""

Voids = dict[tuple[int, Claim], int]
"""An event and the claim in it that an author took back → the event that took it back."""


class SlotHistory:
    """Everything that happened in one slot of one subject, in order of story position."""

    __slots__ = ("backdated", "claims", "ends", "positions")

    def __init__(self) -> None:
        self.positions = array("q")
        self.claims: list[Claim] = []
        self.ends = bytearray()
        self.backdated: dict[int, int] | None = None
        """Place of an entry → the later event that put it there (an author's correction)."""

    def add(self, position: int, claim: Claim, *, ends: bool, recorded: int) -> None:
        """Append an entry; a backdated one goes to its place among the earlier ones."""
        if recorded == position or not self.positions or self.positions[-1] <= position:
            place = len(self.positions)
        else:
            place = bisect_right(self.positions, position)
            later = self.backdated or {}
            self.backdated = {k + (k >= place): v for k, v in later.items()}
        self.positions.insert(place, position)
        self.claims.insert(place, claim)
        self.ends.insert(place, ends)
        if recorded != position:
            self.backdated = (self.backdated or {}) | {place: recorded}

    def recorded(self, place: int) -> int:
        """The event that made the entry."""
        if self.backdated is None:
            return self.positions[place]
        return self.backdated.get(place, self.positions[place])


class Entry:
    """One entry as found: the claim, where it stands, whether it ends the slot."""

    __slots__ = ("claim", "ends", "position", "recorded")

    def __init__(self, position: int, recorded: int, claim: Claim, ends: bool) -> None:
        self.position = position
        self.recorded = recorded
        self.claim = claim
        self.ends = ends


class Segment:
    """A branch's own part of the path, over its parent's.

    Args:
        parent: the branch it was forked from.
        forked_at: up to which position the parent's path is shared.
    """

    __slots__ = ("cuts", "forked_at", "parent", "slots", "voided")

    def __init__(self, parent: Segment | None = None, forked_at: int = 0) -> None:
        self.parent = parent
        self.forked_at = forked_at
        self.slots: dict[str, dict[Key, SlotHistory]] = {}
        self.voided: Voids = {}
        self.cuts = array("q")

    def record(
        self, subject: str, key: Key, position: int, claim: Claim, *, ends: bool, recorded: int
    ) -> None:
        """Write an entry into this segment."""
        slots = self.slots.get(subject)
        if slots is None:
            slots = self.slots[subject] = {}
        history = slots.get(key)
        if history is None:
            history = slots[key] = SlotHistory()
        history.add(position, claim, ends=ends, recorded=recorded)

    def latest(self, subject: str, key: Key, at: int) -> Entry | None:
        """The entry that decides the slot at a position, as this branch tells it now."""
        best: Entry | None = None
        voids: list[tuple[Voids, int]] = []
        segment: Segment | None = self
        horizon = at
        limit = 1 << 62  # what was recorded later than this, the branch never saw
        while segment is not None:
            if segment.voided:
                voids.append((segment.voided, limit))
            slots = segment.slots.get(subject)
            history = slots.get(key) if slots is not None else None
            if history is not None:
                found = _latest_in(history, horizon, limit, voids)
                if found is not None and (
                    best is None
                    or (found.position, found.recorded) > (best.position, best.recorded)
                ):
                    best = found
            if best is not None and best.position > segment.forked_at:
                return best  # an ancestor's entries all stand before the fork
            limit = min(limit, segment.forked_at)
            horizon = min(horizon, limit)
            segment = segment.parent
        return best

    def keys(self, subject: str) -> Iterator[Key]:
        """Every slot that the subject ever had on this path, each once."""
        segment: Segment | None = self
        seen: set[Key] | None = None
        while segment is not None:
            slots = segment.slots.get(subject)
            if slots:
                if seen is None:
                    seen = set(slots)
                    yield from slots
                else:
                    for key in slots:
                        if key not in seen:
                            seen.add(key)
                            yield key
            segment = segment.parent

    def subjects(self) -> Iterator[str]:
        """Every subject on this path, each once."""
        segment: Segment | None = self
        seen: set[str] = set()
        while segment is not None:
            for subject in segment.slots:
                if subject not in seen:
                    seen.add(subject)
                    yield subject
            segment = segment.parent

    def entries(self, subject: str, after: int) -> Iterator[Entry]:
        """Entries about a subject later than a position, voided ones left out; in no order."""
        voids: list[tuple[Voids, int]] = []
        segment: Segment | None = self
        limit = 1 << 62
        while segment is not None:
            if segment.voided:
                voids.append((segment.voided, limit))
            for history in segment.slots.get(subject, {}).values():
                for place in range(bisect_right(history.positions, after), len(history.positions)):
                    entry = _entry(history, place)
                    if max(entry.position, entry.recorded) <= limit and not _void(entry, voids):
                        yield entry
            limit = min(limit, segment.forked_at)
            segment = segment.parent

    def cut(self, position: int) -> None:
        """A new turn begins."""
        if self.cuts and self.cuts[-1] > position:
            insort(self.cuts, position)
        else:
            self.cuts.append(position)

    def last_cut(self, at: int) -> int:
        """The beginning of the turn that a position lies in; 0 before the first."""
        segment: Segment | None = self
        while segment is not None:
            place = bisect_right(segment.cuts, at)
            if place:
                return segment.cuts[place - 1]
            at = min(at, segment.forked_at)
            segment = segment.parent
        return 0

    def cuts_upto(self, at: int) -> int:
        """How many turns have begun up to a position."""
        total = 0
        segment: Segment | None = self
        while segment is not None:
            total += bisect_right(segment.cuts, at)
            at = min(at, segment.forked_at)
            segment = segment.parent
        return total


def _entry(history: SlotHistory, place: int) -> Entry:
    return Entry(
        history.positions[place],
        history.recorded(place),
        history.claims[place],
        bool(history.ends[place]),
    )


def _void(entry: Entry, voids: list[tuple[Voids, int]]) -> bool:
    key = (entry.recorded, entry.claim)
    return any(table.get(key, limit + 1) <= limit for table, limit in voids)


def _latest_in(
    history: SlotHistory, horizon: int, limit: int, voids: list[tuple[Voids, int]]
) -> Entry | None:
    place = bisect_right(history.positions, horizon) - 1
    if not voids and history.backdated is None:
        return _entry(history, place) if place >= 0 else None
    while place >= 0:
        entry = _entry(history, place)
        if entry.recorded <= limit and not _void(entry, voids):
            return entry
        place -= 1
    return None
