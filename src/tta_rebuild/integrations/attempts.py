"""One call and each of its attempts, from the beginning to the one row in the ledger.

``CostTracker`` makes them, ``wrappers.costed`` tells them how it goes. What a failed attempt costs:

- the tokens that the provider named, where it did (on the error, or on the pieces of a stream);
- a stream that was left or broke: its prompt, the text that came, and one piece more, since the
  provider may have sent one that did not arrive;
- nothing, where the provider refused with an error status (it does not bill those);
- the worst case, where an answer may have been written of which nothing arrived (a timeout, a
  cancelled call that was not a stream).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from tta_rebuild.core import errors
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.usage import Outcome, Usage
from tta_rebuild.integrations import llm_provider as llm
from tta_rebuild.integrations.budgets import Call
from tta_rebuild.integrations.prices import Price
from tta_rebuild.integrations.token_estimate import TokenEstimate

_OUTCOMES: tuple[tuple[type[errors.ProviderError], Outcome], ...] = (
    (errors.ProviderBusy, "busy"),
    (errors.QuotaExhausted, "busy"),
    (errors.ContentRefused, "refused"),
    (errors.ReplyUnusable, "unusable"),
    (errors.StreamBroken, "broken"),
    (errors.ProviderError, "error"),
)


@dataclass(slots=True, kw_only=True)
class RunningAttempt:
    """One attempt between its beginning and its one row in the ledger.

    ``price_for`` and ``book`` are the tracker's. ``worst`` is what is held for it; where not
    ``is_named``, the answer knows better whose model it is.
    """

    clock: Clock
    estimate: TokenEstimate
    price_for: Callable[..., Price]
    book: Callable[..., float]
    request: llm.LLMRequest
    call: Call
    asked: llm.LLMProvider
    provider: str
    is_named: bool
    model: str
    price: Price
    worst: Usage
    at: datetime = field(init=False)
    _began: float = field(init=False)
    _first_piece_s: float | None = None
    _counted: Usage | None = None
    _chars: int = 0
    _largest_piece: int = 0
    _is_over: bool = False

    def __post_init__(self) -> None:
        self.call.attempts += 1
        self.at = self.clock.wall()
        self._began = self.clock.now()

    def piece(self, piece: llm.TextPiece) -> None:
        """A piece of a stream has come."""
        if self._first_piece_s is None:
            self._first_piece_s = self.clock.now() - self._began
        self._counted = piece.usage or self._counted
        size = len(piece.text)
        self._chars += size
        self._largest_piece = max(self._largest_piece, size)

    def answered(self, response: llm.LLMResponse) -> llm.LLMResponse:
        """The attempt ended well; gives the response with its cost."""
        usage = response.usage
        if not usage.total_tokens and response.tokens_used:
            usage = replace(usage, output_tokens=response.tokens_used, estimated=True)
        self.estimate.learn(self.model, self.request, usage)
        for _ in range(int(response.metadata.get("http_requests", 1)) - 1):
            # the adapter first asked in a way that this server does not take
            self._book("error", Usage())
            self.call.attempts += 1
        # One adapter serves many servers: who it was put before knows better than it does.
        if not self.is_named:
            self.provider = response.provider or self.provider
        self.model = response.model or self.model
        self.price = self.price_for(self.asked, self.provider, self.model, at=self.at)
        return replace(response, cost_usd=self._charge("ok", usage))

    def failed(self, error: errors.ProviderError) -> None:
        """The attempt ended with an error of the provider."""
        outcome = next(outcome for kind, outcome in _OUTCOMES if isinstance(error, kind))
        if not self._chars and isinstance(error, errors.StreamBroken):
            self._chars = len(error.text)
        if error.usage is not None:
            self._charge(outcome, error.usage)
        elif self._chars:
            self._charge(outcome, self._sent())
        else:
            self._charge(outcome, self.worst if error.may_be_billed else Usage())

    def left(self, *, is_stream: bool) -> None:
        """The caller left before the end."""
        self._charge("cancelled", self._sent() if is_stream else self.worst)

    def crashed(self) -> None:
        """The attempt ended in a way that nobody foresaw. Does nothing if it is over."""
        self._charge("error", self._sent() if self._chars else self.worst)

    def _sent(self) -> Usage:
        """What a stream had cost when it ended early, one piece more than arrived."""
        one_more = -(-self._largest_piece // int(llm.CHARS_PER_TOKEN))
        if self._counted is not None:
            output_tokens = self._counted.output_tokens + one_more
            return replace(self._counted, output_tokens=output_tokens, estimated=True)
        return Usage(
            input_tokens=self.estimate.input_tokens(self.model, self.request),
            output_tokens=round(self._chars / llm.CHARS_PER_TOKEN) + one_more,
            estimated=True,
        )

    def _charge(self, outcome: Outcome, usage: Usage) -> float:
        """Book the attempt, once; gives its cost in US dollars."""
        if self._is_over:
            return 0.0
        self._is_over = True
        cost_usd = self._book(outcome, usage)
        self.call.spend(cost_usd)
        return cost_usd

    def _book(self, outcome: Outcome, usage: Usage) -> float:
        return self.book(
            self.request,
            at=self.at,
            provider=self.provider,
            model=self.model,
            outcome=outcome,
            usage=usage,
            cost_usd=self.price.cost_usd(usage),
            attempt=self.call.attempts,
            priced=self.price.is_known,
            latency_s=self.clock.now() - self._began,
            first_piece_s=self._first_piece_s,
        )
