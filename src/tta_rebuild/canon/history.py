"""One branch's own stretch of facts, indexed so that no question has to walk the story.

A segment that was restored from a snapshot knows of the time before it only the last entry of each
slot, read when its subject first comes up; questions about earlier times raise HistoryNotLoaded.
"""

from __future__ import annotations

import json
from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from operator import attrgetter

from tta_rebuild.canon.relations import key_of
from tta_rebuild.core.errors import HistoryNotLoaded
from tta_rebuild.core.story import NARRATOR, Claim

Key = tuple[str, str]
"""Relation and slot: what can hold one value at a time for a subject."""

_EVER = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that holds since an event; the rest is as in the ``Claim`` that made it."""

    subject: str
    relation: str
    value: str
    since: int
    sentence: str = ""
    speaker: str = NARRATOR
    certain: bool = True

    def as_claim(self) -> Claim:
        """The claim that would assert it again."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        del said["since"]
        return Claim(**said)


@dataclass(slots=True)
class Entry:
    """An entry of a slot: a claim, where it stands in the story, and whether it ends the slot.

    ``recorded`` is the event that made it: for an author's correction, a later one.
    """

    position: int
    recorded: int
    claim: Claim
    ends: bool = False

    def value_of(self, subject: str) -> str:
        """What is said of a subject, which may be the other half of something symmetric."""
        claim = self.claim
        is_other = key_of(claim.subject) != subject and key_of(claim.value) == subject
        return claim.subject if is_other else claim.value

    def fact(self, subject: str, relation: str) -> Fact:
        """What it makes so of a subject."""
        claim = self.claim
        return Fact(
            subject=subject,
            relation=relation,
            value=self.value_of(subject),
            since=self.position,
            sentence=claim.sentence,
            speaker=claim.speaker,
            certain=claim.certain,
        )


Slots = dict[Key, list[Entry]]
"""Everything that happened in each slot of one subject, in order of position."""

_position = attrgetter("position")
_place = attrgetter("position", "recorded")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySnapshot:
    """What a segment needs to go on from a position: where turns began, and of each subject the
    last entries of its slots, as JSON text.
    """

    position: int
    turns: Sequence[int]
    subjects: Mapping[str, str]


