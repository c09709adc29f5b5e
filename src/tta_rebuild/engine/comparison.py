"""Two branches side by side: where they part, and what has become different since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import takewhile
from typing import Any

from tta_rebuild.canon.view import Fact
from tta_rebuild.core.events import PlayerActed, RecordedEvent, SceneTold
from tta_rebuild.engine.snapshots import read_path
from tta_rebuild.engine.state import StoryState
from tta_rebuild.storage.story_store import Branch, StoryStore

_NOT_COMPARED = ("last_updated", "spoken")


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

    ``characters`` is character id → field → where both sides differ: the one value, the other.
    """

    shared_events: int
    shared_turn: int
    one: Side
    other: Side
    characters: Mapping[str, Mapping[str, tuple[Any, Any]]]
    names: Mapping[str, str]


async def compare(store: StoryStore, one: Branch, other: Branch) -> Comparison:
    """Compare two branches of one story."""
    first, here = await read_path(store, one)
    second, there = await read_path(store, other)
    pairs = zip(first, second, strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0].branch_id == pair[1].branch_id, pairs))
    return Comparison(
        shared_events=shared,
        shared_turn=first[shared - 1].turn if shared else 0,
        one=_side(one, first[shared:], _facts(here, there)),
        other=_side(other, second[shared:], _facts(there, here)),
        characters=_characters(here, there),
        names=here.names | there.names,
    )


def _facts(here: StoryState, there: StoryState) -> tuple[Fact, ...]:
    known = {(f.subject, f.relation, f.value) for f in there.facts}
    return tuple(f for f in here.facts if (f.subject, f.relation, f.value) not in known)


def _side(branch: Branch, own: list[RecordedEvent], facts: tuple[Fact, ...]) -> Side:
    told = [(r.turn, r.event.scene) for r in own if isinstance(r.event, SceneTold)]
    return Side(
        branch=branch,
        events=len(own),
        actions=tuple((r.turn, r.event.text) for r in own if isinstance(r.event, PlayerActed)),
        scenes=tuple((turn, scene.scene_id, scene.setting) for turn, scene in told),
        facts=facts,
    )


def _characters(here: StoryState, there: StoryState) -> dict[str, dict[str, tuple[Any, Any]]]:
    found: dict[str, dict[str, tuple[Any, Any]]] = {}
    for who in sorted({*here.characters, *there.characters}):
        mine, theirs = here.characters.get(who), there.characters.get(who)
        if mine is None or theirs is None:
            known = ("present", "absent")
            found[who] = {"in the story": known if mine else known[::-1]}
            continue
        both = ((f.name, getattr(mine, f.name), getattr(theirs, f.name)) for f in fields(mine))
        found[who] = {n: _parts(a, b) for n, a, b in both if n not in _NOT_COMPARED and a != b}
    return {who: differing for who, differing in found.items() if differing}


def _parts(mine: Any, theirs: Any) -> tuple[Any, Any]:
    """Both values; of two lists or mappings what the other has not, or not so."""
    if isinstance(mine, Mapping):
        one, other = _parts(list(mine.items()), list(theirs.items()))
        return dict(one), dict(other)
    if isinstance(mine, list):
        return [x for x in mine if x not in theirs], [x for x in theirs if x not in mine]
    return mine, theirs
