"""Two branches side by side: where they part, and what has become different since.

Called by ``engine.stories``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from tta_rebuild.core.events import PlayerActed, RecordedEvent, SceneTold
from tta_rebuild.engine.state import StoryFold, StoryState
from tta_rebuild.storage.story_store import Branch, StoryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One branch since the parting.

    Attributes:
        actions: what the player did, turn by turn.
        scenes: (turn, scene id, setting).
        facts: what holds here and not on the other side.
    """

    branch: Branch
    events: int
    actions: tuple[tuple[int, str], ...]
    scenes: tuple[tuple[int, str, str], ...]
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two branches.

    Attributes:
        shared_events: length of the common path.
        shared_turn: the last turn in common.
        characters: character id → field → its value on one side and on the other.
    """

    shared_events: int
    shared_turn: int
    one: Side
    other: Side
    characters: Mapping[str, Mapping[str, tuple[str, str]]]


async def compare(store: StoryStore, one: Branch, other: Branch) -> Comparison:
    """Compare two branches of one story."""
    first, first_state = await _path(store, one)
    second, second_state = await _path(store, other)
    shared = 0
    for mine, theirs in zip(first, second, strict=False):
        if mine.branch_id != theirs.branch_id:
            break
        shared += 1
    facts_one, facts_other = _facts(first_state), _facts(second_state)
    return Comparison(
        shared_events=shared,
        shared_turn=first[shared - 1].turn if shared else 0,
        one=_side(one, first[shared:], facts_one - facts_other),
        other=_side(other, second[shared:], facts_other - facts_one),
        characters=_character_differences(first_state, second_state),
    )


async def _path(store: StoryStore, branch: Branch) -> tuple[list[RecordedEvent], StoryState]:
    fold = StoryFold()
    events = []
    async for recorded in store.read(branch.branch_id, upto=branch.length):
        events.append(recorded)
        fold.apply(recorded)
    return events, fold.present()


def _side(branch: Branch, own: list[RecordedEvent], facts: set[str]) -> Side:
    return Side(
        branch=branch,
        events=len(own),
        actions=tuple((r.turn, r.event.text) for r in own if isinstance(r.event, PlayerActed)),
        scenes=tuple(
            (r.turn, r.event.scene.scene_id, r.event.scene.setting)
            for r in own
            if isinstance(r.event, SceneTold)
        ),
        facts=tuple(sorted(facts)),
    )


def _facts(state: StoryState) -> set[str]:
    return {f"{f.subject} {f.relation} {f.value}" for f in state.facts}


def _character_differences(
    one: StoryState, other: StoryState
) -> dict[str, dict[str, tuple[str, str]]]:
    differences: dict[str, dict[str, tuple[str, str]]] = {}
    for character_id in sorted({*one.characters, *other.characters}):
        mine, theirs = one.characters.get(character_id), other.characters.get(character_id)
        if mine is None or theirs is None:
            where = ("present", "absent") if mine else ("absent", "present")
            differences[character_id] = {"in the story": where}
            continue
        differing = {
            f.name: (str(getattr(mine, f.name)), str(getattr(theirs, f.name)))
            for f in fields(mine)
            if f.name != "last_updated" and getattr(mine, f.name) != getattr(theirs, f.name)
        }
        if differing:
            differences[character_id] = differing
    return differences