class Segment:
    """A branch's own part of the path, over that of its parent, shared up to ``forked_at``."""

    def __init__(self, parent: Segment | None = None, forked_at: int = 0) -> None:
        self.parent = parent
        self.forked_at = forked_at
        self.slots: dict[str, Slots] = {}
        self._is_whole = False  # it holds all that can be seen, and hides its parent
        self.turns: list[int] = []  # the positions at which one began
        self._begins = 0  # the position of the snapshot that it was restored from
        self._texts: dict[str, str] = {}  # subjects as a snapshot holds them, where still true

    @classmethod
    def restored(cls, kept: HistorySnapshot) -> Segment:
        """A branch's whole path as far as a snapshot; later entries are recorded as usual."""
        segment = cls()
        segment._begins = kept.position
        segment.turns = list(kept.turns)
        segment._texts = dict(kept.subjects)
        return segment

    def snapshot(self, position: int) -> HistorySnapshot:
        """The last entries of all slots; a subject that nothing was said of since is not redone."""
        for subject in self.slots.keys() - self._texts.keys():
            slots = self.slots[subject]
            last = ((key, slots[key][-1]) for key in sorted(slots))
            rows = [(*key, e.position, e.recorded, e.ends, *astuple(e.claim)) for key, e in last]
            self._texts[subject] = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        subjects = dict(sorted(self._texts.items()))
        return HistorySnapshot(position=position, turns=self.turns, subjects=subjects)

    def _slots_of(self, subject: str) -> Slots:
        """The slots of a subject in this segment; those of a snapshot are read now."""
        slots = self.slots.get(subject)
        if slots is None and subject in self._texts:
            slots = self.slots[subject] = {}
            names = [one.name for one in fields(Claim)]
            for relation, slot, position, recorded, ends, *said in json.loads(self._texts[subject]):
                claim = Claim(**dict(zip(names, said, strict=True)))
                slots[relation, slot] = [Entry(position, recorded, claim, ends)]
        return slots or {}

    def record(self, subject: str, key: Key, entry: Entry) -> None:
        """Write an entry into this segment; a backdated one to its place among the earlier ones."""
        slots = self._slots_of(subject) or self.slots.setdefault(subject, {})
        self._texts.pop(subject, None)
        insort(slots.setdefault(key, []), entry, key=_position)

    def fork(self, at: int) -> Segment:
        """The stretch of a new branch: one from before this one's first event is its parent's."""
        segment = self
        while segment.parent is not None and at <= segment.forked_at:
            segment = segment.parent
        return Segment(segment, at)

    def without(self, entry: Entry, position: int) -> Segment:
        """The whole path as told once an author, at ``position``, takes back an event's claim."""
        corrected = Segment(self, position - 1)
        corrected._is_whole = True
        for segment, limit in reversed(list(self._line())):
            if segment._begins:
                raise HistoryNotLoaded(segment._begins)  # what held before the entry holds again
            corrected.turns += segment.turns[: bisect_right(segment.turns, limit)]
            for subject, slots in segment.slots.items():
                for key, entries in slots.items():
                    for one in entries[: bisect_right(entries, limit, key=_position)]:
                        if (one.recorded, one.claim) != (entry.recorded, entry.claim):
                            corrected.record(subject, key, one)
        return corrected

    def _line(self) -> Iterator[tuple[Segment, int]]:
        """This segment and its ancestors, each with the position up to which this one sees it."""
        segment, limit = self, _EVER
        yield segment, limit
        while segment.parent is not None and not segment._is_whole:
            segment, limit = segment.parent, min(limit, segment.forked_at)
            yield segment, limit

    def knows_of(self, subject: str) -> bool:
        """Whether anything was ever said of a subject on this path."""
        return any(subject in s.slots or subject in s._texts for s, _ in self._line())

    def latest(self, subject: str, key: Key, at: int) -> Entry | None:
        """The entry that decides the slot at a position, as this branch tells it now."""
        for segment, limit in self._line():
            horizon = min(at, limit)
            if horizon < segment._begins:
                raise HistoryNotLoaded(segment._begins)
            entries = segment._slots_of(subject).get(key, ())
            place = bisect_right(entries, horizon, key=_position)
            if place:
                return entries[place - 1]
        return None

    def keys(self, subject: str) -> Iterable[Key]:
        """Every slot that the subject ever had on this path, each once."""
        return dict.fromkeys(key for s, _ in self._line() for key in s._slots_of(subject))

    def subjects(self) -> Iterable[str]:
        """Every subject on this path, each once."""
        return dict.fromkeys(name for s, _ in self._line() for name in (*s.slots, *s._texts))

    def entries(self, subject: str, after: int) -> list[Entry]:
        """Entries about a subject later than a position, in order."""
        found: list[Entry] = []
        for segment, limit in self._line():
            if after < segment._begins:
                raise HistoryNotLoaded(segment._begins)
            every = segment._slots_of(subject).values()
            found += [e for entries in every for e in entries if after < e.position <= limit]
        return sorted(found, key=_place)

    def by_slot(self, subject: str) -> Mapping[Key, Sequence[Entry]]:
        """All entries about a subject on this path by slot, each in order."""
        found: dict[Key, list[Entry]] = {}
        for segment, limit in self._line():
            if segment._begins > 0:
                raise HistoryNotLoaded(segment._begins)
            for key, entries in segment._slots_of(subject).items():
                found.setdefault(key, []).extend(e for e in entries if e.position <= limit)
        return {key: sorted(entries, key=_place) for key, entries in found.items()}

    def turns_upto(self, at: int) -> int:
        """How many turns have begun up to a position."""
        return sum(bisect_right(s.turns, min(at, limit)) for s, limit in self._line())

    def turn_began_at(self, at: int) -> int:
        """The beginning of the turn that a position lies in; 0 before the first."""
        for segment, limit in self._line():
            place = bisect_right(segment.turns, min(at, limit))
            if place:
                return segment.turns[place - 1]
        return 0
