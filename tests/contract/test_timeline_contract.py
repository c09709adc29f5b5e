"""``tta_rebuild.narrative.timeline_manager`` as its callers know it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tta_rebuild.core import TTAContext, ValidationError
from tta_rebuild.narrative import (
    BranchPoint,
    TimelineEvent,
    TimelineManagerPrimitive,
    TimelineState,
    TimelineUpdate,
)


def beat(timestamp: int, **more: Any) -> TimelineUpdate:
    given = {"universe_id": "u", "event_type": "story_beat", "event_data": {}, **more}
    return TimelineUpdate(timestamp=timestamp, **given)


@pytest.mark.contract("timeline_manager#1")
def test_the_values_are_made_by_name() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    event = TimelineEvent(
        event_id="e",
        event_type="choice",
        event_data={"a": 1},
        timestamp=2,
        causal_links=["d"],
        character_ids=["mira"],
        created_at=now,
    )
    branch = BranchPoint(
        branch_id="b",
        position=2,
        description="d",
        available_choices=["x", "y"],
        requires_events=["e"],
    )
    state = TimelineState(
        universe_id="u",
        current_position=3,
        event_history=[event],
        available_branches=[branch],
        timeline_coherence_score=1.0,
        inconsistencies=[],
        suggested_fixes=[],
    )
    assert state.event_history[0].causal_links == ["d"]
    assert state.available_branches[0].available_choices == ["x", "y"]
    update = TimelineUpdate("u", "choice", {"a": 1}, 0)
    assert (update.causal_links, update.character_ids) == ([], [])


@pytest.mark.contract("timeline_manager#2")
async def test_an_update_gives_the_state_and_the_plain_methods_agree(context: TTAContext) -> None:
    manager = TimelineManagerPrimitive()
    assert manager.name == "TimelineManager"
    state = await manager.execute(
        beat(4, event_data={"what": "dawn"}, character_ids=["mira"]), context
    )
    assert state.universe_id == "u"
    assert len(state.event_history) == 1
    event = state.event_history[0]
    assert (event.event_type, event.timestamp) == ("story_beat", 4)
    assert (event.event_data, event.character_ids) == ({"what": "dawn"}, ["mira"])
    assert manager.get_timeline("u") == [event]
    assert manager.get_position("u") == state.current_position == 5
    assert manager.get_branches("u") == []


@pytest.mark.contract("timeline_manager#2")
def test_an_unknown_universe_is_empty() -> None:
    manager = TimelineManagerPrimitive("Times")
    assert manager.name == "Times"
    assert manager.get_timeline("nowhere") == []
    assert manager.get_position("nowhere") == 0
    assert manager.get_branches("nowhere") == []


@pytest.mark.contract("timeline_manager#3")
async def test_four_event_types_are_taken_and_ids_are_unique(context: TTAContext) -> None:
    manager = TimelineManagerPrimitive()
    for n, kind in enumerate(("story_beat", "choice", "consequence", "branch_point")):
        state = await manager.execute(beat(n, event_type=kind), context)
    assert [e.event_type for e in state.event_history] == [
        "story_beat",
        "choice",
        "consequence",
        "branch_point",
    ]
    for _ in range(200):
        state = await manager.execute(beat(0), context)
    assert len({e.event_id for e in state.event_history}) == 204


@pytest.mark.contract("timeline_manager#4")
@pytest.mark.parametrize(
    ("update", "message"),
    [
        (beat(0, universe_id=""), "universe_id is required"),
        (beat(-1), "timestamp must be >= 0"),
        (beat(0, event_type="explosion"), "event_type must be one of"),
    ],
)
async def test_a_wrong_update_is_refused_and_not_recorded(
    context: TTAContext, update: TimelineUpdate, message: str
) -> None:
    manager = TimelineManagerPrimitive()
    with pytest.raises(ValidationError, match=message):
        await manager.execute(update, context)
    assert manager.get_timeline(update.universe_id) == []


@pytest.mark.contract("timeline_manager#5")
async def test_the_history_is_in_order_of_time_whatever_the_order_of_telling(
    context: TTAContext,
) -> None:
    manager = TimelineManagerPrimitive()
    for timestamp in (5, 1, 3, 9, 0, 3):
        state = await manager.execute(beat(timestamp), context)
    assert [e.timestamp for e in state.event_history] == [0, 1, 3, 3, 5, 9]
    assert state.current_position == 10


@pytest.mark.contract("timeline_manager#6")
async def test_links_that_hold_leave_the_timeline_coherent(context: TTAContext) -> None:
    manager = TimelineManagerPrimitive()
    first = (await manager.execute(beat(0), context)).event_history[0]
    state = await manager.execute(beat(1, causal_links=[first.event_id]), context)
    assert state.timeline_coherence_score == 1.0
    assert state.inconsistencies == []
    assert state.suggested_fixes == []


@pytest.mark.contract("timeline_manager#6")
async def test_a_link_to_an_unknown_event_is_said_and_the_event_recorded(
    context: TTAContext,
) -> None:
    state = await TimelineManagerPrimitive().execute(beat(1, causal_links=["ghost"]), context)
    assert len(state.event_history) == 1
    assert any("non-existent" in text for text in state.inconsistencies)
    assert any("invalid causal link" in fix for fix in state.suggested_fixes)
    assert 0.0 <= state.timeline_coherence_score < 1.0


@pytest.mark.contract("timeline_manager#6")
@pytest.mark.parametrize("effect_at", [2, 5])
async def test_a_cause_that_is_not_earlier_is_said_and_the_event_recorded(
    context: TTAContext, effect_at: int
) -> None:
    manager = TimelineManagerPrimitive()
    cause = (await manager.execute(beat(5), context)).event_history[0]
    state = await manager.execute(beat(effect_at, causal_links=[cause.event_id]), context)
    assert len(state.event_history) == 2
    assert any("cause must come before effect" in text for text in state.inconsistencies)
    assert any("timestamp" in fix for fix in state.suggested_fixes)
    assert 0.0 <= state.timeline_coherence_score < 1.0


@pytest.mark.contract("timeline_manager#7")
async def test_a_choice_with_choices_opens_a_branch_point_at_its_time(context: TTAContext) -> None:
    manager = TimelineManagerPrimitive()
    state = await manager.execute(
        beat(7, event_type="choice", event_data={"choices": ["stay", "go"]}), context
    )
    assert [b.position for b in state.available_branches] == [7]
    assert manager.get_branches("u")[0].available_choices == ["stay", "go"]
    await manager.execute(beat(8, event_type="choice"), context)
    assert len(manager.get_branches("u")) == 1


@pytest.mark.contract("timeline_manager#8")
async def test_universes_do_not_know_of_each_other(context: TTAContext) -> None:
    manager = TimelineManagerPrimitive()
    event = (await manager.execute(beat(3, universe_id="one"), context)).event_history[0]
    state = await manager.execute(
        beat(9, universe_id="two", causal_links=[event.event_id]), context
    )
    assert len(state.event_history) == 1
    assert any("non-existent" in text for text in state.inconsistencies)
    assert manager.get_position("one") == 4


@pytest.mark.contract("timeline_manager#8")
async def test_concurrent_updates_lose_nothing(context: TTAContext) -> None:
    manager = TimelineManagerPrimitive()
    updates = [beat(n % 17, universe_id=f"u{n % 3}") for n in range(300)]
    await asyncio.gather(*(manager.execute(update, context) for update in updates))
    assert [len(manager.get_timeline(f"u{n}")) for n in range(3)] == [100, 100, 100]
