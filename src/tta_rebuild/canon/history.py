"""One branch's own stretch of facts, indexed so that no question has to walk the story.

A segment that was restored from a snapshot knows of the time before it only the last entry of each
slot, and reads a subject's entries when the subject first comes up. That is all that the next turns
ask for; questions about earlier times raise ``HistoryNotLoaded``.
"""

from __future__ import annotations

import json
from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter

from tta_rebuild.core.errors import HistoryNotLoaded
from tta_rebuild.core.story import Claim

Key = tuple[str, str]
"""Relation and slot: what can hold one value at a time for a subject."""

Voids = dict[tuple[int, Claim], int]
"""An event and the claim in it that an author took back → the event that took it back."""

_EVER = 1 << 62
_SAID = ("subject", "relation", "value", "ends", "sentence", "speaker", "certain")


@dataclass(slots=True)
class Entry:
    """An entry of a slot: a claim, where it stands in the story, and whether it ends the slot.

    ``recorded`` is the event that made it: a later one, for an author's correction.
    """

    position: int
    recorded: int
    claim: Claim
    ends: bool


Slots = dict[Key, list[Entry]]
"""Everything that happened in each slot of one subject, in order of position."""

_position = attrgetter("position")
_place = attrgetter("position", "recorded")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySnapshot:
    """What a segment needs to go on from a position.

    ``turns`` were begun up to there, the last at ``turn_began_at``; ``subjects`` is subject → the
    last entries of its slots, as JSON text.
    """

    position: int
    turns: int
    turn_began_at: int
    subjects: Mapping[str, str]


