"""What the model layer spends: holds it before a call, books it per attempt, warns in time."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import count, islice
from typing import Any, TypeAlias

from tta_rebuild.core.checks import check_number, check_text
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import StoreError, StoreFull, ValidationError
from tta_rebuild.core.usage import Attempt, Ledger, Usage
from tta_rebuild.integrations.budgets import (
    Account,
    Budget,
    BudgetQueue,
    BudgetWarning,
    Call,
    Scope,
)
from tta_rebuild.integrations.llm_provider import LLMProvider, LLMRequest
from tta_rebuild.integrations.prices import FREE, Price, PriceBook

_log = logging.getLogger("tta_rebuild.ledger")

LINGER_S = 0.5
"""How long a row of the ledger waits for others to be written with it, seconds."""

MOST_CALLS = 1_000
"""Attempts that ``CostTracker.calls`` remembers where a ledger keeps them all."""


_HOW_TO_RAISE: Mapping[Scope, str] = {
    "player day": "wait for the next day (UTC), or ask an operator for more",
    "story": "raise this story's own budget on the page of costs or with 'tta stories budget', "
    "or play offline",
}
"""Of budgets that are kept with the stories."""

Limits: TypeAlias = Callable[[], Awaitable[Mapping[str, float]]]
"""What may be spent, in US dollars, by whom or what has a budget of their own."""
SpentBefore: TypeAlias = Callable[[Account], Awaitable[float]]
"""What the ledger knows to be spent of an account, in US dollars."""
MakeCall: TypeAlias = Callable[[BudgetQueue, Sequence[Account], SpentBefore], Call]


class CostTracker:
    """Budgets, prices and the ledger of one process.

    Args:
        ledger: where attempts are kept; budgets go on from it after a restart. In memory if None.
        budgets: any number, also several of one scope.
        budget_usd: what may be spent through this tracker, from its beginning, in US dollars.
        player_id, session_id: whose spending this is, unless the same names in a request's
            ``context.session_state`` say otherwise.
        on_warning: called once for each budget at 80, 90 and 100 %, which a refused call reaches.
        on_booked: called with each attempt as it is booked.
        limits: what some players may spend a day, in US dollars, by their ids; asked anew by each
            call.
        story_limits: the same for what some stories may cost in all, by their ids.
        patience_s: how long a call waits for money that others hold, while none of them ends.
        make_call: makes calls whose money is held beyond this process.
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
        on_booked: Callable[[Attempt], None] | None = None,
        limits: Limits | None = None,
        story_limits: Limits | None = None,
        patience_s: float = 30.0,
        make_call: MakeCall | None = None,
    ) -> None:
        if isinstance(ledger, (int, float)):
            raise ValidationError(f"for a budget write CostTracker(budget_usd={ledger})")
        self.ledger = Ledger() if ledger is None else ledger
        self.budget_usd = budget_usd
        self._own: Account | None = None
        if budget_usd is not None:
            check_number("budget_usd", budget_usd, least=0)
            how = "raise budget_usd, or use a model that costs nothing"
            self._own = Account(Budget(scope="total", limit_usd=budget_usd, how_to_raise=how))
        self.spent = 0.0
        """US dollars booked through this tracker so far."""
        self._booked: deque[Attempt] = deque(maxlen=MOST_CALLS if ledger is not None else None)
        self.budgets = tuple(dict.fromkeys(budgets))
        self.prices = prices or PriceBook()
        self.clock = clock or Clock()
        self._player_id = player_id
        self._session_id = session_id
        self._on_booked, self._make_call = on_booked, make_call
        self._limits, self._story_limits = limits, story_limits
        self._queue = BudgetQueue(self.clock, patience_s=patience_s, on_warning=on_warning)
        self._writer = _LedgerWriter(self.ledger, self.clock)
        self._accounts: dict[tuple[Budget, str], Account] = {}
        self._opening = asyncio.Lock()
        self._calls: dict[str, Call] = {}
        self._serial = count(1)

    @property
    def calls(self) -> list[Attempt]:
        """What was booked through this, newest last; ``MOST_CALLS`` where a ledger has all."""
        return list(self._booked)

    @asynccontextmanager
    async def call(self, request: LLMRequest) -> AsyncIterator[tuple[Call, LLMRequest]]:
        """The open call of a request, or a new one for the block; and the request in it."""
        known = self._calls.get(request.call_id)
        if known is not None:
            yield known, request
            return
        accounts = await self._accounts_of(request)
        if self._make_call is None:
            call = Call(self._queue, accounts)
        else:
            call = self._make_call(self._queue, accounts, self._spent_of)
        call_id = f"call-{next(self._serial)}"
        self._calls[call_id] = call
        try:
            yield call, replace(request, call_id=call_id)
        finally:
            del self._calls[call_id]
            call.release()

    async def hold_worst(
        self, call: Call, request: LLMRequest, asked: LLMProvider
    ) -> tuple[Price, Usage]:
        """Hold the worst case of asking once, and say what it is. Raises BudgetExceededError."""
        price = self.price_of(asked.provider, request.model or asked.config.model, asked=asked)
        worst = Usage(
            input_tokens=request.most_input_tokens,
            output_tokens=request.max_tokens or asked.config.max_tokens,
            estimated=True,
        )
        await call.wait_for(price.worst_usd(worst))
        return price, worst

    def book(self, request: LLMRequest | None, provider: str, model: str, **facts: Any) -> float:
        """Book how an attempt went (fields of ``Attempt``); gives its cost. Written soon."""
        keys = self._keys(request)
        known: dict[str, Any] = {"at": self.clock.wall(), "task": "", "cost_usd": 0.0}
        if request is not None:
            known |= {n: getattr(request, n) for n in ("task", "story_id", "branch_id", "turn")}
            known["correlation_id"] = request.context.correlation_id
            known["prompt_version"] = request.template
        known |= {"provider": provider, "model": model, **facts}
        attempt = Attempt(player_id=keys["player"], session_id=keys["session"], **known)
        self.spent += attempt.cost_usd
        self._booked.append(attempt)
        self._writer.add(attempt)
        if self._on_booked is not None:
            self._on_booked(attempt)
        return attempt.cost_usd

    def record_call(
        self, model: str, input_tokens: int, output_tokens: int = 0, *, provider: str = ""
    ) -> float:
        """Book a call that was made without a wrapper; gives its cost in US dollars.

        Raises BudgetExceededError where more than ``budget_usd`` is spent with it (it is booked).
        """
        check_text("model", model)
        check_number("input_tokens", input_tokens, least=0, whole=True)
        check_number("output_tokens", output_tokens, least=0, whole=True)
        usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
        price = self.price_of(provider, model)
        spent = {"usage": usage, "cost_usd": price.cost_usd(usage), "priced": price.is_known}
        cost_usd = self.book(None, provider, model, outcome="ok", **spent)
        if self._own is not None:
            Call(self._queue, [self._own]).spend(cost_usd)
            if self._own.budget.is_passed_by(self._own.spent_usd):
                raise self._queue.refusal(self._own, 0.0)
        return cost_usd

    def price_of(self, provider: str, model: str, *, asked: LLMProvider | None = None) -> Price:
        """What a model costs now: what the provider that is ``asked`` says itself comes first.

        One that says neither a price nor a name is free, unless its model is known.
        """
        if asked is not None and asked.price is not None:
            return asked.price
        otherwise = None if asked is None or asked.provider else FREE
        return self.prices.price(provider, model, at=self.clock.wall(), otherwise=otherwise)

    async def flush(self) -> None:
        """Wait until every row is in the ledger. Raises StoreError."""
        await self._writer.flush()

    async def spent_usd(self, scope: Scope, key: str = "") -> float:
        """What is spent by a story, player, on a day …, by the ledger. Raises StoreError.

        ``key`` says by which; "" is this player, this session, today. A session is this process:
        what its budget has counted is not summed up again from all rows of a long one.
        """
        key = key or self._keys()[scope]
        for budget in self.budgets if scope == "session" else ():
            if account := self._accounts.get((budget, key)):
                return account.spent_usd
        with suppress(StoreFull):  # what is there can still be looked at
            await self.flush()
        return await self._spent_before(scope, key)

    async def story_limit_usd(self, story_id: str) -> float | None:
        """What a story may cost by a budget of its own; None where it has none."""
        limits = await self._story_limits() if self._story_limits is not None else {}
        return limits.get(story_id)

    def _keys(self, request: LLMRequest | None = None) -> dict[Scope, str]:
        """Whose budget of each scope a request falls under."""
        state = request.context.session_state if request else {}
        player = str(state.get("player_id", self._player_id))
        day = self.clock.wall().date().isoformat()
        return {
            "call": "",
            "story": request.story_id if request else "",
            "player": player,
            "player day": f"{player} {day}",
            "session": str(state.get("session_id", self._session_id)),
            "day": day,
            "total": "",
        }

    async def _accounts_of(self, request: LLMRequest) -> list[Account]:
        """The accounts of a call; whoever needs one first opens it with what the ledger has."""
        keys = self._keys(request)
        accounts = [self._own] if self._own is not None else []
        budgets = [*self.budgets]
        budgets += await self._own_of("player day", keys["player"], self._limits)
        budgets += await self._own_of("story", request.story_id, self._story_limits)
        async with self._opening:
            for budget in budgets:
                of = (budget, keys[budget.scope])
                if budget.scope == "call":
                    accounts.append(Account(budget))
                    continue
                if budget.scope == "story" and not request.story_id:
                    continue
                if of not in self._accounts:
                    spent_usd = await self._spent_before(budget.scope, keys[budget.scope])
                    self._accounts[of] = Account(*of, spent_usd=spent_usd)
                    self._accounts[of].reached()  # what was reached before a restart was told then
                accounts.append(self._accounts[of])
        return accounts

    @staticmethod
    async def _own_of(scope: Scope, whose: str, limits: Limits | None) -> Iterable[Budget]:
        """The budget that a player or a story has for themselves."""
        found = await limits() if limits is not None and whose else {}
        if whose not in found:
            return []
        return [Budget(scope=scope, limit_usd=found[whose], how_to_raise=_HOW_TO_RAISE[scope])]

    async def _spent_of(self, account: Account) -> float:
        await self.flush()
        return await self._spent_before(account.budget.scope, account.key)

    async def _spent_before(self, scope: Scope, key: str) -> float:
        which: dict[str, Any] = {}
        player_id, _, on = key.rpartition(" ")
        if scope in ("story", "player", "session"):
            which = {f"{scope}_id": key}
        elif scope in ("day", "player day"):
            day = datetime.fromisoformat(on).date()
            zone = self.clock.wall().tzinfo or UTC
            which = {"since": datetime.combine(day, time(), zone)}
            which |= {"player_id": player_id} if player_id else {}
        return await self.ledger.spent_usd(**which)


