"""Caching: what was answered before is answered again, at once and for nothing.

Stands outside everything that costs money or time. A request's key is computed once here. What is
degraded, cut or not of the shape that was asked for is never kept, and an answer is only found by
who asks the same model with the same settings.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator
from dataclasses import replace

from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import (
    LLMProvider,
    LLMRequest,
    LLMResponse,
    StreamEnded,
    StreamItem,
    TextPiece,
    WrapperProvider,
)
from tta_rebuild.integrations.response_cache import CacheHit, ResponseCache
from tta_rebuild.integrations.single_flight import SingleFlight

REPLAY_CHARS = 64
"""Length of the pieces in which a kept answer is streamed."""


class CachedLLMProvider(WrapperProvider):
    """Answers from the cache where it can; asks once where many ask the same at the same time.

    Args:
        cache: may be shared by several stacks.
        tracker: books a row of cost 0 for every answer from the cache, if given.
        scope: sets answers apart beyond model and settings, such as the names in the chain.
    """

    def __init__(
        self,
        wrapped: LLMProvider,
        cache: ResponseCache | None = None,
        *,
        tracker: CostTracker | None = None,
        scope: str = "",
    ) -> None:
        super().__init__(wrapped)
        self.cache = cache or ResponseCache()
        self.tracker = tracker
        config = self.config
        settings = (scope, config.model, config.max_tokens, config.temperature, config.top_p)
        self._scope = hashlib.sha256(repr(settings).encode()).hexdigest()[:16]
        self._flights = SingleFlight()

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """The kept answer, or the one that is on its way, or a new one."""
        key = f"{self._scope}:{request.key()}"
        hit = await self._find(key)
        if hit is not None:
            return self._given_again(request, hit)
        is_shared = self._flights.is_under_way(key)
        response = await self._flights.call(key, lambda: self._ask(key, request))
        return self._given_again(request, CacheHit(response, "shared")) if is_shared else response

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        """The same in pieces; a kept answer is streamed in pieces too."""
        key = f"{self._scope}:{request.key()}"
        hit = await self._find(key)
        is_shared = hit is None and self._flights.is_under_way(key)
        if hit is None:
            items = self._flights.stream(key, lambda: self._ask_in_pieces(key, request))
        else:
            items = _replayed(self._given_again(request, hit))
        try:
            async for item in items:
                if is_shared and isinstance(item, StreamEnded):
                    item = StreamEnded(
                        self._given_again(request, CacheHit(item.response, "shared"))
                    )
                yield item
        finally:
            await items.aclose()

    async def aclose(self) -> None:
        """Close what is wrapped, then the cache."""
        await super().aclose()
        await self.cache.aclose()

    async def _find(self, key: str) -> CacheHit | None:
        hit = await self.cache.find(key)
        if hit is None:
            # Somebody's answer may have come while the file was being looked at.
            response = self.cache.get(key)
            hit = CacheHit(response, "memory") if response is not None else None
        return hit

    async def _ask(self, key: str, request: LLMRequest) -> LLMResponse:
        response = await self.wrapped.complete(request)
        self._keep(key, request, response)
        return response

    async def _ask_in_pieces(
        self, key: str, request: LLMRequest
    ) -> AsyncGenerator[StreamItem, None]:
        items = self.wrapped.stream(request)
        try:
            async for item in items:
                if isinstance(item, StreamEnded):
                    self._keep(key, request, item.response)
                yield item
        finally:
            await items.aclose()

    def _keep(self, key: str, request: LLMRequest, response: LLMResponse) -> None:
        if is_worth_keeping(request, response):
            self.cache.put(key, response)

    def _given_again(self, request: LLMRequest, hit: CacheHit) -> LLMResponse:
        if self.tracker is not None:
            self.tracker.book_cached(request, hit.response)
        metadata = {**hit.response.metadata, "cache": hit.place}
        return replace(hit.response, cost_usd=0.0, metadata=metadata)


def is_worth_keeping(request: LLMRequest, response: LLMResponse) -> bool:
    """True for a whole answer of the shape that was asked for, from the model that was asked."""
    if response.degraded or response.finish_reason != "stop" or not response.text.strip():
        return False
    if request.schema is None:
        return True
    try:
        json.loads(response.text)
    except ValueError:
        return False
    return True


async def _replayed(response: LLMResponse) -> AsyncGenerator[StreamItem, None]:
    text = response.text
    for start in range(0, len(text), REPLAY_CHARS):
        yield TextPiece(text[start : start + REPLAY_CHARS])
    yield StreamEnded(response)
