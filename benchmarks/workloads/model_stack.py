"""The full stack around one Gemini model and the storyteller of last resort.

The same wrappers in the same order as ``bootstrap`` writes down, with every knob at hand.
"""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.usage import Ledger
from tta_rebuild.integrations import (
    AccountedLLMProvider,
    Budget,
    BudgetedLLMProvider,
    BudgetWarning,
    CachedLLMProvider,
    CircuitBreakerLLMProvider,
    CircuitPolicy,
    CostTracker,
    CostTrackingLLMProvider,
    FallbackLLMProvider,
    GeminiLLMProvider,
    Link,
    LLMConfig,
    LLMProvider,
    LLMRequest,
    MockLLMProvider,
    Quota,
    RateLimitedLLMProvider,
    RateLimiter,
    ResponseCache,
    RetryBudget,
    RetryingLLMProvider,
    RetryPolicy,
    TracedLLMProvider,
)
from tta_rebuild.integrations.wrappers.fallback import ALSO_WITHOUT_BUDGET

MODEL = "gemini-2.5-flash"
CONTEXT = TTAContext(
    workflow_id="figures",
    correlation_id="figures",
    timestamp=datetime(2026, 11, 22, tzinfo=UTC),
    metaconcepts=[],
    player_boundaries={},
)


def asked(prompt: str, **fields: object) -> LLMRequest:
    return LLMRequest(prompt=prompt, context=CONTEXT, **fields)  # type: ignore[arg-type]


@dataclass(kw_only=True)
class Stack:
    """A stack over the server at ``url``; ``provider`` is its outermost part."""

    url: str
    quota: Quota = field(default_factory=Quota)
    budgets: tuple[Budget, ...] = ()
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    retry_balance: float = 1000.0
    circuit: CircuitPolicy = field(default_factory=CircuitPolicy)
    max_tokens: int = 400
    ledger: Ledger = field(default_factory=Ledger)
    cache: ResponseCache | None = None
    has_last_resort: bool = False

    def __post_init__(self) -> None:
        config = LLMConfig(model=MODEL, max_tokens=self.max_tokens)
        self.warnings: list[BudgetWarning] = []
        self.tracker = CostTracker(self.ledger, self.budgets, on_warning=self.warnings.append)
        self.adapter = GeminiLLMProvider(
            secrets.token_urlsafe(20), config=config, base_url=self.url
        )
        provider: LLMProvider = TracedLLMProvider(self.adapter, layer="attempt", provider="gemini")
        provider = CostTrackingLLMProvider(provider, self.tracker, provider="gemini")
        provider = RateLimitedLLMProvider(provider, RateLimiter(self.quota))
        provider = CircuitBreakerLLMProvider(provider, self.circuit)
        provider = RetryingLLMProvider(
            provider,
            self.retries,
            random=random.Random(1),
            budget=RetryBudget(most=self.retry_balance),
        )
        provider = BudgetedLLMProvider(provider, self.tracker, provider="gemini")
        links = [Link(provider=provider, name=MODEL)]
        if self.has_last_resort:
            resort = CostTrackingLLMProvider(
                MockLLMProvider(latency_ms=0), self.tracker, provider="mock"
            )
            links.append(
                Link(provider=resort, name="a stand-in", takes_over_for=ALSO_WITHOUT_BUDGET)
            )
        provider = FallbackLLMProvider(links)
        provider = AccountedLLMProvider(provider, self.tracker)
        if self.cache is not None:
            provider = CachedLLMProvider(provider, self.cache, tracker=self.tracker)
        self.provider = TracedLLMProvider(provider, layer="call", provider="gemini")

    async def close(self) -> None:
        await self.provider.aclose()
        await self.tracker.flush()
