"""One claim against what holds, by the columns of its relation: contradiction as arithmetic.

Knows no language: what the words around a claim say of change comes in as a ``Telling``, which
``reading`` fills in (or nobody, for a claim that came without words). Called by the checker of
``reading`` for declared and for read claims, and by ``retcon``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tta_rebuild.canon.contradiction import Contradiction
from tta_rebuild.canon.recall import words_in
from tta_rebuild.canon.relations import Area, Relation, key_of
from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.core.story import NARRATOR, Claim

_SURE, _LIKELY, _ENDED, _UNSAID, _OFFSTAGE = 0.97, 0.9, 0.85, 0.65, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How a claim is told.

    Attributes:
        as_change: the words tell that it changed ("she gave him the key").
        after_a_while: the words say that time has gone by.
        of_a_body: the words speak of the dead as dead ("the body lay").
        declared: a storyteller declares it, so that whatever an event could explain is change; the
            dead may lie where they died or are laid.
        may_haunt: who died before the story may be a ghost in it.
        explained: what was before is said to end with it ("three less one is two").
    """

    as_change: bool = False
    after_a_while: bool = False
    of_a_body: bool = False
    declared: bool = False
    may_haunt: bool = False
    explained: bool = False


@dataclass(frozen=True, slots=True)
class _Case:
    """One claim under examination."""

    claim: Claim
    relation: Relation
    subject: str
    slot: str
    normal: str
    telling: Telling


