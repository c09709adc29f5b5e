"""What the model layer spends: holds it before a call, books it per attempt, warns in time.

``wrappers.costed`` calls this: ``call`` for a logical call, ``hold_worst`` before a model is asked
(in every budget that covers the call), ``begin`` for each attempt (a row in the ledger, whatever
becomes of it; see ``attempts``). After a restart the budgets go on from what the ledger says.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import count
from typing import Any

from tta_rebuild.core.checks import check_number, check_text
from tta_rebuild.core.clock import Clock, SystemClock
from tta_rebuild.core.errors import ValidationError
from tta_rebuild.core.memory_ledger import MemoryLedger
from tta_rebuild.core.usage import Attempt, Ledger, Usage
from tta_rebuild.integrations.attempts import RunningAttempt
from tta_rebuild.integrations.budgets import (
    Account,
    Budget,
    BudgetQueue,
    BudgetWarning,
    Call,
    Scope,
)
from tta_rebuild.integrations.ledger_writer import LedgerWriter
from tta_rebuild.integrations.llm_provider import LLMConfig, LLMProvider, LLMRequest, LLMResponse
from tta_rebuild.integrations.prices import FREE, Price, PriceBook
from tta_rebuild.integrations.token_estimate import TokenEstimate

RAISE_IT = "raise budget_usd, or use a model that costs nothing"

MOST_CALLS = 1_000
"""Attempts that ``CostTracker.calls`` remembers where a ledger keeps them all."""


class CostTracker:
    """Budgets, prices and the ledger of one process.

    Args:
        ledger: where attempts are kept; budgets go on from it after a restart. In memory if None.
        budgets: any number, also several of one scope.
        budget_usd: what may be spent through this tracker, from its beginning, in US dollars.
        prices: what models cost.
        player_id, session_id: whose spending this is, unless the same names in a request's
            ``context.session_state`` say otherwise.
        on_warning: called once for each budget at 80, 90 and 100 %, which a refused call reaches.
        patience_s: how long a call waits for money that others hold, while none of them ends.
    """

    def __init__(
        self,
        ledger: Ledger | None = None,
        budgets: Iterable[Budget] = (),
        *,
        budget_usd: float | None = None,
        prices: PriceBook | None = None,
        clock: Clock | None = None,
        player_id: str = "",
        session_id: str = "",
        on_warning: Callable[[BudgetWarning], None] | None = None,
        patience_s: float = 30.0,
    ) -> None:
        if isinstance(ledger, (int, float)):
            raise ValidationError(f"for a budget write CostTracker(budget_usd={ledger})")
        self._in_memory = MemoryLedger() if ledger is None else None
        self.ledger: Ledger = self._in_memory or ledger  # type: ignore[assignment]
        self.budget_usd = budget_usd
        self._own: Account | None = None
        if budget_usd is not None:
            check_number("budget_usd", budget_usd, least=0)
            self._own = Account(Budget(scope="total", limit_usd=budget_usd, how_to_raise=RAISE_IT))
        self.spent = 0.0
        """US dollars booked through this tracker so far."""
        self._recent: deque[Attempt] = deque(maxlen=MOST_CALLS)
        self.budgets = tuple(budgets)
        self.prices = prices or PriceBook()
        self.clock: Clock = clock or SystemClock()
        self.estimate = TokenEstimate()
        self._player_id = player_id
        self._session_id = session_id
        self._queue = BudgetQueue(self.clock, patience_s=patience_s, on_warning=on_warning)
        self._writer = LedgerWriter(self.ledger, self.clock)
        self._accounts: dict[tuple[int, str], Account] = {}
        self._opening = asyncio.Lock()
        self._calls: dict[str, Call] = {}
        self._serial = count(1)

    @asynccontextmanager
    async def call(self, request: LLMRequest) -> AsyncIterator[tuple[Call, LLMRequest]]:
        """The open call of a request, or a new one that ends with the block; and the request in it.

        Raises StoreError if what was spent before cannot be read.
        """
        known = self._calls.get(request.call_id)
        if known is not None:
            yield known, request
            return
        call = Call(self._queue, await self._accounts_of(request))
        call_id = f"call-{next(self._serial)}"
        self._calls[call_id] = call
        try:
            yield call, replace(request, call_id=call_id)
        finally:
            del self._calls[call_id]
            call.release()

    async def hold_worst(
        self,
        call: Call,
        request: LLMRequest,
        config: LLMConfig,
        *,
        asked: LLMProvider,
        waits: bool = True,
    ) -> tuple[Price, Usage]:
        """Hold the worst case of one attempt, and say what it is; waits while others hold it.

        Raises BudgetExceededError where it does not fit; nothing was sent.
        """
        price = self.price_for(
            asked, asked.provider, request.model or config.model, at=self.clock.wall()
        )
        worst = Usage(
            input_tokens=self.estimate.most_input_tokens(request),
            output_tokens=request.max_tokens or config.max_tokens,
            estimated=True,
        )
        await call.wait_for(price.worst_usd(worst), waits=waits)
        return price, worst

    async def begin(
        self,
        call: Call,
        request: LLMRequest,
        config: LLMConfig,
        *,
        asked: LLMProvider,
        is_named: bool,
    ) -> RunningAttempt:
        """One attempt begins; the first of its call may wait for money that others hold.

        ``is_named`` is False where the answer may know better whose model it was. Raises
        BudgetExceededError where its worst case does not fit; nothing was sent.
        """
        price, worst = await self.hold_worst(
            call, request, config, asked=asked, waits=not call.attempts
        )
        return RunningAttempt(
            clock=self.clock,
            estimate=self.estimate,
            price_for=self.price_for,
            book=self.book,
            request=request,
            call=call,
            asked=asked,
            provider=asked.provider,
            is_named=is_named,
            model=request.model or config.model,
            price=price,
            worst=worst,
        )

    def book(self, request: LLMRequest, **facts: Any) -> float:
        """Book how an attempt at a request went (fields of ``Attempt``); gives its cost.

        The row is written soon (``flush``).
        """
        state = request.context.session_state
        attempt = Attempt(
            task=request.task,
            story_id=request.story_id,
            branch_id=request.branch_id,
            turn=request.turn,
            player_id=str(state.get("player_id", self._player_id)),
            session_id=str(state.get("session_id", self._session_id)),
            correlation_id=request.context.correlation_id,
            prompt_version=request.template,
            **facts,
        )
        self._keep(attempt)
        return attempt.cost_usd

    def record_call(
        self, model: str, input_tokens: int, output_tokens: int = 0, *, provider: str = ""
    ) -> float:
        """Book a call that was made without a wrapper; gives its cost in US dollars.

        Raises BudgetExceededError where more than ``budget_usd`` is spent with it (it is booked),
        and ValidationError where the model is no name, or a count is none.
        """
        check_text("model", model)
        check_number("input_tokens", input_tokens, least=0, whole=True)
        check_number("output_tokens", output_tokens, least=0, whole=True)
        usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
        price = self.price_of(provider, model)
        cost_usd = price.cost_usd(usage)
        self._keep(
            Attempt(
                at=self.clock.wall(),
                provider=provider,
                model=model,
                task="",
                outcome="ok",
                usage=usage,
                cost_usd=cost_usd,
                priced=price.is_known,
                player_id=self._player_id,
                session_id=self._session_id,
            )
        )
        if self._own is not None:
            Call(self._queue, [self._own]).spend(cost_usd)
            if self._own.budget.is_passed_by(self._own.spent_usd):
                raise self._queue.refusal(self._own, 0.0)
        return cost_usd

    @property
    def calls(self) -> list[Attempt]:
        """What was booked through this, newest last; ``MOST_CALLS`` where a ledger has all."""
        return list(self._recent if self._in_memory is None else self._in_memory.rows)

    def _keep(self, attempt: Attempt) -> None:
        self.spent += attempt.cost_usd
        if self._in_memory is None:
            self._recent.append(attempt)
            self._writer.add(attempt)
        else:
            self._in_memory.add(attempt)

    def book_cached(self, request: LLMRequest, response: LLMResponse) -> None:
        """A reply came from the cache: a row that cost nothing."""
        self.book(
            request,
            at=self.clock.wall(),
            provider=response.provider,
            model=response.model,
            outcome="cached",
            usage=Usage(),
            cost_usd=0.0,
        )

    def price_of(self, provider: str, model: str) -> Price:
        """What a model costs now; loads the catalogue of prices on first use."""
        return self.prices.price(provider, model, at=self.clock.wall())

    def price_for(self, asked: LLMProvider, provider: str, model: str, *, at: datetime) -> Price:
        """What an answer of the provider that is ``asked`` costs: what it says itself comes first.

        One that says neither a price nor a name is a program's own, and free unless its model is
        known.
        """
        if asked.price is not None:
            return asked.price
        otherwise = None if asked.provider else FREE
        return self.prices.price(provider, model, at=at, otherwise=otherwise)

    async def flush(self) -> None:
        """Wait until every row is in the ledger. Raises StoreError."""
        await self._writer.flush()

    async def aclose(self) -> None:
        """The same, at the end."""
        await self.flush()

    async def spent_usd(self, scope: Scope, key: str = "") -> float:
        """What is spent so far of the budgets of a scope; ``key`` names the story, player, day …

        Without a key it is this session, this player, today.
        """
        key = key or self._keys()[scope]
        for index, budget in enumerate(self.budgets):
            if budget.scope == scope:
                return (await self._account(index, budget, key)).spent_usd
        return await self._spent_before(scope, key)

    def _keys(self, request: LLMRequest | None = None) -> dict[Scope, str]:
        """Whose budget of each scope a request falls under."""
        state = request.context.session_state if request else {}
        return {
            "call": "",
            "story": request.story_id if request else "",
            "player": str(state.get("player_id", self._player_id)),
            "session": str(state.get("session_id", self._session_id)),
            "day": self.clock.wall().date().isoformat(),
            "total": "",
        }

    async def _accounts_of(self, request: LLMRequest) -> list[Account]:
        keys = self._keys(request)
        accounts = [self._own] if self._own is not None else []
        for index, budget in enumerate(self.budgets):
            if budget.scope == "call":
                accounts.append(Account(budget))
            elif budget.scope != "story" or request.story_id:
                accounts.append(await self._account(index, budget, keys[budget.scope]))
        return accounts

    async def _account(self, index: int, budget: Budget, key: str) -> Account:
        """The account, opened with what the ledger has; whoever comes first reads it for all."""
        if (index, key) not in self._accounts:
            async with self._opening:
                if (index, key) not in self._accounts:
                    spent_usd = await self._spent_before(budget.scope, key)
                    account = Account(budget, key, spent_usd=spent_usd)
                    account.reached()  # what was reached before the restart was told then
                    self._accounts[index, key] = account
        return self._accounts[index, key]

    async def _spent_before(self, scope: Scope, key: str) -> float:
        match scope:
            case "story":
                return await self.ledger.spent_usd(story_id=key)
            case "player":
                return await self.ledger.spent_usd(player_id=key)
            case "session":
                return await self.ledger.spent_usd(session_id=key)
            case "day":
                day = datetime.fromisoformat(key).date()
                zone = self.clock.wall().tzinfo or UTC
                return await self.ledger.spent_usd(since=datetime.combine(day, time(), zone))
            case _:
                return await self.ledger.spent_usd()
