"""What each wrapper adds to a call: compare the rows of a group with the bare provider."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.memory_ledger import MemoryLedger
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations import (
    AccountedLLMProvider,
    Budget,
    BudgetedLLMProvider,
    CachedLLMProvider,
    CircuitBreakerLLMProvider,
    CostTracker,
    CostTrackingLLMProvider,
    FallbackLLMProvider,
    Link,
    LLMConfig,
    LLMProvider,
    LLMRequest,
    LLMResponse,
    Quota,
    RateLimitedLLMProvider,
    RateLimiter,
    RequestProvider,
    RetryingLLMProvider,
    RoutedLLMProvider,
    TracedLLMProvider,
)
from tta_rebuild.integrations.llm_provider import StreamEnded, StreamItem, TextPiece

CONTEXT = TTAContext(
    workflow_id="bench",
    correlation_id="bench",
    timestamp=datetime(2026, 11, 22, tzinfo=UTC),
    metaconcepts=[],
    player_boundaries={},
)
CALLS = 100


class Instant(RequestProvider):
    """Answers at once: what is measured is what stands around it."""

    def __init__(self) -> None:
        super().__init__(LLMConfig(model="gemini-2.5-flash"))
        self.response = LLMResponse(
            text="word " * 120,
            tokens_used=300,
            model="gemini-2.5-flash",
            finish_reason="stop",
            usage=Usage(input_tokens=150, output_tokens=150),
            provider="gemini",
        )

    async def complete(self, request: LLMRequest) -> LLMResponse:
        return self.response

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        for start in range(0, 600, 24):
            yield TextPiece(self.response.text[start : start + 24])
        yield StreamEnded(self.response)


def _tracker() -> CostTracker:
    return CostTracker(MemoryLedger(), [Budget(scope="session", limit_usd=1e9)])


def _paced(inner: LLMProvider) -> LLMProvider:
    return RateLimitedLLMProvider(inner, RateLimiter(Quota(rpm=10**9, tpm=10**12)))


def _whole(inner: LLMProvider) -> LLMProvider:
    tracker = _tracker()
    stack: LLMProvider = TracedLLMProvider(inner, layer="attempt", provider="gemini")
    stack = _paced(CostTrackingLLMProvider(stack, tracker, provider="gemini"))
    stack = RetryingLLMProvider(CircuitBreakerLLMProvider(stack))
    stack = BudgetedLLMProvider(stack, tracker, provider="gemini")
    stack = FallbackLLMProvider([Link(provider=stack, name="the model")])
    return TracedLLMProvider(RoutedLLMProvider(AccountedLLMProvider(stack, tracker), {}))


STACKS: dict[str, Callable[[LLMProvider], LLMProvider]] = {
    "bare": lambda inner: inner,
    "paced": _paced,
    "retrying": RetryingLLMProvider,
    "circuit": CircuitBreakerLLMProvider,
    "costed": lambda inner: CostTrackingLLMProvider(inner, _tracker(), provider="gemini"),
    "cached": CachedLLMProvider,
    "fallback": lambda inner: FallbackLLMProvider([Link(provider=inner, name="the model")]),
    "routed": lambda inner: RoutedLLMProvider(inner, {}),
    "traced": TracedLLMProvider,
    "whole stack": _whole,
}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", STACKS)
def test_a_hundred_calls(benchmark: Any, name: str, streamed: bool) -> None:
    benchmark.group = "streamed" if streamed else "whole answers"
    count = 0

    async def calls(provider: LLMProvider) -> None:
        nonlocal count
        for _ in range(CALLS):
            count += 1
            request = LLMRequest(prompt=f"{count} " + "of old " * 100, context=CONTEXT)
            if streamed:
                async for _item in provider.stream(request):
                    pass
            else:
                await provider.complete(request)

    with asyncio.Runner() as runner:
        provider = STACKS[name](Instant())
        runner.run(calls(provider))
        benchmark.pedantic(lambda: runner.run(calls(provider)), rounds=5)
