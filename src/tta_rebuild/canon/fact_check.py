"""One claim against what holds, by the columns of its relation: contradiction as arithmetic.

Knows no language: what the words around a claim say of change comes in as a ``Telling``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tta_rebuild.canon.recall import words_in
from tta_rebuild.canon.relations import Relation, key_of
from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.core.story import NARRATOR, Claim

_ALIKE: Mapping[str, Callable[[str, str], bool]] = {
    "suffix": lambda a, b: a.endswith("_" + b),
    "prefix": lambda a, b: a.startswith(b),
    "either_end": lambda a, b: a.endswith("_" + b) or a.startswith(b + "_"),
    "word": lambda a, b: bool(set(a.split("_")) & set(b.split("_"))),
}
"""When two values of a relation count as one, by its column ``alike``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A draft sentence that cannot stand beside what is already true, and why.

    Attributes:
        kind: such as ``dead_acts``, ``two_places``, ``kin_changed``.
        message, fix: what is wrong and what to do about it, in plain words.
        sentence, against: what was about to be told; the sentence, fact or rule that it is against.
        relation, positions: of the facts that it contradicts, earliest first; empty for rules.
        is_guess: it rests on a fact that was inferred, such as by a pronoun that could mean two.
    """

    kind: str
    message: str
    sentence: str
    against: str
    relation: str = ""
    subject: str = ""
    positions: tuple[int, ...] = ()
    fix: str = ""
    severity: Literal["error", "warning"] = "error"
    is_guess: bool = False

    @property
    def blocks(self) -> bool:
        """Whether the sentence must not reach the player."""
        return self.severity == "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How a claim is told: ``as_change`` (the words tell that it changed), ``of_a_body`` (they
    speak of the dead as dead), ``declared`` (by a storyteller; the dead may lie where they died),
    ``may_haunt`` (who died before the story may be a ghost in it) and ``explained`` (what was
    before is said to end with it).
    """

    as_change: bool = False
    of_a_body: bool = False
    declared: bool = False
    may_haunt: bool = False
    explained: bool = False