class _LedgerWriter:
    """Writes rows behind the calls that they belong to, in order, those of a moment together.

    A crash may lose ``LINGER_S`` and one write's worth of them, none of a turn that is stored (the
    engine waits for ``flush``), and a cancelled call none. Who waits for a write that is under way
    finds their own rows written with it.
    """

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._pending: deque[Attempt] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    def add(self, attempt: Attempt) -> None:
        """Take a row; it is written soon, or with the next one where no event loop runs."""
        self._pending.append(attempt)
        if self._task is None or self._task.done():
            with suppress(RuntimeError):  # no event loop
                loop = asyncio.get_running_loop()
                self._task = loop.create_task(self._write_soon())

    async def flush(self) -> None:
        """Wait until every row is kept. Raises StoreError; the rows stay and can be tried again."""
        if self._pending:  # also while they are written: they leave when they are kept
            await asyncio.shield(self._write())

    async def _write_soon(self) -> None:
        await self._clock.sleep(LINGER_S)
        with suppress(StoreError):  # it is in the log
            await self._write()

    async def _write(self) -> None:
        async with self._writing:
            while self._pending:
                rows = list(islice(self._pending, 500))
                try:
                    await self._ledger.book_all(rows)
                except StoreError as error:
                    kept = f"{len(self._pending)} rows wait in memory for the next try"
                    _log.error("the ledger cannot be written (%s): %s", error, kept)
                    raise
                for _ in rows:
                    self._pending.popleft()
