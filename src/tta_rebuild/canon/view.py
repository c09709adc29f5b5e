"""Canon: what holds at event n on a branch, a fold over the branch's events.

Everything is answered by index: nothing grows slower with the story, and a fork costs nothing until
its branch says something of its own. "Until" is never stored: it is where the slot's next entry
stands on the branch that asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import zip_longest
from operator import attrgetter
from typing import Self

from tta_rebuild.canon.history import Entry, HistorySnapshot, Key, Segment
from tta_rebuild.canon.history import Fact as Fact
from tta_rebuild.canon.relations import Relation, built_in, key_of
from tta_rebuild.core import events as log
from tta_rebuild.core.errors import PositionNotFound, StoryError
from tta_rebuild.core.story import NARRATOR, Claim

STORY = "story"
"""The subject of what concerns the whole story: time of day, weather."""

BELIEF = "\x1f"
"""Between a believer and the subject in the name under which a belief is kept."""

NAMED = "@"
"""Before a name in the name under which it is kept who goes by it."""


def _in_order(facts: Iterable[Fact]) -> list[Fact]:
    return sorted(facts, key=attrgetter("since", "subject", "relation", "value"))


class Canon:
    """Takes a branch's events one by one; says what holds, now and at any earlier event.

    ``at`` is the position of the event that is asked about, by default the last one.
    """

    def __init__(self) -> None:
        self.relations = built_in()
        self.position = 0
        self._segment = Segment()
        self._live: dict[str, dict[Key, Entry]] = {}
        self._own: set[str] = set()  # of ``_live``: those that no fork shares
        self._origin: Self | None = None  # whose present was this one's when it was forked

    @classmethod
    def restored(cls, kept: HistorySnapshot) -> Self:
        """The fold as it was then; questions about earlier, and retcons, raise HistoryNotLoaded."""
        fold = cls()
        fold._segment = Segment.restored(kept)
        fold.position = kept.position
        return fold

    def snapshot(self) -> HistorySnapshot:
        """What ``restored`` needs; only of one that was not made by ``fork``."""
        return self._segment.snapshot(self.position)

    def apply(self, position: int, event: log.Event) -> None:
        """Take the next event of the path; kinds that state no facts only move the position.

        Raises StoryError: ``position`` is not after the last one taken.
        """
        if position <= self.position:
            raise StoryError(
                f"event {position} cannot follow event {self.position}: events of a branch are "
                "taken in order; fork to go back"
            )
        self.position = position
        match event:
            case log.FactAsserted(claim=claim):
                self._take(Entry(position, position, claim))
            case log.FactRetracted(claim=claim):
                self._end(Entry(position, position, claim))
            case log.FactRetconned(claim=claim, becomes=becomes):
                self._retcon(claim, becomes)
            case log.CharacterChanged(character_id=who, name=name, emotion=emotion):
                self._take_all(who, [("name", name), ("feeling", emotion)])
            case log.PlayerActed():
                self._segment.turns.append(position)
            case log.StoryOpened(premise=premise):
                self._segment.turns.append(position)
                for one in premise.characters:
                    traits = [("trait", t) for t, strength in one.traits.items() if strength >= 0.5]
                    given = [("name", one.name), ("alive", "true"), *traits]
                    self._take_all(one.character_id, given)

    def fork(self, at: int | None = None) -> Self:
        """The fold of a new branch that shares this path up to ``at`` (default: all of it).

        Costs the same whatever the length. Neither side ever sees what the other goes on to say.
        Raises PositionNotFound: the path is not that long.
        """
        at = self.position if at is None else at
        if not 0 <= at <= self.position:
            raise PositionNotFound(f"the branch has {self.position} events, so none numbered {at}")
        child = type(self)()
        child._segment = self._segment.fork(at)
        child.position = at
        if at == self.position:
            child._origin = self
            self._own.clear()
        return child

    def id_of(self, name: str) -> str:
        """The id under which facts about a name (an id, or one person's name, alias, role) are."""
        if BELIEF in name or name.startswith(NAMED):
            return name
        key = key_of(name)
        if self._now(key):
            return key
        bearers = self._now(NAMED + key)
        return next(iter(bearers))[1] if len(bearers) == 1 else key

    def facts_about(self, subject: str, at: int | None = None) -> list[Fact]:
        """What holds of a subject, oldest first."""
        subject = self.id_of(subject)
        return _in_order(
            entry.fact(subject, relation)
            for (relation, _), entry in self._held(subject, at).items()
            if relation and not relation.startswith("~")
        )

    def fact(
        self, subject: str, relation: str, slot: str = "", at: int | None = None
    ) -> Fact | None:
        """What holds in one slot (see ``Relations.normal``), None if nothing does."""
        subject = self.id_of(subject)
        entry = self._held(subject, at).get((relation, slot))
        return entry.fact(subject, relation) if entry else None

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
        held = self.fact(subject, relation, self.relations.normal(relation, value)[0], at)
        return held if held and self.relations.same(relation, held.value, value) else None

    def bearer(self, relation: str, value: str) -> Fact | None:
        """Of a relation with an inverse: the fact that names who has this value now."""
        inverse = self.relations[relation].inverse
        entry = self._now(self.id_of(value)).get(("~" + inverse, "")) if inverse else None
        return entry.fact(self.id_of(entry.claim.subject), relation) if entry else None

    def last_of(self, subject: str, relation: str, value: str) -> tuple[Fact, bool] | None:
        """The latest word on a value, and whether it ended it: so lost things are told apart."""
        subject = self.id_of(subject)
        key = (relation, self.relations.normal(relation, value)[0])
        entry = self._segment.latest(subject, key, self.position)
        return (entry.fact(subject, relation), entry.ends) if entry else None

    def was_so(self, claim: Claim) -> Fact | None:
        """The latest fact of this path that says what a claim says, even if it holds no more."""
        subject, entry = self._latest_saying(claim)
        return entry.fact(subject, claim.relation) if entry else None

    def all_now(self, at: int | None = None) -> list[Fact]:
        """Everything that holds, oldest first (beliefs not included)."""
        return _in_order(
            fact
            for subject in self._segment.subjects()
            if BELIEF not in subject and not subject.startswith(NAMED)
            for fact in self.facts_about(subject, at)
        )

    def ever(self) -> list[tuple[Fact, int | None]]:
        """Every fact of this path, oldest first, with the event that ended it (None: it holds).

        Beliefs are not included. Raises HistoryNotLoaded: fold the whole log.
        """
        found = [
            (entry.fact(subject, relation), after.position if after else None)
            for subject in self._segment.subjects()
            if BELIEF not in subject and not subject.startswith(NAMED)
            for (relation, _), entries in self._segment.by_slot(subject).items()
            if relation and not relation.startswith("~")
            for entry, after in zip_longest(entries, entries[1:])
            if not entry.ends
        ]
        return sorted(found, key=lambda one: (one[0].since, one[0].subject, one[0].relation))

    def beliefs_of(self, speaker: str) -> list[Fact]:
        """What a character has said to be so; it need not be true."""
        prefix = self.id_of(speaker) + BELIEF
        return _in_order(
            replace(fact, subject=subject.removeprefix(prefix))
            for subject in self._segment.subjects()
            if subject.startswith(prefix)
            for fact in self.facts_about(subject)
        )

    def named(self, name: str) -> list[str]:
        """Ids of those who go by a name, part of a name, alias, title or role, now."""
        name = key_of(name)
        bearers = self._now(NAMED + name)
        # in the order in which they came by it, however this canon was put together
        found = [slot for _, slot in sorted((e.position, slot) for (_, slot), e in bearers.items())]
        return found if name in found or not self.knows_of(name) else [name, *found]

    def knows_of(self, subject: str) -> bool:
        """Whether any fact of this path has it as its subject."""
        return self._segment.knows_of(subject)

    def is_person(self, subject: str) -> bool:
        """Whether something holds of a subject that can hold of people alone."""
        relations = (self.relations[name] for name, _ in self._now(self.id_of(subject)))
        return any(one.person or one.name == "alive" for one in relations)

    def turn_began_at(self) -> int:
        """The position at which the present turn began."""
        return self._segment.turn_began_at(self.position)

    def turn_of(self, position: int) -> int:
        """The turn of an event, from 1; what the premise says counts to the first."""
        return self._segment.turns_upto(position)

    def entries_after(self, subject: str, position: int) -> list[Entry]:
        """Entries about a subject later than a position, in order (for retcons)."""
        return self._segment.entries(self.id_of(subject), position)

    def _now(self, subject: str) -> dict[Key, Entry]:
        """The slots that hold; not to be changed."""
        live = self._live.get(subject)
        if live is None:
            if not self._segment.knows_of(subject):
                return {}
            origin = self._origin
            if origin is not None and origin.position == self._segment.forked_at:
                live = origin._now(subject)  # nothing has been said of it on either side
            else:
                live = self._then(subject, self.position)
            self._live[subject] = live
        return live

    def _then(self, subject: str, at: int) -> dict[Key, Entry]:
        keys, latest = self._segment.keys(subject), self._segment.latest
        found = ((key, latest(subject, key, at)) for key in keys)
        return {key: entry for key, entry in found if entry is not None and not entry.ends}

    def _held(self, subject: str, at: int | None) -> dict[Key, Entry]:
        is_now = at is None or at >= self.position
        return self._now(subject) if is_now else self._then(subject, at or 0)

    def _write(self, subject: str, key: Key, said: Entry) -> None:
        live = self._now(subject)
        self._segment.record(subject, key, said)
        if said.position != self.position:  # an author's correction of the past
            self._live.pop(subject, None)
            self._origin = None
            return
        if subject not in self._own:
            live = self._live[subject] = dict(live)
            self._own.add(subject)
        if said.ends:
            live.pop(key, None)
        else:
            live[key] = said

    def _close(self, subject: str, key: Key, said: Entry) -> None:
        if key in self._now(subject):
            self._write(subject, key, replace(said, ends=True))

    def _take_all(self, subject: str, given: list[tuple[str, str]]) -> None:
        for relation, value in given:
            if value:
                claim = Claim(subject=subject, relation=relation, value=value)
                self._take(Entry(self.position, self.position, claim))

    def _take(self, said: Entry) -> None:
        claim = said.claim
        if claim.ends:
            self._end(said)
            return
        relation = self.relations[claim.relation]
        if relation.momentary:
            if relation.implies:
                self._take(replace(said, claim=replace(claim, relation=relation.implies)))
            return
        # whom a death means has been settled before: who goes by a dead man's name is not dead
        subject = key_of(claim.subject) if relation.final else self.id_of(claim.subject)
        slot, normal = self.relations.normal(relation.name, claim.value)
        if claim.speaker != NARRATOR:
            believer = self.id_of(claim.speaker) + BELIEF + subject
            self._write(believer, (relation.name, slot), said)
            return
        if relation.fades:
            for key in [k for k in self._now(subject) if k[0] == relation.name]:
                self._close(subject, key, said)
        if normal in relation.nothing:
            return
        self._write(subject, (relation.name, slot), said)
        other = self.id_of(claim.value)
        if relation.symmetric:
            self._write(other, (relation.name, subject), said)
        if relation.inverse:
            self._pass_on(relation, subject, other, said)
        for excluded in relation.excludes:
            self._close(subject, (excluded, slot), said)
            if relation.symmetric:
                self._close(other, (excluded, subject), said)
        if relation.indexed:
            words = [w for w in normal.split("_") if len(w) > 2]
            for word in {normal, *(words[-1:] if relation.name == "role" else words)}:
                if ("", subject) not in self._now(NAMED + word):
                    self._write(NAMED + word, ("", subject), said)

    def _pass_on(self, relation: Relation, subject: str, thing: str, said: Entry) -> None:
        before = self._now(thing).get(("~" + relation.inverse, ""))
        holder = self.id_of(before.claim.subject) if before is not None else ""
        if holder != subject:
            if holder:
                self._close(holder, (relation.name, thing), said)
            for elsewhere in relation.lifts:
                self._close(thing, (elsewhere, ""), said)
        self._write(thing, ("~" + relation.inverse, ""), said)

    def _end(self, said: Entry) -> None:
        claim, relation = said.claim, self.relations[said.claim.relation]
        subject, is_belief = self.id_of(claim.subject), claim.speaker != NARRATOR
        if is_belief:
            subject = self.id_of(claim.speaker) + BELIEF + subject
        slot, normal = self.relations.normal(relation.name, claim.value)
        key = (relation.name, slot)
        held = self._now(subject).get(key)
        if held is None:
            if relation.inverse and claim.value and not is_belief:
                # Lost, though nobody said before that they had it: that they lack it is known now.
                self._write(subject, key, replace(said, ends=True))
            return
        if claim.value and not self._says(held, subject, claim):
            return
        self._close(subject, key, said)
        if is_belief:
            return
        other = self.id_of(claim.value)
        if relation.symmetric:
            self._close(other, (relation.name, subject), said)
        if relation.inverse:
            self._close(other, ("~" + relation.inverse, ""), said)
        if relation.indexed:
            for word in (normal, *normal.split("_")):
                self._close(NAMED + word, ("", subject), said)

    def _retcon(self, claim: Claim, becomes: Claim | None) -> None:
        _, entry = self._latest_saying(claim)
        position = entry.position if entry else self.position
        if entry is not None:
            self._segment = self._segment.without(entry, self.position)
            self._live.clear()
            self._origin = None
        if becomes is not None:
            self._take(Entry(position, self.position, becomes))

    def _latest_saying(self, claim: Claim) -> tuple[str, Entry | None]:
        """A claim's subject, and the latest entry of its slot that says the same."""
        subject = self.id_of(claim.subject)
        key = (claim.relation, self.relations.normal(claim.relation, claim.value)[0])
        entry = self._segment.latest(subject, key, self.position)
        while entry is not None and (entry.ends or not self._says(entry, subject, claim)):
            entry = self._segment.latest(subject, key, entry.position - 1)
        return subject, entry

    def _says(self, entry: Entry, subject: str, claim: Claim) -> bool:
        return self.relations.same(claim.relation, entry.value_of(subject), claim.value)
