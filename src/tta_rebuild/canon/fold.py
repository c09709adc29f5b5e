"""The fold under the canon: what a branch's events make of every slot, now and earlier.

Nothing grows slower with the story, and a fork costs nothing until its branch says something of its
own. "Until" is never stored: it is where the slot's next entry stands on the branch that asks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Self

from tta_rebuild.canon.history import Entry, HistorySnapshot, Key, Segment
from tta_rebuild.canon.relations import Relation, Relations, built_in, key_of
from tta_rebuild.core import events as log
from tta_rebuild.core.errors import PositionNotFound, StoryError
from tta_rebuild.core.story import NARRATOR, Claim

BELIEF = "\x1f"
"""Between a believer and the subject in the name under which a belief is kept."""

NAMED = "@"
"""Before a name in the name under which it is kept who goes by it."""


class FactFold:
    """Takes a branch's events one by one and keeps what holds.

    Args:
        relations: the table; an author's own relations are declared there.
    """

    def __init__(self, relations: Relations | None = None) -> None:
        self.relations = relations or built_in()
        self.position = 0
        self._segment = Segment()
        self._live: dict[str, dict[Key, Entry]] = {}
        self._own: set[str] = set()  # of ``_live``: those that no fork shares
        self._origin: Self | None = None  # whose present was this one's when it was forked

    @classmethod
    def restored(cls, kept: HistorySnapshot) -> Self:
        """The fold as it was when ``snapshot`` was called: it answers for that moment and later.

        Questions about earlier moments, and retcons, raise HistoryNotLoaded.
        """
        fold = cls()
        fold._segment = Segment.restored(kept)
        fold.position = kept.position
        return fold

    def snapshot(self) -> HistorySnapshot:
        """What ``restored`` needs; only of one that was not made by ``fork``."""
        return self._segment.snapshot(self.position)

    def apply(self, position: int, event: log.Event) -> None:
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
            case log.FactAsserted(claim=claim):
                self._take(position, claim)
            case log.FactRetracted(claim=claim):
                self._end(position, claim)
            case log.FactRetconned(claim=claim, becomes=becomes):
                self._retcon(position, claim, becomes)
            case log.CharacterChanged(character_id=who, name=name, emotion=emotion):
                self._take_all(position, who, [("name", name), ("feeling", emotion)])
            case log.PlayerActed():
                self._segment.begin_turn(position)
            case log.StoryOpened(premise=premise):
                self._segment.begin_turn(position)
                for one in premise.characters:
                    traits = [("trait", t) for t, strength in one.traits.items() if strength >= 0.5]
                    given = [("name", one.name), ("alive", "true"), *traits]
                    self._take_all(position, one.character_id, given)

    def fork(self, at: int | None = None) -> Self:
        """The fold of a new branch that shares this path up to ``at`` (default: all of it).

        Costs the same whatever the length. Neither side ever sees what the other goes on to say.

        Raises:
            PositionNotFound: the path is not that long.
        """
        at = self.position if at is None else at
        if not 0 <= at <= self.position:
            raise PositionNotFound(f"the branch has {self.position} events, so none numbered {at}")
        child = type(self)(self.relations)
        segment = self._segment
        # A fork before this branch's own first event is a fork of its parent.
        while segment.parent is not None and at <= segment.forked_at:
            segment = segment.parent
        child._segment = Segment(segment, at)
        child.position = at
        if at == self.position:
            child._origin = self
            self._own.clear()
        return child

    def id_of(self, name: str) -> str:
        """The id under which facts about a name are kept.

        A name that is nobody's id, but the name, alias or role of exactly one, leads to them.
        """
        if BELIEF in name or name.startswith(NAMED):
            return name
        key = key_of(name)
        if self._now(key):
            return key
        bearers = self._now(NAMED + key)
        return next(iter(bearers))[1] if len(bearers) == 1 else key

    # -------------------------------------------------------------------------------- slots

    def _entry(self, subject: str, key: Key, at: int | None) -> Entry | None:
        if at is None or at >= self.position:
            return self._now(subject).get(key)
        entry = self._segment.latest(subject, key, at)
        return None if entry is None or entry.ends else entry

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
        latest = (
            (key, self._segment.latest(subject, key, at)) for key in self._segment.keys(subject)
        )
        return {key: entry for key, entry in latest if entry is not None and not entry.ends}

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
        if subject not in self._own:
            live = self._live[subject] = dict(live)
            self._own.add(subject)
        if ends:
            live.pop(key, None)
        else:
            live[key] = entry

    def _close(self, subject: str, key: Key, position: int, claim: Claim) -> None:
        if key in self._now(subject):
            self._write(subject, key, position, claim, ends=True)

    # ------------------------------------------------------------------------------- claims

    def _take_all(self, position: int, subject: str, given: list[tuple[str, str]]) -> None:
        for relation, value in given:
            if value:
                self._take(position, Claim(subject=subject, relation=relation, value=value))

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
            believer = self.id_of(claim.speaker) + BELIEF + subject
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
            words = [w for w in normal.split("_") if len(w) > 2]
            for word in {normal, *(words[-1:] if relation.name == "role" else words)}:
                if ("", subject) not in self._now(NAMED + word):
                    self._write(NAMED + word, ("", subject), position, claim)

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

    def _end(self, position: int, claim: Claim) -> None:
        relation = self.relations[claim.relation]
        subject = self.id_of(claim.subject)
        if claim.speaker != NARRATOR:
            subject = self.id_of(claim.speaker) + BELIEF + subject
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
                self._close(NAMED + word, ("", subject), position, claim)

    def _retcon(self, position: int, claim: Claim, becomes: Claim | None) -> None:
        _, _, entry = self._latest_saying(claim)
        if entry is not None:
            position = entry.position
            self._segment = self._segment.without(entry, self.position)
            self._live.clear()
            self._origin = None
        if becomes is not None:
            self._take(position, becomes)

    def _latest_saying(self, claim: Claim) -> tuple[str, Key, Entry | None]:
        """A claim's subject and slot, and the latest entry of it that says the same."""
        subject = self.id_of(claim.subject)
        slot, normal = self.relations.normal(claim.relation, claim.value)
        key = (claim.relation, slot)
        entry = self._segment.latest(subject, key, self.position)
        while entry is not None and (entry.ends or not self._says(subject, key, entry, normal)):
            entry = self._segment.latest(subject, key, entry.position - 1)
        return subject, key, entry

    def _says(self, subject: str, key: Key, entry: Entry, normal: str) -> bool:
        return self.relations.normal(key[0], value_in(subject, entry.claim))[1] == normal


def value_in(subject: str, claim: Claim) -> str:
    """What a claim says of a subject, which may be the other half of something symmetric."""
    is_other = key_of(claim.subject) != subject and key_of(claim.value) == subject
    return claim.subject if is_other else claim.value
