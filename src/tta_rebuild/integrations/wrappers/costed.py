"""Cost: holds a call's worst case before anything is sent, and books every attempt.

What a failed attempt costs: the tokens that the provider named, where it did. Else, of a stream,
its prompt, the text that came, and one piece more, which may have been sent and not arrived; the
worst case where an answer may have been written of which nothing arrived (a timeout, a cancelled
call that was not a stream); and nothing where the provider refused with an error status.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

from tta_rebuild.core import errors
from tta_rebuild.core.usage import Outcome, Usage, estimated_tokens
from tta_rebuild.integrations import llm_provider as llm
from tta_rebuild.integrations.budgets import Call
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.prices import Price


class AccountedLLMProvider(llm.WrapperProvider):
    """Makes one account of all attempts of a call; the response's cost is their sum."""

    def __init__(
        self, wrapped: llm.LLMProvider, tracker: CostTracker, *, provider: str = ""
    ) -> None:
        super().__init__(wrapped)
        self.tracker = tracker
        self.provider = provider or self.provider

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """Open the call, pass it on, close it however it ends."""
        async with self.tracker.call(request) as (call, request):
            try:
                await self._begin(call, request)
                async with aclosing(self.wrapped.items(request, whole=whole)) as items:
                    async for item in items:
                        if isinstance(item, llm.StreamEnded):
                            item = llm.StreamEnded(replace(item.response, cost_usd=call.spent_usd))
                        yield item
            finally:
                call.release()

    async def _begin(self, call: Call, request: llm.LLMRequest) -> None:
        """Before anything is asked."""


class BudgetedLLMProvider(AccountedLLMProvider):
    """Holds the worst case of asking this model in every budget, or raises BudgetExceededError."""

    async def _begin(self, call: Call, request: llm.LLMRequest) -> None:
        await self.tracker.hold_worst(call, request, self)


class CostTrackingLLMProvider(llm.WrapperProvider):
    """Books every attempt, whatever becomes of it; alone, it takes each attempt for a call.

    ``tracker`` is one of its own, without a budget, where None; ``provider`` is the server's name,
    or where "" the one that each answer names. Raises BudgetExceededError; nothing was sent then.
    """

    def __init__(
        self, wrapped: llm.LLMProvider, tracker: CostTracker | None = None, *, provider: str = ""
    ) -> None:
        super().__init__(wrapped)
        self.tracker = tracker or CostTracker()
        self.provider = provider or self.provider
        self.is_named = bool(provider)

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """Pass the attempt on and book what was sent, also where the reader leaves."""
        async with self.tracker.call(request) as (call, request):
            price, worst = await self.tracker.hold_worst(call, request, self)
            if request.watch is not None and price.worst_usd(worst):
                with suppress(errors.ProviderError):  # which asking says again
                    await self.wrapped.warm()
                model = request.model or self.config.model
                await request.watch.sending(self.provider, model, worst.output_tokens)
            attempt = _RunningAttempt(self, call, request, price, worst)
            try:
                async with aclosing(self.wrapped.items(request, whole=whole)) as items:
                    async for item in items:
                        if isinstance(item, llm.TextPiece):
                            attempt.piece(item)
                        elif isinstance(item, llm.StreamEnded):
                            item = llm.StreamEnded(attempt.answered(item.response))
                        yield item
            except errors.ProviderError as error:
                attempt.failed(error)
                raise
            except (asyncio.CancelledError, GeneratorExit):
                attempt.ended("cancelled", attempt.worst if whole else attempt.sent())
                raise
            finally:
                if not attempt.is_over:
                    attempt.ended("error", attempt.sent() if attempt.chars else attempt.worst)


@dataclass(eq=False)
class _RunningAttempt:
    """One attempt between its beginning and its one row in the ledger; ``worst`` is held for it."""

    asked: CostTrackingLLMProvider
    call: Call
    request: llm.LLMRequest
    price: Price
    worst: Usage
    first_piece_s: float | None = None
    counted: Usage | None = None
    chars: int = 0
    largest_piece: int = 0
    is_over: bool = False

    def __post_init__(self) -> None:
        self._tracker = self.asked.tracker
        self._provider = self.asked.provider
        self._model = self.request.model or self.asked.config.model
        self._at, self._began = self._tracker.clock.wall(), self._tracker.clock.now()
        self.call.attempts += 1

    def piece(self, piece: llm.TextPiece) -> None:
        """A piece of a stream has come."""
        if self.first_piece_s is None:
            self.first_piece_s = self._tracker.clock.now() - self._began
        self.counted = piece.usage or self.counted
        size = len(piece.text)
        self.chars += size
        self.largest_piece = max(self.largest_piece, size)
        if self.request.watch is not None:
            self.request.watch.heard(size, piece.usage)

    def answered(self, response: llm.LLMResponse) -> llm.LLMResponse:
        """The attempt ended well; gives the response with its cost."""
        usage = response.usage
        if not usage.total_tokens and response.tokens_used:
            usage = replace(usage, output_tokens=response.tokens_used, estimated=True)
        for _ in range(int(response.metadata.get("http_requests", 1)) - 1):
            # the adapter first asked in a way that this server does not take
            self._book("error", Usage())
            self.call.attempts += 1
        # One adapter serves many servers: who it was put before knows better than it does.
        if not self.asked.is_named:
            self._provider = response.provider or self._provider
        self._model = response.model or self._model
        self.price = self._tracker.price_of(self._provider, self._model, asked=self.asked)
        return replace(response, cost_usd=self.ended("ok", usage))

    def failed(self, error: errors.ProviderError) -> None:
        """The attempt ended with an error of the provider."""
        if not self.chars and isinstance(error, errors.StreamBroken):
            self.chars = len(error.text)
        usage = error.usage
        if usage is None and self.chars:
            usage = self.sent()
        elif usage is None:
            usage = self.worst if error.may_be_billed else Usage()
        self.ended(error.outcome, usage)

    def sent(self) -> Usage:
        """What a stream had cost when it ended early, one piece more than arrived."""
        sent = self.counted or Usage(
            input_tokens=self.request.likely_input_tokens,
            output_tokens=estimated_tokens(self.chars),
        )
        told = sent.output_tokens + estimated_tokens(self.largest_piece)
        return replace(sent, output_tokens=told, estimated=True)

    def ended(self, outcome: Outcome, usage: Usage) -> float:
        """Book the attempt, unless it is; gives its cost in US dollars."""
        if self.is_over:
            return 0.0
        self.is_over = True
        cost_usd = self._book(outcome, usage)
        self.call.spend(cost_usd)
        return cost_usd

    def _book(self, outcome: Outcome, usage: Usage) -> float:
        return self._tracker.book(
            self.request,
            self._provider,
            self._model,
            at=self._at,
            outcome=outcome,
            usage=usage,
            cost_usd=self.price.cost_usd(usage),
            attempt=self.call.attempts,
            priced=self.price.is_known,
            latency_s=self._tracker.clock.now() - self._began,
            first_piece_s=self.first_piece_s,
        )
