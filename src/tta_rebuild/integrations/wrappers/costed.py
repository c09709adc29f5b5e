"""Cost: holds a call's worst case before anything is sent, and books every attempt.

Three places, since a call, the asking of one model and an attempt are three things:

- ``AccountedLLMProvider`` outside the fallback: the call as a whole, its attempts numbered and
  added up, the budget per call.
- ``BudgetedLLMProvider`` outside the retries of each model: holds the worst case and waits for
  money where it must, before the attempt takes its place in the queue of the quota. Inside the
  fallback, so that a model that costs nothing can take over when the budget is used up.
- ``CostTrackingLLMProvider`` at each attempt, inside the pacing, so that its row tells how long the
  provider took and not how long the queue was.

The last alone will do where there are neither retries nor fallbacks: each attempt is then a call.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from tta_rebuild.core.errors import ProviderError
from tta_rebuild.integrations.attempts import RunningAttempt
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


class AccountedLLMProvider(WrapperProvider):
    """Makes one account of all attempts of a call; the response's cost is their sum."""

    def __init__(self, wrapped: LLMProvider, tracker: CostTracker) -> None:
        super().__init__(wrapped)
        self.tracker = tracker

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """Open the call, pass it on, close it."""
        call = await self.tracker.open_call(request)
        try:
            response = await self.wrapped.complete(replace(request, call_id=call.call_id))
            return _at_cost(response, call.spent_usd)
        finally:
            call.close()

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        """The same for a stream, however it ends."""
        call = await self.tracker.open_call(request)
        items = self.wrapped.stream(replace(request, call_id=call.call_id))
        try:
            async for item in items:
                if isinstance(item, StreamEnded):
                    item = StreamEnded(_at_cost(item.response, call.spent_usd))
                yield item
        finally:
            try:
                await items.aclose()
            finally:
                call.close()


class BudgetedLLMProvider(WrapperProvider):
    """Holds the worst case of asking this model in every budget that covers the call.

    Args:
        provider: the name of the adapter, such as ``"gemini"``, for the price.

    Raises (besides what is wrapped):
        BudgetExceededError: a budget would be overspent; nothing was sent.
    """

    def __init__(self, wrapped: LLMProvider, tracker: CostTracker, *, provider: str = "") -> None:
        super().__init__(wrapped)
        self.tracker = tracker
        self.provider = provider or self.provider

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """Hold, pass on, give back what was not spent."""
        known = self.tracker.call_of(request)
        call = known or await self.tracker.open_call(request)
        try:
            await self.tracker.hold_worst(call, request, self.config, provider=self.provider)
            return await self.wrapped.complete(_of_call(request, call.call_id))
        finally:
            call.hold.release()
            if known is None:
                call.close()

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        """The same for a stream, however it ends."""
        known = self.tracker.call_of(request)
        call = known or await self.tracker.open_call(request)
        try:
            await self.tracker.hold_worst(call, request, self.config, provider=self.provider)
            items = self.wrapped.stream(_of_call(request, call.call_id))
            try:
                async for item in items:
                    yield item
            finally:
                await items.aclose()
        finally:
            call.hold.release()
            if known is None:
                call.close()


class CostTrackingLLMProvider(WrapperProvider):
    """Books every attempt, whatever becomes of it: answered, failed, cancelled, left early.

    Args:
        tracker: one of its own, without a budget, where None.
        provider: the server's name, such as ``"gemini"`` or ``"ollama"``; where "", the one that
            each answer names.

    Raises (besides what is wrapped):
        BudgetExceededError: the attempt would overspend a budget; nothing was sent.
    """

    def __init__(
        self, wrapped: LLMProvider, tracker: CostTracker | None = None, *, provider: str = ""
    ) -> None:
        super().__init__(wrapped)
        self.tracker = tracker or CostTracker()
        self.provider = provider or self.provider
        self._is_named = bool(provider)

    async def _begin(self, request: LLMRequest) -> RunningAttempt:
        return await self.tracker.begin(
            request, self.config, provider=self.provider, is_named=self._is_named
        )

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """Pass the attempt on and book it."""
        attempt = await self._begin(request)
        try:
            return attempt.answered(await self.wrapped.complete(request))
        except ProviderError as error:
            attempt.failed(error)
            raise
        except asyncio.CancelledError:
            attempt.left(is_stream=False)
            raise
        finally:
            attempt.crashed()

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        """Pass the stream on and book what was sent, also where the reader leaves."""
        attempt = await self._begin(request)
        items = self.wrapped.stream(request)
        try:
            async for item in items:
                if isinstance(item, TextPiece):
                    attempt.piece(item)
                elif isinstance(item, StreamEnded):
                    item = StreamEnded(attempt.answered(item.response))
                yield item
        except ProviderError as error:
            attempt.failed(error)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            try:
                await items.aclose()
            finally:
                attempt.left(is_stream=True)
            raise
        finally:
            attempt.crashed()
            await items.aclose()


def _of_call(request: LLMRequest, call_id: str) -> LLMRequest:
    return request if request.call_id == call_id else replace(request, call_id=call_id)


def _at_cost(response: LLMResponse, cost_usd: float) -> LLMResponse:
    return response if response.cost_usd == cost_usd else replace(response, cost_usd=cost_usd)
