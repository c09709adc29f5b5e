"""Retcons: an author takes a fact back, or corrects it, after the story has been told.

Called by ``engine.stories``. What depends on the fact is ``canon.retcon``'s answer; here the chosen
way is written down as events: on the branch itself, or on a fork that parts before the first event
that would fall.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tta_rebuild.canon.retcon import RetconChoice, RetconPlan
from tta_rebuild.core.events import Event
from tta_rebuild.storage.story_store import Branch, StoryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Retconned:
    """A correction as it was made.

    Attributes:
        plan: what was taken back, and what depended on it.
        how: the way that was chosen.
        branch: where the correction stands: the branch itself, or the fork to go on with.
        events: what was written, in order.
    """

    plan: RetconPlan
    how: RetconChoice
    branch: Branch
    events: tuple[Event, ...]


async def make_retcon(
    store: StoryStore,
    branch: Branch,
    plan: RetconPlan,
    how: RetconChoice,
    *,
    reason: str,
    at: datetime,
) -> Retconned:
    """Write a correction down, whole or not at all.

    ``keep`` and ``mark`` write on the branch. ``rewrite`` forks at the end of the last turn before
    the first dependent event and writes there; the old telling stays as it was.

    Raises:
        PositionConflict: somebody else wrote to the branch since the plan was made.
    """
    events: list[Event] = [plan.event(reason)]
    if how == "mark":
        events.extend(plan.marks())
    if how == "rewrite":
        branch = await store.fork(branch.branch_id, await _fork_at(store, branch, plan), at=at)
    length = await store.append(
        branch.branch_id, branch.turn, events, expected=branch.length, at=at
    )
    written = await store.branch(branch.branch_id)
    assert written.length == length
    return Retconned(plan=plan, how=how, branch=written, events=tuple(events))


async def _fork_at(store: StoryStore, branch: Branch, plan: RetconPlan) -> int:
    """The end of the last turn in which nothing falls yet."""
    if not plan.dependents:
        return branch.length
    first = plan.dependents[0].position
    async for recorded in store.read(branch.branch_id, after=first - 1, upto=first):
        return await store.turn_end(branch.branch_id, max(recorded.turn - 1, 0))
    return branch.length
