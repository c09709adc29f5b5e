"""What each wrapper adds to a call, beside the bare provider."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from functools import partial
from itertools import count

from benchmarks import Row
from benchmarks.timing import least_cpu_ms
from benchmarks.workloads.model_stack import CONTEXT
from tta_rebuild.core.usage import Ledger, Usage
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

CALLS = 100
NUMBERS = count()
"""So that every prompt is another one."""


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
    return CostTracker(Ledger(), [Budget(scope="session", limit_usd=1e9)])


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


def measure(quick: bool) -> Iterator[Row]:
    rounds = 6 if quick else 10
    with asyncio.Runner() as runner:
        for is_streamed, kind in ((False, "whole answers"), (True, "streams of 25 pieces")):
            providers = {name: wrap(Instant()) for name, wrap in STACKS.items()}
            taken = least_cpu_ms(
                {
                    name: partial(_run, runner, provider, is_streamed)
                    for name, provider in providers.items()
                },
                rounds,
            )
            bare = taken.pop("bare")
            for name, spent in taken.items():
                yield Row(
                    what=f"{name} adds to a call, {kind}",
                    measured=f"{(spent - bare) / CALLS * 1000:.0f} us CPU",
                    peer=f"bare provider {bare / CALLS * 1000:.0f} us",
                )


def _run(runner: asyncio.Runner, provider: LLMProvider, is_streamed: bool) -> None:
    runner.run(_calls(provider, is_streamed))


async def _calls(provider: LLMProvider, is_streamed: bool) -> None:
    for _ in range(CALLS):
        request = LLMRequest(prompt=f"{next(NUMBERS)} " + "of old " * 100, context=CONTEXT)
        if is_streamed:
            async for _item in provider.stream(request):
                pass
        else:
            await provider.complete(request)