class FactCheck:
    """Compares claims with a canon."""

    def __init__(self, canon: Canon) -> None:
        self._canon = canon

    def contradictions(
        self, claim: Claim, telling: Telling | None = None
    ) -> Iterator[Contradiction]:
        """What the claim contradicts; a character's claim is a belief and contradicts nothing."""
        if claim.speaker != NARRATOR:
            return
        relation = self._canon.relations[claim.relation]
        slot, normal = self._canon.relations.normal(relation.name, claim.value)
        case = _Case(
            claim, relation, self._canon.id_of(claim.subject), slot, normal, telling or Telling()
        )
        if not claim.ends:
            if relation.person or slot in relation.living:
                yield from self._dead(case)
            yield from self._destroyed(case)
        if relation.denies:
            yield from self._denied(case)
        elif relation.needs:
            yield from self._in_other_hands(case, self._canon.relations[relation.needs])
        elif not relation.momentary:
            yield from self._values(case)

    def _values(self, case: _Case) -> Iterator[Contradiction]:
        held = self._canon.fact(case.subject, case.relation.name, case.slot)
        if case.claim.ends:
            yield from self._ending(case, held)
            return
        if held is not None:
            was = self._canon.relations.normal(case.relation.name, held.value)[1]
            if was != case.normal:
                yield from self._second_value(case, held, was)
        elif case.relation.inverse and not case.telling.as_change:
            yield from self._in_other_hands(case, case.relation)
        yield from self._excluded(case)

    # ------------------------------------------------------------------------ a second value

    def _second_value(self, case: _Case, held: Fact, was: str) -> Iterator[Contradiction]:
        relation, told = case.relation, case.telling.as_change
        if self._compatible(relation, was, case.normal):
            return
        if relation.order:
            yield from self._hour(case, held)
        elif relation.rising:
            yield from self._number(case, held, was)
        elif relation.falls and case.telling.declared:
            yield from self._grown(case, held, was)
        elif was in relation.final:
            if not (told and case.normal in relation.restored):
                kind = relation.final_kind or relation.contradiction
                yield self._found(case, held, _SURE, kind=kind)
        elif case.normal not in relation.once:
            if relation.distance:
                yield from self._journey(case, held)
            unexplained = relation.change == "narrated" and not told
            if relation.steady and not case.telling.explained:
                unexplained = unexplained or self._canon.relations.sides(
                    relation.name, was, case.normal
                )
            if relation.change == "never" or unexplained:
                yield self._found(case, held, self._certainty(case, held))

    def _certainty(self, case: _Case, held: Fact) -> float:
        certainty = _SURE if case.relation.change == "never" else _LIKELY
        if case.relation.volatile and not self._since_last_turn(held):
            certainty = _OFFSTAGE
        return certainty

    def _compatible(self, relation: Relation, was: str, now: str) -> bool:
        match relation.alike:
            case "suffix":
                alike = was.endswith("_" + now) or now.endswith("_" + was)
            case "prefix":
                alike = was.startswith(now) or now.startswith(was)
            case "either_end":
                alike = any(
                    a.endswith("_" + b) or a.startswith(b + "_")
                    for a, b in ((was, now), (now, was))
                )
            case "word":
                alike = bool(set(was.split("_")) & set(now.split("_")))
            case _:
                alike = False
        if relation.nested:
            alike = alike or lies_in(self._canon, was, now) or lies_in(self._canon, now, was)
        return alike

    def _number(self, case: _Case, held: Fact, was: str) -> Iterator[Contradiction]:
        if case.telling.declared and not (was.isdigit() and case.normal.isdigit()):
            return
        if not (was.isdigit() and case.normal.isdigit() and int(case.normal) > int(was)):
            yield self._found(case, held, _SURE)
        elif case.relation.change == "narrated" and not case.telling.as_change:
            yield self._found(case, held, _LIKELY)

    def _grown(self, case: _Case, held: Fact, was: str) -> Iterator[Contradiction]:
        """More of something than there was, with nothing that says where it came from."""
        before, now = was.split(" ")[0], case.normal.split(" ")[0]
        if case.telling.explained or not (before.isdigit() and now.isdigit()):
            return
        if int(now) > int(before):
            yield self._found(case, held, _LIKELY)

    def _journey(self, case: _Case, held: Fact) -> Iterator[Contradiction]:
        far = self._canon.holds_at(held.value, case.relation.distance, case.claim.value)
        if far is None or not self._since_last_turn(held) or case.telling.after_a_while:
            return
        yield self._found(
            case,
            held,
            _LIKELY,
            kind=self._canon.relations[case.relation.distance].contradiction,
            because=f" and {relation_text(far)}",
            more=(far.since,),
        )

    def _hour(self, case: _Case, held: Fact) -> Iterator[Contradiction]:
        order = case.relation.order
        was, now = key_of(held.value), key_of(case.claim.value)
        if was not in order or now not in order or order.index(now) >= order.index(was):
            return
        if case.telling.as_change or case.telling.after_a_while:
            return
        yield self._found(case, held, _LIKELY if self._since_last_turn(held) else _OFFSTAGE)

    # ------------------------------------------------------------------------ its end

    def _ending(self, case: _Case, held: Fact | None) -> Iterator[Contradiction]:
        relation = case.relation
        if held is None:
            bearer = self._canon.bearer(relation.name, case.claim.value)
            if bearer is None or bearer.subject == case.subject:
                return
            if not self._since_last_turn(bearer):  # else it has just passed from hand to hand
                yield self._found(case, bearer, _LIKELY)
            return
        if self._canon.relations.normal(relation.name, held.value)[1] != case.normal:
            return
        if relation.endless or case.normal in relation.final:
            yield self._found(case, held, _SURE)
        elif relation.change == "never":
            yield self._found(case, held, _SURE, kind="denied_fact", area="fact")
        elif relation.change == "narrated" and not case.telling.as_change:
            fresh = self._since_last_turn(held)
            certainty = _OFFSTAGE if relation.volatile and not fresh else _ENDED
            if relation.untold:
                certainty = min(certainty, _UNSAID)
            yield self._found(case, held, certainty, kind="denied_fact", area="fact")

    # ------------------------------------------------------------------------ who and what is left

    def _dead(self, case: _Case) -> Iterator[Contradiction]:
        dead = self._canon.holds_at(case.subject, "alive", "false")
        if dead is None or case.telling.of_a_body:
            return
        telling = case.telling
        if telling.declared and case.relation.nested and self._may_lie_there(case, dead):
            return
        if telling.may_haunt and self._never_seen(dead):
            return
        yield self._found(
            case,
            dead,
            _SURE,
            kind="dead_acts",
            area="timeline",
            fix=f"let someone else do it, or tell it as a memory: {plain(case.subject)} is dead",
        )

    def _may_lie_there(self, case: _Case, dead: Fact) -> bool:
        """Whether a body may be where it is said to be: laid there, or where the death was told."""
        place = key_of(case.claim.value)
        if self._since_last_turn(dead) or words_in(plain(place)) & words_in(dead.sentence):
            return True
        was = key_of(self._canon.value(case.subject, "located_in") or "")
        return self._compatible(case.relation, was, place) or any(
            key_of(rest) in place for rest in case.relation.of_the_dead
        )

    def _never_seen(self, dead: Fact) -> bool:
        """Whether nobody was seen alive in this story before it told that they are dead."""
        canon = self._canon
        before = canon.facts_about(dead.subject, at=dead.since - 1)
        known = (canon.relations[fact.relation] for fact in before)
        return not any(relation.person or relation.volatile for relation in known)

    def _destroyed(self, case: _Case) -> Iterator[Contradiction]:
        relation = case.relation
        if relation.of_lost_things or "thing" not in (relation.subject, relation.value):
            return
        thing = case.subject
        if relation.subject != "thing":
            thing = self._canon.id_of(case.claim.value)
        gone = self._canon.holds_at(thing, "state", "destroyed")
        if gone is None:
            return
        # whether it still exists is what a claim about its existence is about
        existence = self._canon.relations.normal(gone.relation, gone.value)[0]
        if relation.name == gone.relation and (case.telling.as_change or case.slot == existence):
            return
        yield self._found(
            case,
            gone,
            _SURE,
            kind="destroyed_used",
            area="world",
            fix=f"{plain(thing)} no longer exists: leave it out, or tell how it was rebuilt",
        )

    def _denied(self, case: _Case) -> Iterator[Contradiction]:
        denied = self._canon.relations[case.relation.denies]
        held = self._canon.holds_at(case.subject, denied.name, self._canon.id_of(case.claim.value))
        if held is not None:
            yield self._found(
                case,
                held,
                _SURE,
                relation=denied,
                fix="let them meet as people who know each other",
            )

    def _in_other_hands(self, case: _Case, relation: Relation) -> Iterator[Contradiction]:
        canon, value = self._canon, case.claim.value
        bearer = canon.bearer(relation.name, value)
        if bearer is not None and bearer.subject != case.subject:
            yield self._found(case, bearer, _LIKELY, relation=relation)
            return
        last = canon.last_of(case.subject, relation.name, value)
        if bearer is None and last is not None and last[1]:
            yield self._found(
                case,
                last[0],
                _LIKELY,
                relation=relation,
                kind=relation.lost_kind or "lost_used",
                because=" and lost it since",
                fix=f"tell how {plain(case.subject)} came by it again, or leave it out",
            )

    def _excluded(self, case: _Case) -> Iterator[Contradiction]:
        """Other relations, or other slots of this one, that cannot hold beside the claim."""
        told, name = case.telling.as_change, case.relation.name
        for excluded in case.relation.excludes:
            other = self._canon.fact(case.subject, excluded, case.slot)
            if other is None:
                continue
            if self._canon.relations[excluded].endless:
                yield self._found(case, other, _SURE)
            elif not told:
                yield self._found(case, other, _LIKELY)
        for mine, slot, opposite in case.relation.opposed:
            held = self._canon.fact(case.subject, name, slot) if case.normal == mine else None
            if held is None or told:
                continue
            if self._canon.relations.normal(name, held.value)[1] == opposite:
                yield self._found(case, held, _LIKELY if self._since_last_turn(held) else _OFFSTAGE)

    # ------------------------------------------------------------------------ saying it

    def _since_last_turn(self, fact: Fact) -> bool:
        return fact.since >= self._canon.turn_began_at()

    def _found(
        self,
        case: _Case,
        held: Fact,
        certainty: float,
        *,
        relation: Relation | None = None,
        kind: str = "",
        area: Area | None = None,
        because: str = "",
        more: tuple[int, ...] = (),
        fix: str = "",
    ) -> Contradiction:
        relation = relation or case.relation
        canon, claim = self._canon, case.claim
        saying = canon.relations[claim.relation].say(case.subject, claim.value)
        if claim.ends:
            saying = f"no longer: {saying}"
        was = relation_text(held, canon)
        return Contradiction(
            kind=kind or relation.contradiction,
            area=area or relation.area,
            message=f"this says “{saying}”, but {was}{because} (since event {held.since})",
            sentence=claim.sentence,
            against=held.sentence or was,
            relation=relation.name,
            subject=case.subject,
            positions=tuple(sorted({held.since, *more})),
            fix=fix or f"keep to what holds ({was}), or tell first how it changed",
            certainty=certainty,
            is_guess=not held.certain,
        )


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


def relation_text(fact: Fact, canon: Canon | None = None) -> str:
    """A fact in plain words."""
    if canon is None:
        return f"{plain(fact.subject)} {fact.relation.replace('_', ' ')} {plain(fact.value)}"
    return canon.relations[fact.relation].say(fact.subject, fact.value)


def plain(name: str) -> str:
    """An id as words."""
    return name.replace("_", " ")
