"""The wrappers together, over the real Gemini SDK, against a server that keeps the bill."""

from __future__ import annotations

import asyncio
import random
import secrets

import pytest
from tools.wire import Fault, WireServer

from tests.integrations.fakes import MemoryLedger, request_of
from tta_rebuild.core.errors import BudgetExceededError, ProviderError
from tta_rebuild.integrations import (
    AccountedLLMProvider,
    Budget,
    BudgetedLLMProvider,
    CircuitBreakerLLMProvider,
    CostTracker,
    CostTrackingLLMProvider,
    GeminiLLMProvider,
    LLMConfig,
    LLMProvider,
    Quota,
    RateLimitedLLMProvider,
    RateLimiter,
    RetryingLLMProvider,
    RetryPolicy,
)
from tta_rebuild.integrations.llm_provider import StreamEnded, StreamRestarted, TextPiece

MODEL = LLMConfig(model="gemini-2.5-flash", max_tokens=300)


class Stack:
    """Everything around one model, as bootstrap stacks it."""

    def __init__(self, wire: WireServer, *budgets: Budget) -> None:
        self.ledger = MemoryLedger()
        self.tracker = CostTracker(self.ledger, budgets)
        adapter = GeminiLLMProvider(secrets.token_urlsafe(20), config=MODEL, base_url=wire.url)
        provider: LLMProvider = CostTrackingLLMProvider(adapter, self.tracker, provider="gemini")
        provider = RateLimitedLLMProvider(provider, RateLimiter(Quota(rpm=100_000)))
        provider = RetryingLLMProvider(
            CircuitBreakerLLMProvider(provider),
            RetryPolicy(base_s=0.01),
            random=random.Random(2),
        )
        provider = BudgetedLLMProvider(provider, self.tracker, provider="gemini")
        self.provider = AccountedLLMProvider(provider, self.tracker)

    async def __aenter__(self) -> Stack:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.provider.aclose()
        await self.tracker.flush()


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_cost_is_the_servers_bill(wire: WireServer, streamed: bool) -> None:
    wire.settings.cached_share = 0.3
    wire.settings.thinking_tokens = 41
    async with Stack(wire) as stack:
        if streamed:
            async for item in stack.provider.stream(request_of()):
                if isinstance(item, StreamEnded):
                    response = item.response
        else:
            response = await stack.provider.complete(request_of())
        await wire.settled()
        assert response.cost_usd == pytest.approx(wire.billed_usd, abs=1e-9)
        assert wire.billed_usd > 0


async def test_each_http_request_is_one_row(wire: WireServer) -> None:
    wire.faults.next(Fault("unavailable"), Fault("cut", after_pieces=2), None)
    wire.settings.reply = "It was a dark and stormy night. " * 10
    async with Stack(wire) as stack:
        items = [item async for item in stack.provider.stream(request_of())]
        await stack.tracker.flush()
    assert len(wire.records) == len(stack.ledger.rows) == 3
    assert [(row.attempt, row.outcome) for row in stack.ledger.rows] == [
        (1, "busy"),
        (2, "broken"),
        (3, "ok"),
    ]
    restart = next(i for i, item in enumerate(items) if isinstance(item, StreamRestarted))
    told = "".join(item.text for item in items[restart:] if isinstance(item, TextPiece))
    assert told == wire.settings.reply


async def test_leaving_a_stream_closes_the_connection_and_books_what_was_sent(
    wire: WireServer,
) -> None:
    wire.settings.reply = "word " * 240
    wire.settings.piece_chars = 20
    wire.settings.tokens_per_s = 100  # slow enough that a busy machine cannot miss the leaving
    async with Stack(wire) as stack:
        items = stack.provider.stream(request_of())
        for _ in range(6):
            await anext(items)
        await items.aclose()
        await wire.settled()
        await stack.tracker.flush()
    (record,) = wire.records
    (row,) = stack.ledger.rows
    assert record.client_left
    assert record.pieces_sent <= record.pieces_planned // 2
    assert row.outcome == "cancelled"
    assert abs(row.usage.output_tokens - record.output_tokens) <= 2 * 5
    assert row.usage.input_tokens == record.input_tokens


async def test_concurrent_calls_with_faults_are_billed_no_more_than_the_budget(
    wire: WireServer,
) -> None:
    kinds = ("unavailable", "cut", "quiet_cut", "empty", "bad_body", "reset")
    wire.faults.sometimes(0.3, [Fault(kind) for kind in kinds], seed=5)
    limit_usd = 0.006
    async with Stack(wire, Budget(scope="session", limit_usd=limit_usd)) as stack:

        async def call(number: int) -> bool:
            try:
                await stack.provider.complete(request_of(f"passages, please: {number}"))
            except (ProviderError, BudgetExceededError):
                return False
            return True

        answered = await asyncio.gather(*(call(number) for number in range(40)))
        await wire.settled()
    assert any(answered)
    assert not all(answered)
    assert 0 < wire.billed_usd <= limit_usd
    assert wire.billed_usd <= stack.ledger.total_usd + 1e-9 <= limit_usd + 2e-9
