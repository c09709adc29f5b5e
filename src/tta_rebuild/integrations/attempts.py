"""One call and each of its attempts, from the beginning to the one row in the ledger.

``CostTracker`` makes them; ``wrappers.costed`` tells them how the attempt goes. What is charged for
an attempt that did not end well:

- the tokens that the provider named, where it did (on the error, or on the pieces of a stream);
- a stream that was left or broke: its prompt, the text that came, and one piece more, since the
  provider may have sent one that did not arrive;
- nothing, where the provider refused with an error status (it does not bill those);
- the worst case, where an answer may have been written of which nothing arrived (a timeout, a
  cancelled call that was not a stream).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import (
    ContentRefused,
    ProviderBusy,
    ProviderError,
    QuotaExhausted,
    ReplyUnusable,
    StreamBroken,
)
from tta_rebuild.core.usage import Attempt, Outcome, Usage
from tta_rebuild.integrations.budgets import Hold
from tta_rebuild.integrations.llm_provider import (
    CHARS_PER_TOKEN,
    LLMRequest,
    LLMResponse,
    TextPiece,
)
from tta_rebuild.integrations.prices import Price, PriceBook
from tta_rebuild.integrations.token_estimate import TokenEstimate


class Tracker(Protocol):
    """What an attempt needs of ``CostTracker``."""

    clock: Clock
    prices: PriceBook
    estimate: TokenEstimate

    def forget(self, call: Call) -> None:
        """The call is over."""

    def book(self, request: LLMRequest, attempt: Attempt) -> None:
        """Book how an attempt at the request went; whose it is, the request says."""


class Call:
    """One logical call: its hold on the budgets, and its attempts so far."""

    __slots__ = ("_tracker", "attempts", "call_id", "hold", "spent_usd")

    def __init__(self, tracker: Tracker, call_id: str, hold: Hold) -> None:
        self._tracker = tracker
        self.call_id = call_id
        self.hold = hold
        self.attempts = 0
        self.spent_usd = 0.0

    def close(self) -> None:
        """The call is over: what it still holds goes back. Safe to call twice."""
        self._tracker.forget(self)
        self.hold.release()


class RunningAttempt:
    """One attempt between its beginning and its one row in the ledger."""

    __slots__ = (
        "_at",
        "_began",
        "_call",
        "_chars",
        "_counted",
        "_first_piece_s",
        "_is_named",
        "_is_over",
        "_largest_piece",
        "_model",
        "_number",
        "_own_call",
        "_price",
        "_provider",
        "_request",
        "_tracker",
        "_worst",
    )

    def __init__(
        self,
        tracker: Tracker,
        request: LLMRequest,
        call: Call,
        *,
        owns_call: bool,
        provider: str,
        is_named: bool,
        model: str,
        price: Price,
        worst: Usage,
    ) -> None:
        call.attempts += 1
        self._tracker = tracker
        self._request = request
        self._call = call
        self._own_call = owns_call
        self._number = call.attempts
        self._provider = provider
        self._is_named = is_named
        self._model = model
        self._price = price
        self._worst = worst
        self._at = tracker.clock.wall()
        self._began = tracker.clock.now()
        self._first_piece_s: float | None = None
        self._counted: Usage | None = None
        self._chars = 0
        self._largest_piece = 0
        self._is_over = False

    def piece(self, piece: TextPiece) -> None:
        """A piece of a stream has come."""
        if self._first_piece_s is None:
            self._first_piece_s = self._tracker.clock.now() - self._began
        if piece.usage is not None:
            self._counted = piece.usage
        size = len(piece.text)
        self._chars += size
        self._largest_piece = max(self._largest_piece, size)

    def answered(self, response: LLMResponse) -> LLMResponse:
        """The attempt ended well; gives the response with its cost."""
        usage = response.usage
        if not usage.total_tokens and response.tokens_used:
            usage = replace(usage, output_tokens=response.tokens_used, estimated=True)
        # One adapter serves many servers: who it was put before knows better than it does.
        provider = self._provider if self._is_named else response.provider or self._provider
        model = response.model or self._model
        price = self._tracker.prices.price(provider, model, at=self._at)
        self._tracker.estimate.learn(self._model, self._request, usage)
        for _ in range(int(response.metadata.get("http_requests", 1)) - 1):
            # the adapter first asked in a way that this server does not take
            self._tracker.book(self._request, self._row("error", Usage(), self._price))
            self._call.attempts += 1
            self._number = self._call.attempts
        row = replace(self._row("ok", usage, price), provider=provider, model=model)
        self._end(row)
        return replace(response, cost_usd=row.cost_usd)

    def failed(self, error: ProviderError) -> None:
        """The attempt ended with an error of the provider."""
        outcome: Outcome = "error"
        if isinstance(error, (ProviderBusy, QuotaExhausted)):
            outcome = "busy"
        elif isinstance(error, ContentRefused):
            outcome = "refused"
        elif isinstance(error, ReplyUnusable):
            outcome = "unusable"
        elif isinstance(error, StreamBroken):
            outcome = "broken"
        if error.usage is not None:
            self._charge(outcome, error.usage)
        elif self._chars:
            self._charge(outcome, self._sent())
        elif isinstance(error, StreamBroken) and error.text:
            self._chars = len(error.text)
            self._charge(outcome, self._sent())
        else:
            self._charge(outcome, self._worst if error.may_be_billed else Usage())

    def left(self, *, is_stream: bool) -> None:
        """The caller left before the end."""
        self._charge("cancelled", self._sent() if is_stream else self._worst)

    def crashed(self) -> None:
        """The attempt ended in a way that nobody foresaw. Does nothing if it is over."""
        if not self._is_over:
            self._charge("error", self._sent() if self._chars else self._worst)

    def _sent(self) -> Usage:
        """What a stream had cost when it ended early, one piece more than arrived."""
        estimate = self._tracker.estimate
        one_more = -(-self._largest_piece // int(CHARS_PER_TOKEN))
        if self._counted is not None:
            output_tokens = self._counted.output_tokens + one_more
            usage = replace(self._counted, output_tokens=output_tokens, estimated=True)
        else:
            usage = Usage(
                input_tokens=estimate.input_tokens(self._model, self._request),
                output_tokens=round(self._chars / CHARS_PER_TOKEN) + one_more,
                estimated=True,
            )
        return usage

    def _charge(self, outcome: Outcome, usage: Usage) -> None:
        self._end(self._row(outcome, usage, self._price))

    def _row(self, outcome: Outcome, usage: Usage, price: Price) -> Attempt:
        """The attempt as it went, at the model that was asked."""
        return Attempt(
            at=self._at,
            provider=self._provider,
            model=self._model,
            task=self._request.task,
            outcome=outcome,
            usage=usage,
            cost_usd=price.cost_usd(usage),
            attempt=self._number,
            priced=price.is_known,
            latency_s=self._tracker.clock.now() - self._began,
            first_piece_s=self._first_piece_s,
        )

    def _end(self, row: Attempt) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._call.spent_usd += row.cost_usd
        self._call.hold.spend(row.cost_usd)
        if self._own_call:
            self._call.close()
        self._tracker.book(self._request, row)
