"""Cost: holds a call's worst case before anything is sent, and books every attempt.

Three places, since a call, the asking of one model and an attempt are three things:

- ``AccountedLLMProvider`` outside the fallback: the call as a whole.
- ``BudgetedLLMProvider`` outside the retries of each model, so that money is waited for before the
  attempt takes its place in the queue of the quota; inside the fallback, so that a model that costs
  nothing can take over when the budget is used up.
- ``CostTrackingLLMProvider`` at each attempt, inside the pacing, so that its row tells how long the
  provider took and not how long the queue was. Alone, it takes each attempt for a call.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

from tta_rebuild.core.errors import ProviderError
from tta_rebuild.integrations import llm_provider as llm
from tta_rebuild.integrations.cost_tracker import CostTracker


class AccountedLLMProvider(llm.WrapperProvider):
    """Makes one account of all attempts of a call; the response's cost is their sum."""

    def __init__(self, wrapped: llm.LLMProvider, tracker: CostTracker) -> None:
        super().__init__(wrapped)
        self.tracker = tracker

    async def relay(self, request: llm.LLMRequest, ask: llm.Ask) -> llm.Items:
        """Open the call, pass it on, close it however it ends."""
        async with (
            self.tracker.call(request) as (call, request),
            aclosing(ask(self.wrapped, request)) as items,
        ):
            async for item in items:
                if isinstance(item, llm.StreamEnded) and item.response.cost_usd != call.spent_usd:
                    item = llm.StreamEnded(replace(item.response, cost_usd=call.spent_usd))
                yield item


class BudgetedLLMProvider(llm.WrapperProvider):
    """Holds the worst case of asking this model in every budget that covers the call.

    ``provider`` is the adapter's name, such as ``"gemini"``, for the price. Raises
    BudgetExceededError where a budget would be overspent; nothing was sent.
    """

    def __init__(
        self, wrapped: llm.LLMProvider, tracker: CostTracker, *, provider: str = ""
    ) -> None:
        super().__init__(wrapped)
        self.tracker = tracker
        self.provider = provider or self.provider

    async def relay(self, request: llm.LLMRequest, ask: llm.Ask) -> llm.Items:
        """Hold, pass on, give back what was not spent."""
        async with self.tracker.call(request) as (call, request):
            try:
                await self.tracker.hold_worst(call, request, self.config, asked=self)
                async with aclosing(ask(self.wrapped, request)) as items:
                    async for item in items:
                        yield item
            finally:
                call.release()


class CostTrackingLLMProvider(llm.WrapperProvider):
    """Books every attempt, whatever becomes of it: answered, failed, cancelled, left early.

    ``tracker`` is one of its own, without a budget, where None; ``provider`` is the server's name,
    such as ``"ollama"``, or where "" the one that each answer names. Raises BudgetExceededError
    where the attempt would overspend a budget; nothing was sent.
    """

    def __init__(
        self, wrapped: llm.LLMProvider, tracker: CostTracker | None = None, *, provider: str = ""
    ) -> None:
        super().__init__(wrapped)
        self.tracker = tracker or CostTracker()
        self.provider = provider or self.provider
        self._is_named = bool(provider)

    async def relay(self, request: llm.LLMRequest, ask: llm.Ask) -> llm.Items:
        """Pass the attempt on and book what was sent, also where the reader leaves."""
        async with self.tracker.call(request) as (call, request):
            attempt = await self.tracker.begin(
                call, request, self.config, asked=self, is_named=self._is_named
            )
            try:
                async with aclosing(ask(self.wrapped, request)) as items:
                    async for item in items:
                        if isinstance(item, llm.TextPiece):
                            attempt.piece(item)
                        elif isinstance(item, llm.StreamEnded):
                            item = llm.StreamEnded(attempt.answered(item.response))
                        yield item
            except ProviderError as error:
                attempt.failed(error)
                raise
            except (asyncio.CancelledError, GeneratorExit):
                attempt.left(is_stream=ask is llm.in_pieces)
                raise
            finally:
                attempt.crashed()