class Segment:
    """A branch's own part of the path, over that of its parent, shared up to ``forked_at``."""

    def __init__(self, parent: Segment | None = None, forked_at: int = 0) -> None:
        self.parent = parent
        self.forked_at = forked_at
        self.slots: dict[str, Slots] = {}
        self._voided: Voids = {}
        self._cuts: list[int] = []  # where turns began
        self._begins = 0  # the position of the snapshot that it was restored from
        self._texts: dict[str, str] = {}  # subjects as a snapshot holds them, where still true
        self._turns: dict[int, int] = {}  # positions before ``_begins`` → their turn
        self._turns_before = 0  # turns that began before the first of ``_cuts``

    @classmethod
    def restored(cls, kept: HistorySnapshot) -> Segment:
        """A branch's whole path as far as a snapshot; later entries are recorded as usual."""
        segment = cls()
        segment._begins = kept.position
        segment._texts = dict(kept.subjects)
        segment._turns_before = kept.turns - 1
        segment._cuts.append(kept.turn_began_at)
        return segment

    def snapshot(self, position: int) -> HistorySnapshot:
        """The last entries of all slots; a subject that nothing was said of since is not redone."""
        for subject in self.slots.keys() - self._texts.keys():
            rows = []
            for key in sorted(self.slots[subject]):
                entry = self.latest(subject, key, _EVER)
                if entry is not None:
                    place = (entry.position, entry.recorded, self.cuts_upto(entry.position))
                    said = (getattr(entry.claim, name) for name in _SAID)
                    rows.append((*key, *place, entry.ends, *said))
            self._texts[subject] = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        return HistorySnapshot(
            position=position,
            turns=self.cuts_upto(position),
            turn_began_at=self.last_cut(position),
            subjects=dict(self._texts),
        )

    def _slots_of(self, subject: str) -> Slots:
        """The slots of a subject in this segment; those of a snapshot are read now."""
        slots = self.slots.get(subject)
        if slots is None and subject in self._texts:
            slots = self.slots[subject] = {}
            for relation, slot, position, recorded, turn, ends, *said in json.loads(
                self._texts[subject]
            ):
                claim = Claim(**dict(zip(_SAID, said, strict=True)))
                slots[relation, slot] = [Entry(position, recorded, claim, ends)]
                self._turns[position] = turn
        return slots or {}

    # ------------------------------------------------------------------------------- writing

    def record(self, subject: str, key: Key, entry: Entry) -> None:
        """Write an entry into this segment; a backdated one to its place among the earlier ones."""
        slots = self._slots_of(subject) or self.slots.setdefault(subject, {})
        self._texts.pop(subject, None)
        insort(slots.setdefault(key, []), entry, key=_position)

    def void(self, entry: Entry, position: int) -> None:
        """An author takes an entry back, by the event at ``position``."""
        if self._begins:
            raise HistoryNotLoaded(self._begins)  # what held before the entry holds again
        self._voided[entry.recorded, entry.claim] = position
        self._texts.clear()

    def cut(self, position: int) -> None:
        """A new turn begins."""
        insort(self._cuts, position)

    # ----------------------------------------------------------------------------- questions

    def _line(self) -> Iterator[tuple[Segment, int]]:
        """This segment and its ancestors, each with the position up to which this one sees it."""
        segment: Segment | None = self
        limit = _EVER
        while segment is not None:
            yield segment, limit
            limit = min(limit, segment.forked_at)
            segment = segment.parent

    def knows_of(self, subject: str) -> bool:
        """Whether anything was ever said of a subject on this path."""
        segment: Segment | None = self
        while segment is not None:
            if subject in segment.slots or subject in segment._texts:
                return True
            segment = segment.parent
        return False

    def latest(self, subject: str, key: Key, at: int) -> Entry | None:
        """The entry that decides the slot at a position, as this branch tells it now."""
        best: Entry | None = None
        voids: list[tuple[Voids, int]] = []
        for segment, limit in self._line():
            if segment._voided:
                voids.append((segment._voided, limit))
            horizon = min(at, limit)
            if horizon < segment._begins:
                raise HistoryNotLoaded(segment._begins)
            entries = segment._slots_of(subject).get(key, ())
            for index in range(bisect_right(entries, horizon, key=_position) - 1, -1, -1):
                entry = entries[index]
                if entry.recorded <= limit and not _void(entry, voids):
                    best = entry if best is None else max(best, entry, key=_place)
                    break
            if best is not None and best.position > segment.forked_at:
                break  # an ancestor's entries all stand before the fork
        return best

    def keys(self, subject: str) -> Iterable[Key]:
        """Every slot that the subject ever had on this path, each once."""
        return dict.fromkeys(key for s, _ in self._line() for key in s._slots_of(subject))

    def subjects(self) -> Iterable[str]:
        """Every subject on this path, each once."""
        return dict.fromkeys(name for s, _ in self._line() for name in (*s.slots, *s._texts))

    def entries(self, subject: str, after: int) -> list[Entry]:
        """Entries about a subject later than a position, in order, voided ones left out."""
        found: list[Entry] = []
        voids: list[tuple[Voids, int]] = []
        for segment, limit in self._line():
            if segment._voided:
                voids.append((segment._voided, limit))
            if after < segment._begins:
                raise HistoryNotLoaded(segment._begins)
            found += [
                entry
                for entries in segment._slots_of(subject).values()
                for entry in entries[bisect_right(entries, after, key=_position) :]
                if max(entry.position, entry.recorded) <= limit and not _void(entry, voids)
            ]
        return sorted(found, key=_place)

    def last_cut(self, at: int) -> int:
        """The beginning of the turn that a position lies in; 0 before the first."""
        for segment, limit in self._line():
            place = bisect_right(segment._cuts, min(at, limit))
            if place:
                return segment._cuts[place - 1]
            if segment._begins:
                raise HistoryNotLoaded(segment._begins)
        return 0

    def cuts_upto(self, at: int) -> int:
        """How many turns have begun up to a position."""
        total = 0
        for segment, limit in self._line():
            here = min(at, limit)
            place = bisect_right(segment._cuts, here)
            if place or not segment._begins:
                total += segment._turns_before + place
            elif here in segment._turns:
                total += segment._turns[here]
            else:
                raise HistoryNotLoaded(segment._begins)
        return total


def _void(entry: Entry, voids: list[tuple[Voids, int]]) -> bool:
    key = (entry.recorded, entry.claim)
    return any(table.get(key, limit + 1) <= limit for table, limit in voids)
