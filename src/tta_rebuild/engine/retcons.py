"""Retcons: an author takes a fact back, or corrects it, after the story has been told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tta_rebuild.canon.lines import cut_line, lines_saying
from tta_rebuild.canon.retcon import RetconChoice, RetconPlan
from tta_rebuild.core.errors import StoryError
from tta_rebuild.core.events import Event, LineEnded, LineKept
from tta_rebuild.core.story import LastingLine
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.snapshots import folded_whole
from tta_rebuild.engine.state import StoryState
from tta_rebuild.storage.story_store import Branch, StoryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Retconned:
    """A correction as it was made; ``branch`` is where it stands: the branch, or the fork."""

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

    ``keep`` and ``mark`` write on the branch; ``rewrite`` on a fork at the end of the last turn
    before the first dependent event, and the old telling stays. Raises PositionConflict.
    """
    events: list[Event] = [plan.event(reason), *(plan.marks() if how == "mark" else ())]
    if how == "rewrite":
        position = branch.length
        if plan.dependents:
            first = plan.dependents[0].position
            async for fallen in store.read(branch.branch_id, after=first - 1, upto=first):
                position = await store.turn_end(branch.branch_id, max(fallen.turn - 1, 0))
        branch = await store.fork(branch.branch_id, position, at=at)
    events.extend(_corrected((await folded_whole(store, branch)).present(), plan))
    await store.append(branch.branch_id, branch.turn, events, expected=branch.length, at=at)
    written = await store.branch(branch.branch_id)
    return Retconned(plan=plan, how=how, branch=written, events=tuple(events))


def _corrected(state: StoryState, plan: RetconPlan) -> Iterator[Event]:
    """What becomes of the lasting lines that say the fact."""
    fact, becomes = plan.fact, plan.becomes
    numbers = lines_saying(state.lines, fact)
    for number in numbers:
        line = state.lines[number]
        yield LineEnded(number=number)
        if fact.relation == "knows" and len(line.known_by) > 1:
            others = tuple(who for who in line.known_by if who != fact.subject)
            yield LineKept(line=replace(line, known_by=others))
    if numbers and becomes is not None:
        who = state.names.get(becomes.subject, becomes.subject)
        said = state.canon.relations[becomes.relation].say(who, becomes.value)
        yield LineKept(line=LastingLine(text=f"{said}.", about=(becomes.subject,), weight=2))


async def correct_line(
    store: StoryStore, branch: Branch, number: int, becomes: str, *, at: datetime
) -> Mapping[int, LastingLine]:
    """End a lasting line, and keep in its place what an author says ("": nothing); those in force.

    Raises StoryError: no line of this number is in force; PositionConflict.
    """
    lines = (await folded_whole(store, branch)).present().lines
    if number not in lines:
        raise StoryError(message("no_line", number=number))
    events: list[Event] = [LineEnded(number=number)]
    if becomes:
        events.append(LineKept(line=replace(lines[number], text=cut_line(becomes))))
    await store.append(branch.branch_id, branch.turn, events, expected=branch.length, at=at)
    return (await folded_whole(store, await store.branch(branch.branch_id))).present().lines
