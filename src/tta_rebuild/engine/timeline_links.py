"""The story's own timeline: which earlier scenes a scene goes back to, inferred from its facts.

Only the order of telling is known: a scene that changes or uses what an earlier scene made so has
that scene among its causes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.core.story import NARRATOR, Claim

MOST_LINKS = 4
_OF_THINGS = ("state", "located_in", "part_of")


def inferred_causes(canon: Canon, claims: Iterable[Claim], turn: int) -> tuple[str, ...]:
    """Ids of the timeline events of earlier scenes that these claims depend on, latest first.

    Args:
        canon: what held before the scene.
        claims: what the scene made so or ended.
        turn: the scene's turn; only scenes before it are causes.
    """
    narrated = (claim for claim in claims if claim.speaker == NARRATOR)
    turns = {canon.turn_of(fact.since) for claim in narrated for fact in _needed(canon, claim)}
    earlier = sorted((t for t in turns if 0 < t < turn), reverse=True)
    return tuple(f"turn-{t}-scene" for t in earlier[:MOST_LINKS])


def _needed(canon: Canon, claim: Claim) -> Iterator[Fact]:
    """What held and is replaced, ended, passed on or used by a claim."""
    relation = canon.relations[claim.relation]
    slot, normal = canon.relations.normal(relation.name, claim.value)
    held = canon.fact(claim.subject, relation.name, slot)
    if held is not None:
        is_same = canon.relations.normal(relation.name, held.value)[1] == normal
        if claim.ends or not is_same:
            yield held
    bearer = canon.bearer(relation.name, claim.value)
    if bearer is not None:
        yield bearer
    if relation.value in ("thing", "place"):
        yield from (f for f in canon.facts_about(claim.value) if f.relation in _OF_THINGS)
