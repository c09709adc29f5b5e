"""Routing: a model per task, strong for scenes, cheap for checks.

Stands outside the cache: each route has a stack of its own, cache scope included.
"""

from __future__ import annotations

from collections.abc import Mapping

from tta_rebuild.integrations.llm_provider import (
    Ask,
    Items,
    LLMProvider,
    LLMRequest,
    WrapperProvider,
)


class RoutedLLMProvider(WrapperProvider):
    """Passes each request to its task's provider (see ``core.tasks``), others to ``default``."""

    def __init__(self, default: LLMProvider, routes: Mapping[str, LLMProvider]) -> None:
        super().__init__(default)
        self.routes = dict(routes)

    def relay(self, request: LLMRequest, ask: Ask) -> Items:
        """Put the request to its route."""
        return ask(self.routes.get(request.task, self.wrapped), request)

    async def aclose(self) -> None:
        """Close every provider once."""
        for provider in {id(p): p for p in (self.wrapped, *self.routes.values())}.values():
            await provider.aclose()
