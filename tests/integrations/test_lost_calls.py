"""A call whose machine was lost stays in the ledger: as much as is known to have come of it."""

from __future__ import annotations

import pytest

from tests.integrations.costed import PRICES
from tests.integrations.fakes import (
    START,
    ManualClock,
    MemoryLedger,
    ScriptedProvider,
    Told,
    request_of,
)
from tta_rebuild.bootstrap.spending import booker_of_lost_calls
from tta_rebuild.core.errors import BudgetExceededError
from tta_rebuild.core.turn_calls import CallAsked
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.budgets import Budget
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.wrappers.costed import CostTrackingLLMProvider

CALL = CallAsked(
    at=START,
    provider="gemini",
    model="gemini-2.5-flash",
    task="scene",
    input_tokens=1_000,
    story_id="s",
    branch_id="s.1",
    turn=3,
    player_id="anna",
    correlation_id="c",
    prompt_version="scene@4",
)


async def test_what_is_known_of_a_lost_call_is_booked_as_an_estimate() -> None:
    ledger = MemoryLedger()
    tracker = CostTracker(ledger, prices=PRICES, clock=ManualClock(), session_id="here")
    usage = Usage(input_tokens=1_000, output_tokens=500, estimated=True)

    await booker_of_lost_calls(tracker)(CALL, usage)
    await tracker.flush()

    [row] = await ledger.attempts()
    assert row.usage == usage
    assert row.cost_usd == pytest.approx((1_000 * 1.0 + 500 * 10.0) / 1e6)
    assert (row.provider, row.model, row.outcome) == ("gemini", "gemini-2.5-flash", "broken")
    assert (row.story_id, row.branch_id, row.turn, row.task) == ("s", "s.1", 3, "scene")
    assert (row.player_id, row.prompt_version, row.at) == ("anna", "scene@4", START)


async def test_a_lost_call_is_spent_of_the_budgets_that_it_fell_under() -> None:
    budgets = [Budget(scope="total", limit_usd=0.02), Budget(scope="story", limit_usd=0.01)]
    tracker = CostTracker(MemoryLedger(), budgets, prices=PRICES, clock=ManualClock())
    lost = Usage(input_tokens=1_000, output_tokens=500, estimated=True)
    scripted = ScriptedProvider(Told(), model="gemini-2.5-flash", max_tokens=500)
    asks = CostTrackingLLMProvider(scripted, tracker, provider="gemini")
    await asks.complete(request_of(story_id="s"))  # the budgets are open
    await booker_of_lost_calls(tracker)(CALL, lost)

    with pytest.raises(BudgetExceededError) as told:
        await asks.complete(request_of(story_id="s"))
    assert told.value.scope == "story"
    await asks.complete(request_of(story_id="another"))
