"""What every ledger must do, and each of them doing it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tta_rebuild.core.usage import Attempt, CostLine, Ledger, Usage
from tta_rebuild.storage.story_store import StoryStore


@pytest.fixture
def attempt(told: Any) -> Attempt:
    return Attempt(
        at=told.noon,
        provider="gemini",
        model="gemini-3.8-flash",
        task="scene",
        outcome="ok",
        usage=Usage(
            input_tokens=1000,
            output_tokens=200,
            cached_tokens=400,
            cache_write_tokens=30,
            thinking_tokens=50,
            estimated=True,
        ),
        cost_usd=0.25,
        attempt=2,
        priced=False,
        story_id="sea",
        branch_id="sea.1",
        turn=7,
        player_id="ana",
        session_id="s1",
        correlation_id="c1",
        latency_s=1.5,
        first_piece_s=0.25,
        prompt_version="scene@3",
    )


class LedgerContract:
    """Derive, and give a fixture ``ledger`` that yields an empty ledger."""

    async def test_an_attempt_comes_back_as_booked(self, ledger: Ledger, attempt: Attempt) -> None:
        silent = replace(attempt, first_piece_s=None, outcome="busy", usage=Usage(), cost_usd=0.0)
        for booked in (attempt, silent):
            await ledger.book(booked)
        booked_since = await ledger.attempts()
        assert [
            {name: getattr(a, name) for name in Attempt.__slots__ if hasattr(attempt, name)}
            for a in booked_since
        ] == [
            {name: getattr(a, name) for name in Attempt.__slots__ if hasattr(attempt, name)}
            for a in (attempt, silent)
        ]

    async def test_an_empty_ledger_has_spent_nothing(self, ledger: Ledger) -> None:
        assert await ledger.spent_usd() == 0.0
        assert list(await ledger.costs("day")) == []
        assert list(await ledger.attempts()) == []

    async def test_spending_is_summed_over_what_matches(
        self, ledger: Ledger, attempt: Attempt, told: Any
    ) -> None:
        await ledger.book(attempt)
        await ledger.book(replace(attempt, cost_usd=0.5, story_id="hill", at=told.at(60)))
        await ledger.book(replace(attempt, cost_usd=1.0, player_id="ben", session_id="s2"))

        assert await ledger.spent_usd() == pytest.approx(1.75)
        assert await ledger.spent_usd(story_id="sea") == pytest.approx(1.25)
        assert await ledger.spent_usd(player_id="ana") == pytest.approx(0.75)
        assert await ledger.spent_usd(session_id="s2") == pytest.approx(1.0)
        assert await ledger.spent_usd(since=told.at(60)) == pytest.approx(0.5)
        assert await ledger.spent_usd(story_id="sea", since=told.at(1)) == 0.0
        assert await ledger.spent_usd(story_id="nowhere") == 0.0

    async def test_a_report_has_a_line_for_each_key_the_dearest_first(
        self, ledger: Ledger, attempt: Attempt
    ) -> None:
        await ledger.book(attempt)
        counted = replace(attempt.usage, estimated=False)
        small = replace(attempt, model="small", task="branch_check", cost_usd=2.0)
        await ledger.book(replace(small, usage=counted, priced=True))
        await ledger.book(replace(attempt, usage=counted, priced=True))

        assert list(await ledger.costs("model")) == [
            CostLine(key="small", attempts=1, input_tokens=1000, output_tokens=250, cost_usd=2.0),
            CostLine(
                key="gemini-3.8-flash",
                attempts=2,
                input_tokens=2000,
                output_tokens=500,
                cost_usd=0.5,
                estimated=True,
            ),
        ]
        assert [line.key for line in await ledger.costs("task")] == ["branch_check", "scene"]
        assert [line.key for line in await ledger.costs("story")] == ["sea"]
        assert list(await ledger.costs("task", story_id="hill")) == []

    async def test_days_are_days_in_utc_in_order(
        self, ledger: Ledger, attempt: Attempt, told: Any
    ) -> None:
        west = timezone(timedelta(hours=-8))
        late = told.noon.replace(day=2, hour=23, tzinfo=west)  # the third of March in UTC
        for at, cost in ((late, 0.1), (told.noon, 0.2), (told.noon.replace(hour=0), 0.4)):
            await ledger.book(replace(attempt, at=at, cost_usd=cost))
        days = [(line.key, line.cost_usd) for line in await ledger.costs("day")]
        assert days == [("2026-03-01", pytest.approx(0.6)), ("2026-03-03", pytest.approx(0.1))]
        since = await ledger.costs("day", since=told.at(24 * 60))
        assert [line.key for line in since] == ["2026-03-03"]

    async def test_the_latest_attempts_come_newest_last(
        self, ledger: Ledger, attempt: Attempt, told: Any
    ) -> None:
        for minute in (3, 1, 2):
            await ledger.book(replace(attempt, at=told.at(minute), turn=minute))
        assert [a.turn for a in await ledger.attempts()] == [1, 2, 3]
        assert [a.turn for a in await ledger.attempts(limit=2)] == [2, 3]
        assert list(await ledger.attempts(limit=0)) == []

    async def test_a_turn_s_cost_is_that_of_its_branch(
        self, ledger: Ledger, attempt: Attempt
    ) -> None:
        def on(branch_id: str, turn: int, cost_usd: float) -> Attempt:
            place = {"story_id": "sea", "branch_id": branch_id, "turn": turn}
            return replace(attempt, **place, cost_usd=cost_usd)

        rows = [
            on("sea.1", 1, 0.5),
            on("sea.1", 2, 0.25),
            on("sea.1", 2, 0.25),
            on("sea.2", 2, 4.0),
        ]
        await ledger.book_all(rows)

        assert dict(await ledger.turn_costs("sea.1")) == {1: 0.5, 2: 0.5}
        assert dict(await ledger.turn_costs("sea.3")) == {}

    async def test_concurrent_bookings_lose_nothing(self, ledger: Ledger, attempt: Attempt) -> None:
        await asyncio.gather(*(ledger.book(replace(attempt, turn=n)) for n in range(50)))
        assert {a.turn for a in await ledger.attempts()} == set(range(50))
        assert await ledger.spent_usd() == pytest.approx(12.5, abs=1e-9)

    async def test_a_time_without_a_zone_is_refused(self, ledger: Ledger, attempt: Attempt) -> None:
        with pytest.raises(ValueError, match="no time zone"):
            await ledger.book(replace(attempt, at=attempt.at.replace(tzinfo=None)))
        assert await ledger.spent_usd() == 0.0


class TestMemoryLedger(LedgerContract):
    @pytest.fixture
    def ledger(self) -> Ledger:
        return Ledger()


class TestSqliteLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, sqlite_store: StoryStore) -> Ledger:
        return sqlite_store.ledger()

    async def test_what_was_booked_survives_a_restart_and_the_storys_deletion(
        self, tmp_path: Path, attempt: Attempt, told: Any
    ) -> None:
        async with await StoryStore.open(tmp_path / "a.db") as store:
            await store.create_story("sea", "Sea", told.opening(), at=told.noon)
            await store.ledger().book(attempt)
            await store.delete("sea")
        async with await StoryStore.open(tmp_path / "a.db") as store:
            assert await store.ledger().spent_usd(story_id="sea") == 0.25


class TestPostgresqlLedger(LedgerContract):
    @pytest.fixture
    async def ledger(self, postgresql_database: str) -> AsyncIterator[Ledger]:
        async with await StoryStore.open(postgresql_database) as store:
            yield store.ledger()
