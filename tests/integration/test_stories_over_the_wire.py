"""Whole stories through everything that bootstrap builds, while models fail in every way."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from tests.integration.wired import CLAUDE, GEMINI, PREMISE, open_at, play, rows, tellers
from tools.wire import Fault, WireServer

from tta_rebuild.engine.action import Action
from tta_rebuild.engine.turn_events import (
    PassageReleased,
)


async def test_the_embedded_storyteller_takes_over_and_the_model_comes_back(
    wire: WireServer, tmp_path: Path
) -> None:
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        whole = await play(session)
        wire.faults.always(Fault("not_found"))
        without = await play(session)
        wire.faults.clear()
        again = await play(session)
        told_by = await tellers(application, session)

    assert whole.warnings == again.warnings == []
    assert any("the embedded storyteller has taken over" in said for said in without.warnings)
    assert without.shown
    assert all(turn.stored for turn in (whole, without, again))
    assert [name.partition(":")[0] for name in told_by] == ["gemini", "offline", "gemini"]


async def test_the_next_model_of_the_chain_comes_before_the_embedded_storyteller(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.faults.always(Fault("forbidden"), model="gemini-3.5-flash-lite")
    async with open_at(wire, tmp_path, chain=(GEMINI, CLAUDE, "offline")) as application:
        session = await application.stories.open(PREMISE)
        seen = await play(session)

    assert [record.protocol for record in wire.records] == ["gemini", "anthropic"]
    assert any(f"{CLAUDE} has taken over" in said for said in seen.warnings)


async def test_a_daily_quota_is_asked_once_and_the_story_goes_on(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.faults.always(Fault("daily_quota", retry_after_s=0.01))
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        turns = [await play(session) for _ in range(3)]

    assert len(wire.records) == 1
    assert all(turn.stored and turn.warnings for turn in turns)


async def test_when_the_budget_is_used_up_the_free_storyteller_tells_on_and_says_so(
    wire: WireServer, tmp_path: Path
) -> None:
    limit_usd = 0.012
    async with open_at(wire, tmp_path, max_cost_usd=limit_usd) as application:
        session = await application.stories.open(PREMISE)
        turns = [await play(session) for _ in range(12)]
        told_by = await tellers(application, session)
        booked_usd = sum(row.cost_usd for row in await rows(application))

    assert told_by[0].startswith("gemini:")
    assert told_by[-1].startswith("offline")
    assert all(turn.stored for turn in turns)
    assert "LLM_MAX_COST" in " ".join(turns[-1].warnings)
    marks = [said for turn in turns for said in turn.warnings if "100 % of the budget" in said]
    assert len(marks) == 1
    assert 0 < wire.billed_usd <= limit_usd
    assert booked_usd == pytest.approx(wire.billed_usd, abs=1e-9)


async def test_a_scene_cut_in_the_middle_is_told_anew_and_never_doubled(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.faults.next(Fault("cut", after_pieces=30))
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        seen = await play(session)
        booked = await rows(application)

    assert len(seen.restarts) == 1
    assert len(set(seen.shown)) == len(seen.shown)
    assert [(row.attempt, row.outcome) for row in booked] == [(1, "broken"), (2, "ok")]
    assert all(row.cost_usd > 0 for row in booked)


async def test_a_refused_scene_is_asked_for_once_more_and_more_gently(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.faults.next(Fault("blocked"))
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        seen = await play(session)

    first, second = wire.records
    assert second.prompt_chars > first.prompt_chars
    assert seen.stored
    assert seen.warnings == []


async def test_a_scene_refused_twice_is_told_by_the_embedded_storyteller(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.faults.always(Fault("blocked"))
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        seen = await play(session)

    assert len(wire.records) == 2
    assert any("refused this for its content" in said for said in seen.warnings)


async def test_a_scene_cut_at_the_token_limit_keeps_its_whole_passages_and_says_so(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.faults.always(Fault("max_tokens", after_pieces=36))
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        seen = await play(session)

    assert seen.stored
    assert seen.shown
    assert seen.warnings
    assert session.state.scene is not None
    assert session.state.scene.degraded


async def test_a_turn_that_is_cancelled_closes_the_connection_and_books_what_was_sent(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.settings.tokens_per_s = 300
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        shown = asyncio.Event()

        async def sit() -> None:
            async with aclosing(session.play(Action.begin())) as events:
                async for event in events:
                    if isinstance(event, PassageReleased):
                        shown.set()

        turn = asyncio.create_task(sit())
        await shown.wait()
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
        await wire.settled()
        (row,) = await rows(application)
        assert session.state.turn == 0
        wire.settings.tokens_per_s = 0
        assert (await play(session)).stored

    record = wire.records[0]
    assert record.client_left
    assert record.pieces_sent < record.pieces_planned
    assert row.outcome == "cancelled"
    a_chunk = wire.settings.piece_chars / 4 * 2.5e-6
    assert row.cost_usd == pytest.approx(record.billed_usd, abs=2 * a_chunk)
