"""Canon: what holds at event n on a branch.

The engine feeds it the branch's events one by one; the checker, recall, the choices and the
commands ask it. Every question is answered by index: the cost does not grow with the story, and a
fork costs nothing until its branch says something of its own. "Until" is never stored: it is where
the slot's next entry stands on the branch that asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter

from tta_rebuild.canon.history import Entry, HistorySnapshot, Key, Segment
from tta_rebuild.canon.relations import Relation, Relations, built_in, key_of
from tta_rebuild.core.errors import PositionNotFound, StoryError
from tta_rebuild.core.events import (
    CharacterChanged,
    Event,
    FactAsserted,
    FactRetconned,
    FactRetracted,
    PlayerActed,
    StoryOpened,
)
from tta_rebuild.core.story import NARRATOR, CharacterSketch, Claim

STORY = "story"
"""The subject of what concerns the whole story: time of day, weather."""

_BELIEF = "\x1f"
_MOST_KEPT = 20_000
"""Subjects of whom it is kept that nothing is said of them."""

_NAMED = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that holds, with where it comes from.

    Attributes:
        since: the position of the event from which on it holds.
        sentence: the sentence it was read from, "" if none.
        speaker: ``NARRATOR``, or whose belief it is.
        certain: False if it was inferred.
    """

    subject: str
    relation: str
    value: str
    since: int
    sentence: str = ""
    speaker: str = NARRATOR
    certain: bool = True

    def as_claim(self) -> Claim:
        """The claim that would assert it again."""
        said = ("subject", "relation", "value", "sentence", "speaker", "certain")
        return Claim(**{name: getattr(self, name) for name in said})


def _fact(subject: str, key: Key, entry: Entry) -> Fact:
    claim = entry.claim
    value = claim.value
    if key_of(claim.subject) != subject and key_of(value) == subject:
        value = claim.subject  # the other half of a symmetric fact
    return Fact(
        subject=subject,
        relation=key[0],
        value=value,
        since=entry.position,
        sentence=claim.sentence,
        speaker=claim.speaker,
        certain=claim.certain,
    )


_in_order = attrgetter("since", "subject", "relation", "value")


