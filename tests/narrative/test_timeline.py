"""The timeline's history, its copies and its restoring, beyond the contract."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tta_rebuild.core import TTAContext
from tta_rebuild.narrative import (
    TimelineEvent,
    TimelineManagerPrimitive,
    TimelineUpdate,
)
from tta_rebuild.narrative.timeline_manager import Recorded


@given(st.lists(st.integers(0, 30)))
@settings(deadline=None)
def test_a_history_is_a_sorted_list_and_old_ones_never_change(times: list[int]) -> None:
    growing: list[tuple[int, int]] = []
    expected: list[tuple[int, int]] = []
    kept: list[tuple[Recorded[tuple[int, int]], list[tuple[int, int]]]] = []
    for number, time in enumerate(times):
        growing.append((time, number))
        expected = sorted(growing)
        kept.append((Recorded(growing, itemgetter(0)), expected))
    for old, then in kept:
        assert old == then
        assert len(old) == len(then)
        assert list(reversed(old)) == then[::-1]
        assert [old[i] for i in range(-len(then), len(then))] == then * 2
        assert old[2:300:3] == then[2:300:3]


def test_a_history_behaves_like_a_list() -> None:
    history = Recorded([(2, 0), (1, 1)], itemgetter(0))
    assert history[0] == (1, 1)
    assert history[-1] == (2, 0)
    assert (2, 0) in history
    assert (9, 9) not in history
    assert Recorded([]) == []
    assert history != [(1, 1)]
    assert history != "other"
    assert repr(Recorded([])) == "[]"
    with pytest.raises(IndexError):
        history[2]


def numbered() -> TimelineManagerPrimitive:
    ids = count()
    return TimelineManagerPrimitive(
        new_id=lambda: f"e{next(ids)}", clock=lambda: datetime(2026, 1, 1, tzinfo=UTC)
    )


async def grown(manager: TimelineManagerPrimitive, context: TTAContext, *times: int) -> Any:
    for time in times:
        state = await manager.execute(
            TimelineUpdate("u", "choice", {"choices": ["x"]}, time, ["e0"]), context
        )
    return state


async def test_a_state_stays_as_it_was_when_the_timeline_goes_on(context: TTAContext) -> None:
    manager = numbered()
    early = await grown(manager, context, 0, 1)
    before = (
        list(early.event_history),
        list(early.available_branches),
        list(early.inconsistencies),
    )
    await grown(manager, context, 5, 0, 3)
    assert (early.event_history, early.available_branches, early.inconsistencies) == before


@given(
    st.lists(st.tuples(st.integers(0, 9), st.lists(st.integers(0, 20), max_size=3)), max_size=25)
)
@settings(deadline=None)
async def test_a_timeline_folded_from_its_events_is_the_one_that_was(
    updates: list[tuple[int, list[int]]],
) -> None:
    context = TTAContext(
        workflow_id="w",
        correlation_id="c",
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        metaconcepts=[],
        player_boundaries={},
    )
    manager, recorded = numbered(), []
    for time, links in updates:
        await manager.execute(
            TimelineUpdate("u", "story_beat", {}, time, [f"e{n}" for n in links]), context
        )
        known = {e.event_id for e in recorded}
        recorded += [e for e in manager.get_timeline("u") if e.event_id not in known]
    folded = TimelineManagerPrimitive()
    for event in recorded:
        folded.record("u", event)
    assert manager.get_state("u") == folded.get_state("u")


async def test_an_id_that_repeats_is_made_anew(context: TTAContext) -> None:
    ids = iter(["a", "a", "a", "b"])
    manager = TimelineManagerPrimitive(new_id=lambda: next(ids))
    state = await grown(manager, context, 0, 1)
    assert [e.event_id for e in state.event_history] == ["a", "b"]


async def test_what_the_caller_does_to_an_update_later_does_not_reach_the_timeline(
    context: TTAContext,
) -> None:
    update = TimelineUpdate("u", "story_beat", {"what": "dawn"}, 0, [], ["mira"])
    manager = TimelineManagerPrimitive()
    state = await manager.execute(update, context)
    update.event_data["what"] = "dusk"
    update.character_ids.append("tom")
    event: TimelineEvent = state.event_history[0]
    assert (event.event_data, event.character_ids) == ({"what": "dawn"}, ["mira"])
