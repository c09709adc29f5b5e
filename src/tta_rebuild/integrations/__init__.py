"""How models are reached: the provider seam, the adapters, the wrappers.

Names load on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tta_rebuild.core.errors import BudgetExceededError
    from tta_rebuild.core.resilient_primitive import Resilience, ResilientPrimitive
    from tta_rebuild.integrations.anthropic_provider import AnthropicProvider
    from tta_rebuild.integrations.budgets import Budget, BudgetWarning
    from tta_rebuild.integrations.code_executor import CodeExecutor, CodeVerdict
    from tta_rebuild.integrations.cost_tracker import CostTracker
    from tta_rebuild.integrations.e2b_executor import E2BEndpoint, E2BExecutor
    from tta_rebuild.integrations.gemini_provider import GeminiLLMProvider
    from tta_rebuild.integrations.llm_provider import (
        LLMConfig,
        LLMProvider,
        LLMRequest,
        LLMResponse,
        MockLLMProvider,
        RequestProvider,
        WrapperProvider,
    )
    from tta_rebuild.integrations.local_discovery import (
        LocalServer,
        choose_local,
        find_local_servers,
    )
    from tta_rebuild.integrations.local_executor import LocalExecutor
    from tta_rebuild.integrations.openai_provider import OpenAIProvider
    from tta_rebuild.integrations.prices import Price, PriceBook, Rates
    from tta_rebuild.integrations.quota_window import Quota
    from tta_rebuild.integrations.rate_limiter import RateLimiter
    from tta_rebuild.integrations.response_cache import CacheFile, ResponseCache
    from tta_rebuild.integrations.wrappers.cached import CachedLLMProvider
    from tta_rebuild.integrations.wrappers.circuit import (
        Circuit,
        CircuitBreakerLLMProvider,
        CircuitPolicy,
    )
    from tta_rebuild.integrations.wrappers.costed import (
        AccountedLLMProvider,
        BudgetedLLMProvider,
        CostTrackingLLMProvider,
    )
    from tta_rebuild.integrations.wrappers.fallback import FallbackLLMProvider, Link
    from tta_rebuild.integrations.wrappers.paced import RateLimitedLLMProvider
    from tta_rebuild.integrations.wrappers.retrying import (
        RetryBudget,
        RetryingLLMProvider,
        RetryPolicy,
    )
    from tta_rebuild.integrations.wrappers.routed import RoutedLLMProvider
    from tta_rebuild.integrations.wrappers.softening import SofteningLLMProvider
    from tta_rebuild.integrations.wrappers.traced import TracedLLMProvider
    from tta_rebuild.sandbox.snippet import Limits

_HOMES = {
    "AccountedLLMProvider": "wrappers.costed",
    "AnthropicProvider": "anthropic_provider",
    "Budget": "budgets",
    "BudgetExceededError": ".core.errors",
    "BudgetWarning": "budgets",
    "BudgetedLLMProvider": "wrappers.costed",
    "CacheFile": "response_cache",
    "CachedLLMProvider": "wrappers.cached",
    "Circuit": "wrappers.circuit",
    "CircuitBreakerLLMProvider": "wrappers.circuit",
    "CircuitPolicy": "wrappers.circuit",
    "CodeExecutor": "code_executor",
    "CodeVerdict": "code_executor",
    "CostTracker": "cost_tracker",
    "CostTrackingLLMProvider": "wrappers.costed",
    "E2BEndpoint": "e2b_executor",
    "E2BExecutor": "e2b_executor",
    "FallbackLLMProvider": "wrappers.fallback",
    "GeminiLLMProvider": "gemini_provider",
    "LLMConfig": "llm_provider",
    "LLMProvider": "llm_provider",
    "LLMRequest": "llm_provider",
    "LLMResponse": "llm_provider",
    "Limits": "code_executor",
    "Link": "wrappers.fallback",
    "LocalExecutor": "local_executor",
    "LocalServer": "local_discovery",
    "MockLLMProvider": "llm_provider",
    "OpenAIProvider": "openai_provider",
    "Price": "prices",
    "PriceBook": "prices",
    "Quota": "quota_window",
    "RateLimitedLLMProvider": "wrappers.paced",
    "RateLimiter": "rate_limiter",
    "Rates": "prices",
    "RequestProvider": "llm_provider",
    "Resilience": ".core.resilient_primitive",
    "ResilientPrimitive": ".core.resilient_primitive",
    "ResponseCache": "response_cache",
    "RetryBudget": "wrappers.retrying",
    "RetryPolicy": "wrappers.retrying",
    "RetryingLLMProvider": "wrappers.retrying",
    "RoutedLLMProvider": "wrappers.routed",
    "SofteningLLMProvider": "wrappers.softening",
    "TracedLLMProvider": "wrappers.traced",
    "WrapperProvider": "llm_provider",
    "choose_local": "local_discovery",
    "find_local_servers": "local_discovery",
}

__all__ = [
    "AccountedLLMProvider",
    "AnthropicProvider",
    "Budget",
    "BudgetExceededError",
    "BudgetWarning",
    "BudgetedLLMProvider",
    "CacheFile",
    "CachedLLMProvider",
    "Circuit",
    "CircuitBreakerLLMProvider",
    "CircuitPolicy",
    "CodeExecutor",
    "CodeVerdict",
    "CostTracker",
    "CostTrackingLLMProvider",
    "E2BEndpoint",
    "E2BExecutor",
    "FallbackLLMProvider",
    "GeminiLLMProvider",
    "LLMConfig",
    "LLMProvider",
    "LLMRequest",
    "LLMResponse",
    "Limits",
    "Link",
    "LocalExecutor",
    "LocalServer",
    "MockLLMProvider",
    "OpenAIProvider",
    "Price",
    "PriceBook",
    "Quota",
    "RateLimitedLLMProvider",
    "RateLimiter",
    "Rates",
    "RequestProvider",
    "Resilience",
    "ResilientPrimitive",
    "ResponseCache",
    "RetryBudget",
    "RetryPolicy",
    "RetryingLLMProvider",
    "RoutedLLMProvider",
    "SofteningLLMProvider",
    "TracedLLMProvider",
    "WrapperProvider",
    "choose_local",
    "find_local_servers",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
