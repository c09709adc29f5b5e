"""Caching: what was answered before is answered again, at once and for nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace

from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations import llm_provider as llm
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.response_cache import ResponseCache

REPLAY_CHARS = 64
"""Length of the pieces in which a kept answer is streamed."""


class CachedLLMProvider(llm.WrapperProvider):
    """Answers from the cache where it can; asks once where many ask the same at the same time.

    What is told another way (``llm_provider.RETOLD``) is asked anew.

    ``metadata["cache"]`` says where from: ``"memory"``, ``"file"``, ``"redis"``, ``"shared"`` (with
    others who asked at the same time).
    ``tracker`` books a row of cost 0 for each; ``scope`` sets answers apart beyond model and
    settings, such as the names in the chain.
    """

    def __init__(
        self,
        wrapped: llm.LLMProvider,
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
        self._flights: dict[tuple[bool, str], _Flight] = {}

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """The kept answer, or the one that is on its way, or a new one."""
        key = f"{self._scope}:{request.key()}"
        if request.context.session_state.get(llm.RETOLD):  # what is kept, or on its way, is known
            async with aclosing(self._asked(key, request, whole)) as items:
                async for item in items:
                    yield item
            return
        response = await self.cache.get(key)
        if response is not None:
            for item in self._replayed(request, response, self.cache.place, whole):
                yield item
            return
        flight = self._flights.get((whole, key))
        is_shared = flight is not None and flight.can_be_joined
        if flight is None or not is_shared:
            flight = self._flights[whole, key] = _Flight(self._asked_once(key, request, whole))
        try:
            async with aclosing(flight.read()) as items:
                async for item in items:
                    if is_shared and isinstance(item, llm.StreamEnded):
                        item = self._given_again(request, item.response, "shared")
                    yield item
        finally:
            if self._flights.get((whole, key)) is flight and not flight.can_be_joined:
                del self._flights[whole, key]

    async def aclose(self) -> None:
        """Close what is wrapped, then the cache."""
        await super().aclose()
        await self.cache.aclose()

    async def _asked_once(self, key: str, request: llm.LLMRequest, whole: bool) -> llm.Items:
        """A new answer, or that of another process that is asking the same."""
        theirs = await self.cache.begin(key)
        if theirs is not None:
            for item in self._replayed(request, theirs, "shared", whole):
                yield item
            return
        try:
            async with aclosing(self._asked(key, request, whole)) as items:
                async for item in items:
                    yield item
        finally:
            await self.cache.end(key)

    def _replayed(
        self, request: llm.LLMRequest, response: llm.LLMResponse, place: str, whole: bool
    ) -> Iterator[llm.StreamItem]:
        for start in range(0, len(response.text), REPLAY_CHARS) if not whole else ():
            yield llm.TextPiece(response.text[start : start + REPLAY_CHARS])
        yield self._given_again(request, response, place)

    async def _asked(self, key: str, request: llm.LLMRequest, whole: bool) -> llm.Items:
        async with aclosing(self.wrapped.items(request, whole=whole)) as items:
            async for item in items:
                yield item
                if isinstance(item, llm.StreamEnded) and is_worth_keeping(request, item.response):
                    await self.cache.put(key, item.response)

    def _given_again(
        self, request: llm.LLMRequest, response: llm.LLMResponse, place: str
    ) -> llm.StreamEnded:
        if self.tracker is not None:
            named = (response.provider, response.model)
            self.tracker.book(request, *named, outcome="cached", usage=Usage())
        metadata = {**response.metadata, "cache": place}
        return llm.StreamEnded(replace(response, cost_usd=0.0, metadata=metadata))


def is_worth_keeping(request: llm.LLMRequest, response: llm.LLMResponse) -> bool:
    """True for a whole answer of the shape that was asked for, from the model that was asked."""
    if response.degraded or response.finish_reason != "stop" or not response.text.strip():
        return False
    if request.schema is not None:
        try:
            json.loads(response.text)
        except ValueError:
            return False
    return True


class _Flight:
    """An answer on its way, for all who ask for it; with the last one who waits for it, it ends."""

    def __init__(self, items: llm.Items) -> None:
        self._readers = 0
        self._items: list[llm.StreamItem] = []
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._fly(items))
        self._task.add_done_callback(self._landed)

    @property
    def can_be_joined(self) -> bool:
        return self._readers > 0 and not self._task.done()

    async def read(self) -> llm.Items:
        read = 0
        self._readers += 1
        try:
            while True:
                while read < len(self._items):
                    read += 1
                    yield self._items[read - 1]
                if self._task.done():
                    self._task.result()
                    return
                await self._changed.wait()
        finally:
            self._readers -= 1
            if not self._readers and not self._task.done():
                self._task.cancel()
                await asyncio.wait([self._task])

    async def _fly(self, items: llm.Items) -> None:
        async with aclosing(items):
            async for item in items:
                self._items.append(item)
                self._notify()

    def _landed(self, task: asyncio.Task[None]) -> None:
        # Whoever still waits is told of a failure; that nobody does is no failure of its own.
        if not task.cancelled():
            task.exception()
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
