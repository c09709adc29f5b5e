"""Retcons: what else would fall if an author takes a fact back.

An event depends on a fact if, without it (or with what it becomes), the event's claim would be
contradicted or have nothing to end, and with it not; and on, for what depends on that event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from tta_rebuild.canon.fact_check import FactCheck, Telling
from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.core.errors import StoryError
from tta_rebuild.core.events import FactAsserted, FactRetconned, FactRetracted
from tta_rebuild.core.story import Claim

RetconChoice = Literal["keep", "mark", "rewrite"]
"""Keep the events that depend on it, mark them as doubtful, or tell anew from there on a fork."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependent:
    """The claim of a later event that would no longer stand, and why not, in plain words."""

    position: int
    claim: Claim
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetconPlan:
    """What taking ``fact`` back would do; ``becomes`` is what was so instead, None if nothing.

    ``rewrite_at`` is where a fork tells the story anew, before the first of the dependents.
    """

    fact: Fact
    becomes: Claim | None
    dependents: tuple[Dependent, ...]
    rewrite_at: int

    def event(self, reason: str = "") -> FactRetconned:
        """The event that makes the correction."""
        return FactRetconned(claim=self.fact.as_claim(), becomes=self.becomes, reason=reason)

    def marks(self) -> tuple[FactRetracted, ...]:
        """For ``mark``: events that end what the dependents made so."""
        return tuple(
            FactRetracted(claim=replace(d.claim, ends=False), reason=f"doubtful: {d.why}")
            for d in self.dependents
            if not d.claim.ends
        )


def plan_retcon(canon: Canon, claim: Claim, becomes: Claim | None = None) -> RetconPlan:
    """The plan for taking a fact back. Raises StoryError: nothing of the kind was ever so here."""
    fact = canon.was_so(claim)
    if fact is None:
        raise StoryError(
            f"on this branch it never was so that {claim.subject} {claim.relation} "
            f"{claim.value}; see the facts with 'tta facts'"
        )
    found = tuple(_dependents(canon, fact, becomes))
    rewrite_at = found[0].position - 1 if found else canon.position
    return RetconPlan(fact=fact, becomes=becomes, dependents=found, rewrite_at=rewrite_at)


def _dependents(canon: Canon, fact: Fact, becomes: Claim | None) -> Iterator[Dependent]:
    """Replay the entries that touch the same things, once with the fact and once without."""
    said = filter(None, (fact.as_claim(), becomes))
    concerned = {canon.id_of(name) for one in said for name in (one.subject, one.value)}
    later = {
        entry.recorded: entry.claim
        for subject in sorted(concerned)
        for entry in reversed(canon.entries_after(subject, fact.since))
    }
    with_fact = canon.fork(fact.since)
    without = canon.fork(fact.since - 1) if fact.since > 1 else Canon()
    if becomes is not None:
        without.apply(fact.since, FactAsserted(claim=becomes))
    for position, claim in sorted(later.items()):
        before, after = _trouble(with_fact, claim), _trouble(without, claim)
        if after and not before:
            yield Dependent(position=position, claim=claim, why=after)
        else:
            without.apply(position, FactAsserted(claim=claim))
        with_fact.apply(position, FactAsserted(claim=claim))


def _trouble(canon: Canon, claim: Claim) -> str:
    """Why a claim cannot stand here, "" if it can."""
    if claim.ends:
        if canon.holds_at(claim.subject, claim.relation, claim.value) is None:
            return f"it ends what was never so: {claim.subject} {claim.relation} {claim.value}"
        return ""
    found = next(FactCheck(canon, claim, Telling(as_change=True)).contradictions(), None)
    return found.message if found is not None else ""
