"""A call whose machine was lost stays in the ledger: as much as is known to have come of it."""

from __future__ import annotations

import pytest

from tests.integrations.costed import PRICES
from tests.integrations.fakes import START, ManualClock, MemoryLedger
from tta_rebuild.bootstrap.spending import booker_of_lost_calls
from tta_rebuild.core.turn_calls import CallAsked
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.cost_tracker import CostTracker

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

    booker_of_lost_calls(tracker)(CALL, usage)
    await tracker.flush()

    [row] = await ledger.attempts()
    assert row.usage == usage
    assert row.cost_usd == pytest.approx((1_000 * 1.0 + 500 * 10.0) / 1e6)
    assert (row.provider, row.model, row.outcome) == ("gemini", "gemini-2.5-flash", "broken")
    assert (row.story_id, row.branch_id, row.turn, row.task) == ("s", "s.1", 3, "scene")
    assert (row.player_id, row.prompt_version, row.at) == ("anna", "scene@4", START)
