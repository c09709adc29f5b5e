"""Two branches side by side: where they part, and what has become different since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import takewhile
from typing import Any

from tta_rebuild.canon.view import Fact
from tta_rebuild.core.events import PlayerActed, RecordedEvent, SceneTold
from tta_rebuild.engine.state import StoryFold, StoryState
from tta_rebuild.storage.story_store import Branch, StoryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One branch since the parting: what was done and told there, turn by turn.

    ``scenes`` are (turn, scene id, setting); ``facts`` hold here and not on the other side.
    """

    branch: Branch
    events: int
    actions: tuple[tuple[int, str], ...]
    scenes: tuple[tuple[int, str, str], ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two branches, the events and the last turn that they share, and everybody's name by id.

    ``characters`` is character id → field → its value on one side and on the other; of a list or a
    mapping only the part that differs.
    """

    shared_events: int
    shared_turn: int
    one: Side
    other: Side
    characters: Mapping[str, Mapping[str, tuple[Any, Any]]]
    names: Mapping[str, str]


async def compare(store: StoryStore, one: Branch, other: Branch) -> Comparison:
    """Compare two branches of one story."""
    first, first_state = await _path(store, one)
    second, second_state = await _path(store, other)
    pairs = zip(first, second, strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0].branch_id == pair[1].branch_id, pairs))
    return Comparison(
        shared_events=shared,
        shared_turn=first[shared - 1].turn if shared else 0,
        one=_side(one, first[shared:], first_state, second_state),
        other=_side(other, second[shared:], second_state, first_state),
        characters=_character_differences(first_state, second_state),
        names=first_state.names | second_state.names,
    )


async def _path(store: StoryStore, branch: Branch) -> tuple[list[RecordedEvent], StoryState]:
    fold = StoryFold()
    events = [recorded async for recorded in store.read(branch.branch_id, upto=branch.length)]
    for recorded in events:
        fold.apply(recorded)
    return events, fold.present()


def _side(branch: Branch, own: list[RecordedEvent], here: StoryState, there: StoryState) -> Side:
    told = [(r.turn, r.event.scene) for r in own if isinstance(r.event, SceneTold)]
    known = {(f.subject, f.relation, f.value) for f in there.facts}
    facts = (f for f in here.facts if (f.subject, f.relation, f.value) not in known)
    return Side(
        branch=branch,
        events=len(own),
        actions=tuple((r.turn, r.event.text) for r in own if isinstance(r.event, PlayerActed)),
        scenes=tuple((turn, scene.scene_id, scene.setting) for turn, scene in told),
        facts=tuple(facts),
    )


def _character_differences(
    one: StoryState, other: StoryState
) -> dict[str, dict[str, tuple[Any, Any]]]:
    differences: dict[str, dict[str, tuple[Any, Any]]] = {}
    for who in sorted({*one.characters, *other.characters}):
        mine, theirs = one.characters.get(who), other.characters.get(who)
        if mine is None or theirs is None:
            there = ("present", "absent")
            differences[who] = {"in the story": there if mine else there[::-1]}
            continue
        both = ((f.name, getattr(mine, f.name), getattr(theirs, f.name)) for f in fields(mine))
        differing = {name: _parts(a, b) for name, a, b in both if name != "last_updated" and a != b}
        if differing:
            differences[who] = differing
    return differences


def _parts(mine: Any, theirs: Any) -> tuple[Any, Any]:
    """Both values; of two lists or mappings what the other has not, or not so."""
    if isinstance(mine, Mapping):
        return (
            {key: value for key, value in mine.items() if theirs.get(key) != value},
            {key: value for key, value in theirs.items() if mine.get(key) != value},
        )
    if isinstance(mine, list):
        return [x for x in mine if x not in theirs], [x for x in theirs if x not in mine]
    return mine, theirs
