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
    from tta_rebuild.integrations.anthropic_provider import AnthropicProvider as AnthropicProvider
    from tta_rebuild.integrations.budgets import Budget as Budget
    from tta_rebuild.integrations.budgets import BudgetWarning as BudgetWarning
    from tta_rebuild.integrations.code_executor import CodeExecutor as CodeExecutor
    from tta_rebuild.integrations.code_executor import CodeVerdict as CodeVerdict
    from tta_rebuild.integrations.cost_tracker import CostTracker as CostTracker
    from tta_rebuild.integrations.e2b_executor import E2BEndpoint as E2BEndpoint
    from tta_rebuild.integrations.e2b_executor import E2BExecutor as E2BExecutor
    from tta_rebuild.integrations.gemini_provider import GeminiLLMProvider as GeminiLLMProvider
    from tta_rebuild.integrations.llm_provider import LLMConfig as LLMConfig
    from tta_rebuild.integrations.llm_provider import LLMProvider as LLMProvider
    from tta_rebuild.integrations.llm_provider import LLMRequest as LLMRequest
    from tta_rebuild.integrations.llm_provider import LLMResponse as LLMResponse
    from tta_rebuild.integrations.llm_provider import MockLLMProvider as MockLLMProvider
    from tta_rebuild.integrations.llm_provider import RequestProvider as RequestProvider
    from tta_rebuild.integrations.llm_provider import WrapperProvider as WrapperProvider
    from tta_rebuild.integrations.local_discovery import LocalServer as LocalServer
    from tta_rebuild.integrations.local_discovery import choose_local as choose_local
    from tta_rebuild.integrations.local_discovery import find_local_servers as find_local_servers
    from tta_rebuild.integrations.local_executor import LocalExecutor as LocalExecutor
    from tta_rebuild.integrations.openai_provider import OpenAIProvider as OpenAIProvider
    from tta_rebuild.integrations.prices import Price as Price
    from tta_rebuild.integrations.prices import PriceBook as PriceBook
    from tta_rebuild.integrations.prices import Rates as Rates
    from tta_rebuild.integrations.rate_limiter import Quota as Quota
    from tta_rebuild.integrations.rate_limiter import RateLimiter as RateLimiter
    from tta_rebuild.integrations.response_cache import CacheFile as CacheFile
    from tta_rebuild.integrations.response_cache import ResponseCache as ResponseCache
    from tta_rebuild.integrations.wrappers.cached import CachedLLMProvider as CachedLLMProvider
    from tta_rebuild.integrations.wrappers.circuit import Circuit as Circuit
    from tta_rebuild.integrations.wrappers.circuit import (
        CircuitBreakerLLMProvider as CircuitBreakerLLMProvider,
    )
    from tta_rebuild.integrations.wrappers.circuit import CircuitPolicy as CircuitPolicy
    from tta_rebuild.integrations.wrappers.costed import (
        AccountedLLMProvider as AccountedLLMProvider,
    )
    from tta_rebuild.integrations.wrappers.costed import BudgetedLLMProvider as BudgetedLLMProvider
    from tta_rebuild.integrations.wrappers.costed import (
        CostTrackingLLMProvider as CostTrackingLLMProvider,
    )
    from tta_rebuild.integrations.wrappers.fallback import (
        FallbackLLMProvider as FallbackLLMProvider,
    )
    from tta_rebuild.integrations.wrappers.fallback import Link as Link
    from tta_rebuild.integrations.wrappers.paced import (
        RateLimitedLLMProvider as RateLimitedLLMProvider,
    )
    from tta_rebuild.integrations.wrappers.rephrasing import (
        SofteningLLMProvider as SofteningLLMProvider,
    )
    from tta_rebuild.integrations.wrappers.retrying import RetryBudget as RetryBudget
    from tta_rebuild.integrations.wrappers.retrying import (
        RetryingLLMProvider as RetryingLLMProvider,
    )
    from tta_rebuild.integrations.wrappers.retrying import RetryPolicy as RetryPolicy
    from tta_rebuild.integrations.wrappers.routed import RoutedLLMProvider as RoutedLLMProvider
    from tta_rebuild.integrations.wrappers.traced import TracedLLMProvider as TracedLLMProvider
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
response_cache: CacheFile ResponseCache
wrappers.cached: CachedLLMProvider
wrappers.circuit: Circuit CircuitBreakerLLMProvider CircuitPolicy
wrappers.costed: AccountedLLMProvider BudgetedLLMProvider CostTrackingLLMProvider
wrappers.fallback: FallbackLLMProvider Link
wrappers.paced: RateLimitedLLMProvider
wrappers.retrying: RetryBudget RetryPolicy RetryingLLMProvider
wrappers.routed: RoutedLLMProvider
wrappers.rephrasing: SofteningLLMProvider
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
