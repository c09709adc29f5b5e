"""A call whose machine was lost stays in the ledger: as much as is known to have come of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integrations.costed import PRICES
from tests.integrations.fakes import START, ManualClock, MemoryLedger
from tta_rebuild.bootstrap.spending import booker_of_lost_calls
from tta_rebuild.core.turn_calls import CallAsked
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.cost_tracker import CostTracker

CALL = CallAsked(
    at=START,
    provider="",
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


@pytest.mark.parametrize("provider", ["", "gemini"])
async def test_what_is_known_of_a_lost_call_is_booked_as_an_estimate(provider: str) -> None:
    ledger = MemoryLedger()
    tracker = CostTracker(ledger, prices=PRICES, clock=ManualClock(), session_id="here")
    models = ["gemini:gemini-2.5-flash", "offline"]

    booker_of_lost_calls(tracker, models)(replace(CALL, provider=provider), 2_000)
    await tracker.flush()

    [row] = await ledger.attempts()
    assert row.usage == Usage(input_tokens=1_000, output_tokens=500, estimated=True)
    assert row.cost_usd == pytest.approx((1_000 * 1.0 + 500 * 10.0) / 1e6)
    assert (row.provider, row.model, row.outcome) == ("gemini", "gemini-2.5-flash", "broken")
    assert (row.story_id, row.branch_id, row.turn, row.task) == ("s", "s.1", 3, "scene")
    assert (row.player_id, row.prompt_version, row.at) == ("anna", "scene@4", START)


@pytest.mark.parametrize(
    ("chars", "tokens"), [(0, 700), (2_000, 500), (9_000, 700)], ids=["nothing", "some", "more"]
)
async def test_a_lost_call_costs_no_less_than_may_have_come_and_no_more_than_was_allowed(
    chars: int, tokens: int
) -> None:
    ledger = MemoryLedger()
    tracker = CostTracker(ledger, prices=PRICES, clock=ManualClock(), session_id="here")
    asked = replace(CALL, provider="gemini", most_output_tokens=700)

    booker_of_lost_calls(tracker, [])(asked, chars)
    await tracker.flush()

    [row] = await ledger.attempts()
    assert row.usage.output_tokens == tokens
