"""Budgets: held before a call, settled after it, never overspent; warnings are told once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.integrations.budget_contract import BudgetContract, Make
from tests.integrations.costed import PRICES, SCENE, SCENE_USD, Fixed
from tests.integrations.fakes import (
    ManualClock,
    MemoryLedger,
    ScriptedProvider,
    Told,
    request_of,
    settle,
)
from tta_rebuild.core.errors import (
    BudgetExceededError,
)
from tta_rebuild.core.usage import Attempt, Usage
from tta_rebuild.integrations.budgets import Account, Budget, BudgetQueue, BudgetWarning, Call
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.wrappers.costed import (
    CostTrackingLLMProvider,
)


class TestInOneProcess(BudgetContract):
    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Make]:
        async def make(*answers: Told | BaseException, **options: object) -> Fixed:
            return Fixed(*answers, **options)

        yield make


async def test_a_call_that_fills_a_budget_to_the_cent_waits_for_what_others_hold() -> None:
    account = Account(Budget(scope="total", limit_usd=0.3))
    queue = BudgetQueue(ManualClock(), patience_s=30.0)
    first, second = Call(queue, [account]), Call(queue, [account])
    await first.wait_for(0.1)
    waits = asyncio.create_task(second.wait_for(0.3))
    await settle()
    assert not waits.done()
    first.release()
    await waits
    assert account.held_usd == 0.3


# --------------------------------------------------------------------------- warnings


async def test_80_90_and_100_percent_are_told_exactly_once_each() -> None:
    at = Fixed(Told(usage=SCENE), budgets=[Budget(scope="session", limit_usd=20 * SCENE_USD)])
    for _ in range(40):
        try:
            await at.costed.complete(request_of())
        except BudgetExceededError:
            continue
    assert [warning.percent for warning in at.warnings] == [80, 90, 100]
    assert str(at.warnings[0]) == ("80 % of the budget per session is reached: $0.0960 of $0.1200")


async def test_one_large_call_passes_several_levels_and_each_is_told() -> None:
    at = Fixed(
        Told(usage=Usage(input_tokens=100, output_tokens=980)),
        budgets=[Budget(scope="day", limit_usd=0.0108)],
    )
    await at.costed.complete(request_of(max_tokens=1000))
    assert [warning.percent for warning in at.warnings] == [80, 90]


async def test_a_call_too_large_for_an_untouched_budget_warns_of_nothing() -> None:
    at = Fixed(budgets=[Budget(scope="day", limit_usd=0.001)])
    with pytest.raises(BudgetExceededError):
        await at.costed.complete(request_of())
    assert at.warnings == []


async def test_levels_told_before_a_restart_are_not_told_again() -> None:
    at = Fixed(Told(usage=SCENE))
    await at.costed.complete(request_of())
    await at.tracker.flush()
    warnings: list[BudgetWarning] = []
    again = CostTracker(
        at.ledger,
        [Budget(scope="total", limit_usd=SCENE_USD * 1.1)],
        prices=PRICES,
        clock=at.clock,
        on_warning=warnings.append,
    )
    assert await again.spent_usd("total") == pytest.approx(SCENE_USD)
    with pytest.raises(BudgetExceededError):
        await CostTrackingLLMProvider(at.model, again).complete(request_of())
    assert [warning.percent for warning in warnings] == [100]


def test_a_negative_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        Budget(scope="day", limit_usd=-1)


async def test_what_a_story_may_cost_in_all_is_that_storys_alone() -> None:
    limits = {"dear": 0.0108}

    async def asked() -> Mapping[str, float]:
        return limits

    at = Fixed(*[Told(usage=SCENE)] * 6, story_limits=asked)

    async def goes_on(story_id: str) -> str:
        try:
            await at.costed.complete(replace(request_of(), story_id=story_id))
        except BudgetExceededError as error:
            return str(error)
        return ""

    assert await goes_on("dear") == ""
    assert "this story's own budget" in await goes_on("dear")
    assert await goes_on("other") == ""
    await at.clock.advance(86_400)
    assert await goes_on("dear") != "", "a story's budget is for all its days"
    limits["dear"] = 1.0
    assert await goes_on("dear") == ""
    del limits["dear"]
    assert await goes_on("dear") == ""


async def test_days_begin_at_midnight_of_the_clocks_zone() -> None:
    at = Fixed(Told(usage=SCENE), budgets=[Budget(scope="day", limit_usd=1.0)])
    at.ledger.rows.append(
        Attempt(
            at=datetime(2026, 11, 21, 23, 59, tzinfo=UTC),
            provider="gemini",
            model="m",
            task="",
            outcome="ok",
            usage=SCENE,
            cost_usd=0.9,
        )
    )
    await at.costed.complete(request_of())
    assert await at.tracker.spent_usd("day", "2026-11-22") == pytest.approx(SCENE_USD)


async def test_a_server_at_home_is_free_whatever_adapter_talks_to_it() -> None:
    ledger = MemoryLedger()
    tracker = CostTracker(ledger, [Budget(scope="session", limit_usd=0.0)], clock=ManualClock())
    model = ScriptedProvider(name="openai", model="house-model:7b")
    response = await CostTrackingLLMProvider(model, tracker, provider="ollama").complete(
        request_of()
    )
    await tracker.flush()
    assert (response.cost_usd, ledger.rows[0].provider) == (0.0, "ollama")


async def test_what_a_session_has_spent_is_not_summed_up_again_from_all_its_rows() -> None:
    at = Fixed(*[Told(usage=SCENE)] * 2, budgets=[Budget(scope="session", limit_usd=1.0)])
    await at.costed.complete(request_of())
    asked = at.ledger.sums
    await at.costed.complete(request_of())

    assert await at.tracker.spent_usd("session") == pytest.approx(2 * SCENE_USD)
    assert at.ledger.sums == asked
    assert await at.tracker.spent_usd("session", "another") == 0
    assert at.ledger.sums == asked + 1
