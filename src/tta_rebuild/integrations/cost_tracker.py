"""What the model layer spends: holds it before a call, books it per attempt, warns in time.

``wrappers.costed`` calls this: ``open_call`` for a logical call, ``hold_worst`` before a model is
asked (in every budget that covers the call), ``begin`` for each attempt (a row in the ledger,
whatever becomes of it). After a restart the budgets go on from what the ledger says.

What an attempt that did not end well is charged:

- the tokens that the provider named, where it did (on the error, or on the pieces of a stream);
- a stream that was left or broke: its prompt, the text that came, and one piece more, since the
  provider may have sent one that did not arrive;
- nothing, where the provider refused with an error status (it does not bill those);
- the worst case, where an answer may have been written of which nothing arrived (a timeout, a
  cancelled call that was not a stream).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import count

from tta_rebuild.core.clock import Clock, SystemClock
from tta_rebuild.core.errors import (
    ContentRefused,
    ProviderBusy,
    ProviderError,
    QuotaExhausted,
    ReplyUnusable,
    StreamBroken,
)
from tta_rebuild.core.usage import Attempt, Ledger, Outcome, Usage
from tta_rebuild.integrations.budgets import (
    Account,
    Budget,
    BudgetQueue,
    BudgetWarning,
    Hold,
    Scope,
)
from tta_rebuild.integrations.ledger_writer import LedgerWriter
from tta_rebuild.integrations.llm_provider import (
    CHARS_PER_TOKEN,
    LLMConfig,
    LLMRequest,
    LLMResponse,
    TextPiece,
)
from tta_rebuild.integrations.prices import Price, PriceBook
from tta_rebuild.integrations.token_estimate import TokenEstimate

log = logging.getLogger("tta_rebuild.costs")


class Call:
    """One logical call: its hold on the budgets, and its attempts so far."""

    __slots__ = ("_tracker", "attempts", "call_id", "hold", "spent_usd")

    def __init__(self, tracker: CostTracker, call_id: str, hold: Hold) -> None:
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
        tracker: CostTracker,
        request: LLMRequest,
        call: Call,
        *,
        owns_call: bool,
        provider: str,
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
        provider = self._provider or response.provider
        price = self._tracker.prices.price(provider, response.model or self._model, at=self._at)
        cost_usd = price.cost_usd(usage)
        self._tracker.estimate.learn(self._model, self._request, usage)
        for _ in range(int(response.metadata.get("http_requests", 1)) - 1):
            self._refused_before()
        self._end("ok", usage, cost_usd, price, provider, response.model or self._model)
        return replace(response, cost_usd=cost_usd)

    def _refused_before(self) -> None:
        """The adapter first asked in a way that this server does not take: a request of its own."""
        self._book("error", Usage(), 0.0, self._price, self._provider, self._model)
        self._call.attempts += 1
        self._number = self._call.attempts

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
        cost_usd = self._price.cost_usd(usage)
        self._end(outcome, usage, cost_usd, self._price, self._provider, self._model)

    def _end(
        self,
        outcome: Outcome,
        usage: Usage,
        cost_usd: float,
        price: Price,
        provider: str,
        model: str,
    ) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._call.spent_usd += cost_usd
        self._call.hold.spend(cost_usd)
        if self._own_call:
            self._call.close()
        self._book(outcome, usage, cost_usd, price, provider, model)

    def _book(
        self,
        outcome: Outcome,
        usage: Usage,
        cost_usd: float,
        price: Price,
        provider: str,
        model: str,
    ) -> None:
        self._tracker.book(
            self._request,
            outcome=outcome,
            usage=usage,
            cost_usd=cost_usd,
            provider=provider,
            model=model,
            attempt=self._number,
            is_priced=price.is_known,
            at=self._at,
            latency_s=self._tracker.clock.now() - self._began,
            first_piece_s=self._first_piece_s,
        )


class CostTracker:
    """Budgets, prices and the ledger of one process.

    Args:
        ledger: where attempts are kept; budgets go on from it after a restart.
        budgets: any number, also several of one scope.
        prices: what models cost.
        player_id, session_id: whose spending this is, unless a request's context says otherwise
            (``session_state["player_id"]``, ``session_state["session_id"]``).
        on_warning: called once for each budget at 80, 90 and 100 %. A call refused for want of
            budget counts as reaching 100 %.
        patience_s: how long a call waits for money that others hold, seconds, while none of them
            ends.
    """

    def __init__(
        self,
        ledger: Ledger,
        budgets: Iterable[Budget] = (),
        *,
        prices: PriceBook | None = None,
        clock: Clock | None = None,
        player_id: str = "",
        session_id: str = "",
        on_warning: Callable[[BudgetWarning], None] | None = None,
        patience_s: float = 30.0,
    ) -> None:
        self.ledger = ledger
        self.budgets = tuple(budgets)
        self.prices = prices or PriceBook()
        self.clock: Clock = clock or SystemClock()
        self.estimate = TokenEstimate()
        self._player_id = player_id
        self._session_id = session_id
        self._queue = BudgetQueue(self.clock, patience_s=patience_s, on_warning=on_warning)
        self._writer = LedgerWriter(ledger, self.clock)
        self._accounts: dict[tuple[int, str], asyncio.Future[Account]] = {}
        self._calls: dict[str, Call] = {}
        self._serial = count(1)

    # ------------------------------------------------------------------ calls and attempts

    async def open_call(self, request: LLMRequest) -> Call:
        """A logical call begins: its attempts are numbered and added up until it is closed.

        Raises StoreError if what was spent before cannot be read.
        """
        hold = Hold(self._queue, await self._accounts_of(request))
        call = Call(self, f"call-{next(self._serial)}", hold)
        self._calls[call.call_id] = call
        return call

    def call_of(self, request: LLMRequest) -> Call | None:
        """The open call that a request belongs to."""
        return self._calls.get(request.call_id)

    async def hold_worst(
        self, call: Call, request: LLMRequest, config: LLMConfig, *, provider: str = ""
    ) -> None:
        """Hold the worst case of one attempt; waits while other calls hold what is missing.

        Raises:
            BudgetExceededError: it does not fit; nothing was sent.
        """
        price = self.price_of(provider, request.model or config.model)
        if not price.is_free:
            await call.hold.wait_for(self._cost_at_worst(price, self._worst(request, config)))

    async def begin(
        self, request: LLMRequest, config: LLMConfig, *, provider: str = ""
    ) -> RunningAttempt:
        """One attempt begins. Its call is the request's, or one of its own.

        Raises:
            BudgetExceededError: it does not fit; nothing was sent.
        """
        model = request.model or config.model
        call = self.call_of(request)
        owns_call = call is None
        if call is None:
            call = await self.open_call(request)
            try:
                await self.hold_worst(call, request, config, provider=provider)
            except BaseException:
                call.close()
                raise
        price = self.prices.price(provider, model, at=self.clock.wall())
        worst = self._worst(request, config)
        if not price.is_free and not owns_call:
            call.hold.raise_to(self._cost_at_worst(price, worst))
        return RunningAttempt(
            self,
            request,
            call,
            owns_call=owns_call,
            provider=provider,
            model=model,
            price=price,
            worst=worst,
        )

    def forget(self, call: Call) -> None:
        """The call is over."""
        if self._calls.get(call.call_id) is call:
            del self._calls[call.call_id]

    def _worst(self, request: LLMRequest, config: LLMConfig) -> Usage:
        return Usage(
            input_tokens=self.estimate.most_input_tokens(request),
            output_tokens=request.max_tokens or config.max_tokens,
            estimated=True,
        )

    @staticmethod
    def _cost_at_worst(price: Price, worst: Usage) -> float:
        return price.worst_usd(input_tokens=worst.input_tokens, output_tokens=worst.output_tokens)

    # -------------------------------------------------------------------------- the ledger

    def book(
        self,
        request: LLMRequest,
        *,
        outcome: Outcome,
        usage: Usage,
        cost_usd: float,
        provider: str,
        model: str,
        attempt: int = 1,
        is_priced: bool = True,
        at: datetime | None = None,
        latency_s: float = 0.0,
        first_piece_s: float | None = None,
    ) -> None:
        """Book one row; it is written soon (see ``flush``)."""
        state = request.context.session_state
        self._writer.add(
            Attempt(
                at=at or self.clock.wall(),
                provider=provider,
                model=model,
                task=request.task,
                outcome=outcome,
                usage=usage,
                cost_usd=cost_usd,
                attempt=attempt,
                priced=is_priced,
                story_id=request.story_id,
                branch_id=request.branch_id,
                turn=request.turn,
                player_id=str(state.get("player_id", self._player_id)),
                session_id=str(state.get("session_id", self._session_id)),
                correlation_id=request.context.correlation_id,
                latency_s=latency_s,
                first_piece_s=first_piece_s,
                prompt_version=request.template,
            )
        )

    def book_cached(self, request: LLMRequest, response: LLMResponse) -> None:
        """A reply came from the cache: a row that cost nothing."""
        self.book(
            request,
            outcome="cached",
            usage=Usage(),
            cost_usd=0.0,
            provider=response.provider,
            model=response.model,
        )

    def price_of(self, provider: str, model: str) -> Price:
        """What a model costs now; loads the catalogue of prices on first use."""
        return self.prices.price(provider, model, at=self.clock.wall())

    async def flush(self) -> None:
        """Wait until every row is in the ledger. Raises StoreError."""
        await self._writer.flush()

    async def aclose(self) -> None:
        """The same, at the end."""
        await self.flush()

    # ------------------------------------------------------------------------- the budgets

    async def spent_usd(self, scope: Scope, key: str = "") -> float:
        """What is spent so far of the budgets of a scope; ``key`` names the story, player, day …

        Without a key it is this session, this player, today.
        """
        mine: dict[Scope, str] = {
            "player": self._player_id,
            "session": self._session_id,
            "day": self.clock.wall().date().isoformat(),
        }
        key = key or mine.get(scope, "")
        for index, budget in enumerate(self.budgets):
            if budget.scope == scope:
                return (await self._account(index, budget, key)).spent_usd
        return await self._spent_before(scope, key)

    async def _accounts_of(self, request: LLMRequest) -> list[Account]:
        state = request.context.session_state
        keys: dict[Scope, str] = {
            "story": request.story_id,
            "player": str(state.get("player_id", self._player_id)),
            "session": str(state.get("session_id", self._session_id)),
            "day": self.clock.wall().date().isoformat(),
            "total": "",
        }
        accounts = []
        for index, budget in enumerate(self.budgets):
            if budget.scope == "call":
                accounts.append(Account(budget))
            elif budget.scope != "story" or request.story_id:
                accounts.append(await self._account(index, budget, keys[budget.scope]))
        return accounts

    async def _account(self, index: int, budget: Budget, key: str) -> Account:
        """The account, opened with what the ledger has; whoever comes first reads it for all."""
        known = self._accounts.get((index, key))
        if known is not None and known.done():
            return known.result()
        if known is None:
            known = self._accounts[index, key] = asyncio.ensure_future(
                self._open_account(budget, key)
            )
        try:
            return await asyncio.shield(known)
        except BaseException:
            if known.done() and (known.cancelled() or known.exception() is not None):
                self._accounts.pop((index, key), None)
            raise

    async def _open_account(self, budget: Budget, key: str) -> Account:
        account = Account(budget, key, spent_usd=await self._spent_before(budget.scope, key))
        account.reached()  # what was reached before the restart was told then
        return account

    async def _spent_before(self, scope: Scope, key: str) -> float:
        match scope:
            case "story":
                return await self.ledger.spent_usd(story_id=key)
            case "player":
                return await self.ledger.spent_usd(player_id=key)
            case "session":
                return await self.ledger.spent_usd(session_id=key)
            case "day":
                day = datetime.fromisoformat(key).date() if key else self.clock.wall().date()
                zone = self.clock.wall().tzinfo or UTC
                return await self.ledger.spent_usd(since=datetime.combine(day, time(), zone))
            case _:
                return await self.ledger.spent_usd()