class FactCheck:
    """One claim, told in some way, held against a canon."""

    def __init__(self, canon: Canon, claim: Claim, telling: Telling) -> None:
        self.canon, self.claim, self.telling = canon, claim, telling
        self.relation: Relation = canon.relations[claim.relation]
        self.subject = canon.id_of(claim.subject)
        self.slot, self.normal = canon.relations.normal(self.relation.name, claim.value)

    def contradictions(self) -> Iterator[Contradiction]:
        """What holds and cannot hold beside it; nothing for a character's claim, a belief."""
        relation, ends = self.relation, self.claim.ends
        if self.claim.speaker != NARRATOR:
            return
        if not ends:
            if relation.person or self.slot in relation.living:
                yield from self._dead()
            yield from self._destroyed()
        held = self.canon.fact(self.subject, relation.name, self.slot)
        if relation.denies:
            yield from self._denied()
        elif relation.needs:
            yield from self._in_other_hands()
        elif ends and not relation.momentary:
            yield from self._ending(held)
        elif not relation.momentary:
            if held is not None:
                yield from self._second_value(held)
            yield from self._excluded()

    def _second_value(self, held: Fact) -> Iterator[Contradiction]:
        relation, told = self.relation, self.telling.as_change
        was = self.canon.relations.normal(relation.name, held.value)[1]
        if was == self.normal or self._compatible(was, self.normal):
            return
        if relation.rising or relation.falls:
            yield from self._counted(held, was)
        elif was in relation.final:
            if not (told and self.normal in relation.restored):
                yield self._found(held, kind=relation.final_kind or relation.contradiction)
        elif self.normal not in relation.once:
            unexplained = relation.change == "narrated" and not told
            if relation.steady and not self.telling.explained:
                unexplained |= self.canon.relations.sides(relation.name, was, self.normal)
            if relation.change == "never" or unexplained:
                yield self._found(held, is_sure=not relation.volatile or self._is_fresh(held))

    def _compatible(self, was: str, now: str) -> bool:
        """Whether two values count as one."""
        is_alike, nested = _ALIKE.get(self.relation.alike), self.relation.nested
        return any(
            (is_alike is not None and is_alike(a, b)) or (nested and lies_in(self.canon, a, b))
            for a, b in ((was, now), (now, was))
        )

    def _counted(self, held: Fact, was: str) -> Iterator[Contradiction]:
        """A number that only grows and has not, or more of something that came from nowhere."""
        relation, telling = self.relation, self.telling
        before, now = was.split(" ")[0], self.normal.split(" ")[0]
        if before.isdigit() and now.isdigit():
            is_told = telling.explained if relation.falls else telling.as_change
            is_untold = not is_told and relation.change == "narrated"
            if is_untold if int(now) > int(before) else relation.rising:
                yield self._found(held)

    def _ending(self, held: Fact | None) -> Iterator[Contradiction]:
        relation = self.relation
        if held is None:
            bearer = self.canon.bearer(relation.name, self.claim.value)
            if bearer and bearer.subject != self.subject and not self._is_fresh(bearer):
                yield self._found(bearer)  # else it has just passed from hand to hand
            return
        if not self.canon.relations.same(relation.name, held.value, self.claim.value):
            return
        if relation.endless or self.normal in relation.final:
            yield self._found(held)
        elif relation.change == "never":
            yield self._found(held, kind="denied_fact")

    def _dead(self) -> Iterator[Contradiction]:
        dead, telling = self.canon.holds_at(self.subject, "alive", "false"), self.telling
        if dead is None or telling.of_a_body:
            return
        if telling.declared and self.relation.nested and self._may_lie_there(dead):
            return
        if not (telling.may_haunt and self._never_seen(dead)):
            fix = f"let someone else do it, or tell it as a memory: {plain(self.subject)} is dead"
            yield self._found(dead, kind="dead_acts", fix=fix)

    def _may_lie_there(self, dead: Fact) -> bool:
        """Whether a body may be where it is said to be: laid there, or where the death was told."""
        place = key_of(self.claim.value)
        if self._is_fresh(dead) or words_in(plain(place)) & words_in(dead.sentence):
            return True
        was = key_of(self.canon.value(self.subject, "located_in") or "")
        return self._compatible(was, place) or any(
            key_of(rest) in place for rest in self.relation.of_the_dead
        )

    def _never_seen(self, dead: Fact) -> bool:
        """Whether nobody was seen alive in this story before it told that they are dead."""
        canon = self.canon
        before = canon.facts_about(dead.subject, at=dead.since - 1)
        known = (canon.relations[fact.relation] for fact in before)
        return not any(relation.person or relation.volatile for relation in known)

    def _destroyed(self) -> Iterator[Contradiction]:
        relation = self.relation
        if relation.of_lost_things or "thing" not in (relation.subject, relation.value):
            return
        is_the_value = relation.subject != "thing"
        thing = self.canon.id_of(self.claim.value) if is_the_value else self.subject
        gone = self.canon.holds_at(thing, "state", "destroyed")
        if gone is None:
            return
        # whether it still exists is what a claim about its existence is about
        existence = self.canon.relations.normal(gone.relation, gone.value)[0]
        if relation.name == gone.relation and (self.telling.as_change or self.slot == existence):
            return
        fix = f"{plain(thing)} no longer exists: leave it out, or tell how it was rebuilt"
        yield self._found(gone, kind="destroyed_used", fix=fix)

    def _denied(self) -> Iterator[Contradiction]:
        denied = self.canon.relations[self.relation.denies]
        held = self.canon.holds_at(self.subject, denied.name, self.canon.id_of(self.claim.value))
        if held is not None:
            fix = "let them meet as people who know each other"
            yield self._found(held, kind=denied.contradiction, relation=denied.name, fix=fix)

    def _in_other_hands(self) -> Iterator[Contradiction]:
        canon, value, needed = self.canon, self.claim.value, self.relation.needs
        bearer = canon.bearer(needed, value)
        last = canon.last_of(self.subject, needed, value)
        if bearer is not None and bearer.subject != self.subject:
            kind = canon.relations[needed].contradiction
            yield self._found(bearer, kind=kind, relation=needed)
        elif bearer is None and last is not None and last[1]:
            fix = f"tell how {plain(self.subject)} came by it again, or leave it out"
            lost: dict[str, Any] = {"kind": "lost_used", "relation": needed, "fix": fix}
            yield self._found(last[0], because=" and lost it since", **lost)

    def _excluded(self) -> Iterator[Contradiction]:
        """Other relations, or other slots of this one, that cannot hold beside the claim."""
        for excluded in self.relation.excludes:
            other = self.canon.fact(self.subject, excluded, self.slot)
            if other is not None and self.canon.relations[excluded].endless:
                yield self._found(other)
        name = self.relation.name
        for mine, slot, opposite in () if self.telling.as_change else self.relation.opposed:
            held = self.canon.fact(self.subject, name, slot) if self.normal == mine else None
            if held and self.canon.relations.same(name, held.value, opposite):
                yield self._found(held, is_sure=self._is_fresh(held))

    def _is_fresh(self, fact: Fact) -> bool:
        """Whether it became so in this turn."""
        return fact.since >= self.canon.turn_began_at()

    def _found(
        self,
        held: Fact,
        *,
        is_sure: bool = True,
        because: str = "",
        **otherwise: Any,
    ) -> Contradiction:
        """The contradiction of the claim and a fact; ``otherwise`` replaces some of its values."""
        saying = "no longer: " if self.claim.ends else ""
        saying += self.relation.say(self.subject, self.claim.value)
        was = self.canon.relations[held.relation].say(held.subject, held.value)
        values: dict[str, Any] = {
            "kind": self.relation.contradiction,
            "message": f"this says “{saying}”, but {was}{because} (since event {held.since})",
            "sentence": self.claim.sentence,
            "against": held.sentence or was,
            "relation": self.relation.name,
            "subject": self.subject,
            "positions": (held.since,),
            "fix": f"keep to what holds ({was}), or tell first how it changed",
            "severity": "error" if is_sure else "warning",
            "is_guess": not held.certain,
        }
        return Contradiction(**values | otherwise)


def lies_in(canon: Canon, small: str, great: str) -> bool:
    """Whether a place is another or lies within it, as far as the canon says."""
    seen: set[str] = set()
    here, great = key_of(small), key_of(great)
    while here and here not in seen:
        if here == great:
            return True
        seen.add(here)
        here = key_of(canon.value(here, "part_of") or canon.value(here, "located_in") or "")
    return False


def plain(name: str) -> str:
    """An id as words."""
    return name.replace("_", " ")
