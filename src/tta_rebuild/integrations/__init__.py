"""How models are reached: the provider seam, the adapters, the wrappers.

Names load on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tta_rebuild.core.errors import BudgetExceededError as BudgetExceededError
    from tta_rebuild.core.resilient_primitive import Resilience as Resilience
    from tta_rebuild.core.resilient_primitive import ResilientPrimitive as ResilientPrimitive
    from tta_rebuild.integrations.anthropic_provider import *
    from tta_rebuild.integrations.budgets import *
    from tta_rebuild.integrations.code_executor import *
    from tta_rebuild.integrations.cost_tracker import *
    from tta_rebuild.integrations.e2b_executor import *
    from tta_rebuild.integrations.gemini_provider import *
    from tta_rebuild.integrations.llm_provider import *
    from tta_rebuild.integrations.local_discovery import *
    from tta_rebuild.integrations.local_executor import *
    from tta_rebuild.integrations.openai_provider import *
    from tta_rebuild.integrations.prices import *
    from tta_rebuild.integrations.rate_limiter import *
    from tta_rebuild.integrations.response_cache import *
    from tta_rebuild.integrations.wrappers.cached import *
    from tta_rebuild.integrations.wrappers.circuit import *
    from tta_rebuild.integrations.wrappers.costed import *
    from tta_rebuild.integrations.wrappers.fallback import *
    from tta_rebuild.integrations.wrappers.paced import *
    from tta_rebuild.integrations.wrappers.rephrasing import *
    from tta_rebuild.integrations.wrappers.retrying import *
    from tta_rebuild.integrations.wrappers.traced import *
    from tta_rebuild.sandbox.snippet import Limits as Limits

_NAMES = """
.core.errors: BudgetExceededError
.core.resilient_primitive: Resilience ResilientPrimitive
anthropic_provider: AnthropicProvider
budgets: Budget BudgetWarning
code_executor: CodeExecutor CodeVerdict Limits
cost_tracker: CostTracker
e2b_executor: E2BEndpoint E2BExecutor
gemini_provider: GeminiLLMProvider
llm_provider: LLMConfig LLMProvider LLMRequest LLMResponse MockLLMProvider
llm_provider: RequestProvider WrapperProvider
local_discovery: LocalServer choose_local find_local_servers
local_executor: LocalExecutor
openai_provider: OpenAIProvider
prices: Price PriceBook Rates
rate_limiter: Quota RateLimiter
response_cache: ResponseCache
wrappers.cached: CachedLLMProvider
wrappers.circuit: Circuit CircuitBreakerLLMProvider CircuitPolicy
wrappers.costed: AccountedLLMProvider BudgetedLLMProvider CostTrackingLLMProvider
wrappers.fallback: FallbackLLMProvider Link RoutedLLMProvider
wrappers.paced: RateLimitedLLMProvider
wrappers.retrying: RetryBudget RetryPolicy RetryingLLMProvider
wrappers.rephrasing: RephrasingLLMProvider
wrappers.traced: TracedLLMProvider
"""
"""Module: the names that are to be had from here too."""

_HOMES = {
    name: home
    for home, _, names in (line.partition(": ") for line in _NAMES.splitlines())
    for name in names.split()
}

__all__ = sorted(_HOMES)

if not TYPE_CHECKING:  # a checker would take any name that is not there for one that is

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
