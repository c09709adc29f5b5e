"""How models are reached: the provider seam, the adapters, the wrappers.

Names load on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tta_rebuild.integrations.code_executor import CodeExecutor, CodeVerdict, Limits
    from tta_rebuild.integrations.e2b_executor import E2BEndpoint, E2BExecutor
    from tta_rebuild.integrations.llm_provider import (
        LLMConfig,
        LLMProvider,
        LLMRequest,
        LLMResponse,
        MockLLMProvider,
        RequestProvider,
        WrapperProvider,
    )
    from tta_rebuild.integrations.local_executor import LocalExecutor

_HOMES = {
    "CodeExecutor": "code_executor",
    "CodeVerdict": "code_executor",
    "E2BEndpoint": "e2b_executor",
    "E2BExecutor": "e2b_executor",
    "LLMConfig": "llm_provider",
    "LLMProvider": "llm_provider",
    "LLMRequest": "llm_provider",
    "LLMResponse": "llm_provider",
    "Limits": "code_executor",
    "LocalExecutor": "local_executor",
    "MockLLMProvider": "llm_provider",
    "RequestProvider": "llm_provider",
    "WrapperProvider": "llm_provider",
}

__all__ = [
    "CodeExecutor",
    "CodeVerdict",
    "E2BEndpoint",
    "E2BExecutor",
    "LLMConfig",
    "LLMProvider",
    "LLMRequest",
    "LLMResponse",
    "Limits",
    "LocalExecutor",
    "MockLLMProvider",
    "RequestProvider",
    "WrapperProvider",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