class Canon:
    """What holds on one branch, now and at any earlier event.

    Args:
        relations: the table; an author's own relations are declared there.
    """

    def __init__(self, relations: Relations | None = None) -> None:
        self.relations = relations or built_in()
        self.position = 0
        self._segment = Segment()
        self._live: dict[str, dict[Key, Entry]] = {}
        self._origin: Canon | None = None  # whose present was this one's when it was forked

    @classmethod
    def restored(cls, kept: HistorySnapshot) -> Canon:
        """The canon as it was when ``snapshot`` was called: it answers for that moment and later.

        Questions about earlier moments, and retcons, raise HistoryNotLoaded.
        """
        canon = cls()
        canon._segment = Segment.restored(kept)
        canon.position = kept.position
        return canon

    def snapshot(self) -> HistorySnapshot:
        """What ``restored`` needs; only of a canon that was not made by ``fork``."""
        return self._segment.snapshot(self.position)

    # ------------------------------------------------------------------------ taking events

    def apply(self, position: int, event: Event) -> None:
        """Take the next event of the path; kinds that state no facts only move the position.

        Raises:
            StoryError: ``position`` is not after the last one taken.
        """
        if position <= self.position:
            raise StoryError(
                f"event {position} cannot follow event {self.position}: events of a branch are "
                "taken in order; fork to go back"
            )
        self.position = position
        match event:
            case FactAsserted(claim=claim):
                self._take(position, claim)
            case FactRetracted(claim=claim):
                self._end(position, claim)
            case FactRetconned(claim=claim, becomes=becomes):
                self._retcon(position, claim, becomes)
            case CharacterChanged():
                self._changed(position, event)
            case PlayerActed():
                self._segment.cut(position)
            case StoryOpened(premise=premise):
                self._segment.cut(position)
                for character in premise.characters:
                    self._introduce(position, character)

    def fork(self, at: int | None = None) -> Canon:
        """The canon of a new branch that shares this path up to ``at`` (default: all of it).

        Costs the same whatever the length. Neither side ever sees what the other goes on to say.

        Raises:
            PositionNotFound: the path is not that long.
        """
        at = self.position if at is None else at
        if not 0 <= at <= self.position:
            raise PositionNotFound(f"the branch has {self.position} events, so none numbered {at}")
        child = Canon(self.relations)
        segment = self._segment
        # A fork before this branch's own first event is a fork of its parent.
        while segment.parent is not None and at <= segment.forked_at:
            segment = segment.parent
        child._segment = Segment(segment, at)
        child.position = at
        if at == self.position:
            child._origin = self
        return child

    # --------------------------------------------------------------------------- questions

    def facts_about(self, subject: str, at: int | None = None) -> list[Fact]:
        """What holds of a subject, oldest first; ``at`` an earlier event (default: now)."""
        subject = self.id_of(subject)
        is_now = at is None or at >= self.position
        found = self._now(subject) if is_now else self._then(subject, at or 0)
        facts = [
            _fact(subject, key, entry)
            for key, entry in found.items()
            if key[0] and not key[0].startswith("~")
        ]
        return sorted(facts, key=_in_order)

    def fact(
        self, subject: str, relation: str, slot: str = "", at: int | None = None
    ) -> Fact | None:
        """What holds in one slot (see ``Relations.normal``), None if nothing does."""
        subject = self.id_of(subject)
        entry = self._entry(subject, (relation, slot), at)
        return _fact(subject, (relation, slot), entry) if entry else None

    def value(self, subject: str, relation: str, at: int | None = None) -> str | None:
        """The value of a relation that takes one, None if nothing is known."""
        found = self.fact(subject, relation, at=at)
        return found.value if found else None

    def values(self, subject: str, relation: str, at: int | None = None) -> list[str]:
        """All values of a relation that hold."""
        return [f.value for f in self.facts_about(subject, at) if f.relation == relation]

    def holds_at(
        self, subject: str, relation: str, value: str, at: int | None = None
    ) -> Fact | None:
        """The fact, if exactly this holds (synonyms count), else None."""
        subject = self.id_of(subject)
        slot, normal = self.relations.normal(relation, value)
        entry = self._entry(subject, (relation, slot), at)
        if entry is None:
            return None
        key = (relation, slot)
        return _fact(subject, key, entry) if self._says(subject, key, entry, normal) else None

    def bearer(self, relation: str, value: str) -> Fact | None:
        """Of a relation with an inverse: the fact that names who has this value now."""
        inverse = self.relations[relation].inverse
        if not inverse:
            return None
        entry = self._now(self.id_of(value)).get(("~" + inverse, ""))
        if entry is None:
            return None
        return _fact(self.id_of(entry.claim.subject), (relation, ""), entry)

    def last_of(self, subject: str, relation: str, value: str) -> tuple[Fact, bool] | None:
        """The latest word on a value, and whether it ended it: so lost things are told apart."""
        subject = self.id_of(subject)
        key = (relation, self.relations.normal(relation, value)[0])
        entry = self._segment.latest(subject, key, self.position)
        return (_fact(subject, key, entry), entry.ends) if entry else None

    def was_so(self, claim: Claim) -> Fact | None:
        """The latest fact of this path that says what a claim says, even if it holds no more."""
        found = self._latest_saying(claim)
        return found[0] if found else None

    def all_now(self, at: int | None = None) -> list[Fact]:
        """Everything that holds, or held at an event, oldest first (beliefs not included)."""
        facts = (
            fact
            for subject in self._segment.subjects()
            if _BELIEF not in subject and not subject.startswith(_NAMED)
            for fact in self.facts_about(subject, at)
        )
        return sorted(facts, key=_in_order)

    def beliefs_of(self, speaker: str) -> list[Fact]:
        """What a character has said to be so; it need not be true."""
        prefix = self.id_of(speaker) + _BELIEF
        beliefs = (
            replace(fact, subject=subject.removeprefix(prefix))
            for subject in self._segment.subjects()
            if subject.startswith(prefix)
            for fact in self.facts_about(subject)
        )
        return sorted(beliefs, key=_in_order)

    def named(self, name: str) -> list[str]:
        """Ids of those who go by a name, part of a name, alias, title or role, now."""
        name = key_of(name)
        now = self._now(_NAMED + name)
        # in the order in which they came by it, however this canon was put together
        found = [slot for _, slot in sorted((e.position, slot) for (_, slot), e in now.items())]
        if name not in found and self.knows_of(name):
            found.insert(0, name)
        return found

    def knows_of(self, subject: str) -> bool:
        """Whether any fact of this path has it as its subject."""
        return self._segment.knows_of(subject)

    def turn_began_at(self) -> int:
        """The position at which the present turn began."""
        return self._segment.last_cut(self.position)

    def turn_of(self, position: int) -> int:
        """The turn of an event, from 1; what the premise says counts to the first."""
        return self._segment.cuts_upto(position)

    def entries_after(self, subject: str, position: int) -> list[Entry]:
        """Entries about a subject later than a position, in order (for retcons)."""
        found = self._segment.entries(self.id_of(subject), position)
        return sorted(found, key=attrgetter("position", "recorded"))

    def id_of(self, name: str) -> str:
        """The id under which facts about a name are kept.

        A name that is nobody's id, but the name, alias or role of exactly one, leads to them.
        """
        if _BELIEF in name or name.startswith(_NAMED):
            return name
        key = key_of(name)
        if self._now(key):
            return key
        bearers = self._now(_NAMED + key)
        if len(bearers) == 1:
            return next(iter(bearers))[1]
        return key

    # ------------------------------------------------------------------------ the fold itself

    def _entry(self, subject: str, key: Key, at: int | None) -> Entry | None:
        if at is None or at >= self.position:
            return self._now(subject).get(key)
        entry = self._segment.latest(subject, key, at)
        return None if entry is None or entry.ends else entry

    def _now(self, subject: str) -> dict[Key, Entry]:
        live = self._live.get(subject)
        if live is None:
            origin = self._origin
            if origin is not None and origin.position == self._segment.forked_at:
                live = dict(origin._now(subject))  # nothing has been said of it on either side
            else:
                live = self._then(subject, self.position)
            if live or len(self._live) < _MOST_KEPT:
                self._live[subject] = live
        return live

    def _then(self, subject: str, at: int) -> dict[Key, Entry]:
        found: dict[Key, Entry] = {}
        for key in self._segment.keys(subject):
            entry = self._segment.latest(subject, key, at)
            if entry is not None and not entry.ends:
                found[key] = entry
        return found

    def _write(
        self, subject: str, key: Key, position: int, claim: Claim, *, ends: bool = False
    ) -> None:
        entry = Entry(position, self.position, claim, ends)
        live = self._now(subject)
        self._segment.record(subject, key, entry)
        if self.position != position:  # an author's correction of the past
            self._live.pop(subject, None)
            self._origin = None
            return
        if ends:
            live.pop(key, None)
        else:
            live[key] = entry
        self._live[subject] = live

    def _take(self, position: int, claim: Claim) -> None:
        if claim.ends:
            self._end(position, claim)
            return
        relation = self.relations[claim.relation]
        if relation.momentary:
            if relation.implies:
                self._take(position, replace(claim, relation=relation.implies))
            return
        # whom a death means has been settled before: who goes by a dead man's name is not dead
        subject = key_of(claim.subject) if relation.final else self.id_of(claim.subject)
        slot, normal = self.relations.normal(relation.name, claim.value)
        if claim.speaker != NARRATOR:
            believer = self.id_of(claim.speaker) + _BELIEF + subject
            self._write(believer, (relation.name, slot), position, claim)
            return
        if relation.fades:
            for key in [k for k in self._now(subject) if k[0] == relation.name]:
                self._close(subject, key, position, claim)
        if normal in relation.nothing:
            return
        self._write(subject, (relation.name, slot), position, claim)
        other = self.id_of(claim.value)
        if relation.symmetric:
            self._write(other, (relation.name, subject), position, claim)
        if relation.inverse:
            self._pass_on(position, relation, subject, other, claim)
        for excluded in relation.excludes:
            self._close(subject, (excluded, slot), position, claim)
            if relation.symmetric:
                self._close(other, (excluded, subject), position, claim)
        if relation.indexed:
            self._name(position, subject, normal, claim)

    def _pass_on(
        self, position: int, relation: Relation, subject: str, thing: str, claim: Claim
    ) -> None:
        before = self._now(thing).get(("~" + relation.inverse, ""))
        holder = self.id_of(before.claim.subject) if before is not None else ""
        if holder != subject:
            if holder:
                self._close(holder, (relation.name, thing), position, claim)
            for elsewhere in relation.lifts:
                self._close(thing, (elsewhere, ""), position, claim)
        self._write(thing, ("~" + relation.inverse, ""), position, claim)

    def _close(self, subject: str, key: Key, position: int, claim: Claim) -> None:
        if key in self._now(subject):
            self._write(subject, key, position, claim, ends=True)

    def _end(self, position: int, claim: Claim) -> None:
        relation = self.relations[claim.relation]
        subject = self.id_of(claim.subject)
        if claim.speaker != NARRATOR:
            subject = self.id_of(claim.speaker) + _BELIEF + subject
        slot, normal = self.relations.normal(relation.name, claim.value)
        key = (relation.name, slot)
        held = self._now(subject).get(key)
        if held is None:
            if relation.inverse and claim.value and claim.speaker == NARRATOR:
                # Lost, though nobody said before that they had it: that they lack it is known now.
                self._write(subject, key, position, claim, ends=True)
            return
        if claim.value and not self._says(subject, key, held, normal):
            return
        self._write(subject, key, position, claim, ends=True)
        if claim.speaker != NARRATOR:
            return
        other = self.id_of(claim.value)
        if relation.symmetric:
            self._close(other, (relation.name, subject), position, claim)
        if relation.inverse:
            self._close(other, ("~" + relation.inverse, ""), position, claim)
        if relation.indexed:
            for word in (normal, *normal.split("_")):
                self._close(_NAMED + word, ("", subject), position, claim)

    def _retcon(self, position: int, claim: Claim, becomes: Claim | None) -> None:
        found = self._latest_saying(claim)
        if found is not None:
            position = found[1].position
            self._segment.void(found[1], self.position)
            self._live.clear()
            self._origin = None
        if becomes is not None:
            self._take(position, becomes)

    def _latest_saying(self, claim: Claim) -> tuple[Fact, Entry] | None:
        subject = self.id_of(claim.subject)
        slot, normal = self.relations.normal(claim.relation, claim.value)
        key = (claim.relation, slot)
        entry = self._segment.latest(subject, key, self.position)
        while entry is not None and (entry.ends or not self._says(subject, key, entry, normal)):
            entry = self._segment.latest(subject, key, entry.position - 1)
        return (_fact(subject, key, entry), entry) if entry is not None else None

    def _says(self, subject: str, key: Key, entry: Entry, normal: str) -> bool:
        return self.relations.normal(key[0], _fact(subject, key, entry).value)[1] == normal

    def _changed(self, position: int, event: CharacterChanged) -> None:
        who = event.character_id
        if event.name:
            self._take(position, Claim(subject=who, relation="name", value=event.name))
        if event.emotion:
            self._take(position, Claim(subject=who, relation="feeling", value=event.emotion))

    def _introduce(self, position: int, character: CharacterSketch) -> None:
        who = character.character_id
        self._take(position, Claim(subject=who, relation="name", value=character.name))
        self._take(position, Claim(subject=who, relation="alive", value="true"))
        for trait, strength in character.traits.items():
            if strength >= 0.5:
                self._take(position, Claim(subject=who, relation="trait", value=trait))

    def _name(self, position: int, subject: str, name: str, claim: Claim) -> None:
        words = [w for w in name.split("_") if len(w) > 2]
        for word in {name, *words} if claim.relation != "role" else {name, *words[-1:]}:
            key = ("", subject)
            if key not in self._now(_NAMED + word):
                self._write(_NAMED + word, key, position, claim)
