"""Routing: a model per task, strong for scenes, cheap for checks."""

from __future__ import annotations

from collections.abc import Mapping

from tta_rebuild.integrations import llm_provider as llm


class RoutedLLMProvider(llm.WrapperProvider):
    """Passes each request to its task's provider (see ``core.tasks``), others to ``default``."""

    def __init__(self, default: llm.LLMProvider, routes: Mapping[str, llm.LLMProvider]) -> None:
        super().__init__(default)
        self.price = None  # the default's is not the others'
        self.routes = dict(routes)

    def relay(self, request: llm.LLMRequest, ask: llm.Ask) -> llm.Items:
        """Put the request to its route."""
        return ask(self.routes.get(request.task, self.wrapped), request)

    async def aclose(self) -> None:
        """Close every provider once."""
        for provider in {id(p): p for p in (self.wrapped, *self.routes.values())}.values():
            await provider.aclose()
