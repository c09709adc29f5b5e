"""Routing: a model per task, strong for scenes, cheap for checks.

Stands outside the cache: each route has a stack of its own, cache scope included.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from tta_rebuild.integrations.llm_provider import (
    LLMProvider,
    LLMRequest,
    LLMResponse,
    StreamItem,
    WrapperProvider,
)


class RoutedLLMProvider(WrapperProvider):
    """Passes each request to the provider of its task.

    Args:
        default: for every task without a route; its config stands for the whole.
        routes: task (see ``core.tasks``) → provider.
    """

    def __init__(self, default: LLMProvider, routes: Mapping[str, LLMProvider]) -> None:
        super().__init__(default)
        self.routes = dict(routes)

    def provider_of(self, task: str) -> LLMProvider:
        """Who answers requests of this task."""
        return self.routes.get(task, self.wrapped)

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """Pass the request to its route."""
        return await self.provider_of(request.task).complete(request)

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        """Pass the stream of its route on."""
        items = self.provider_of(request.task).stream(request)
        try:
            async for item in items:
                yield item
        finally:
            await items.aclose()

    async def aclose(self) -> None:
        """Close every provider once."""
        for provider in {id(p): p for p in (self.wrapped, *self.routes.values())}.values():
            await provider.aclose()
