"""Budgets: how much may be spent, for what, and who waits for whom.

A call holds its worst case in every budget that covers it before anything is sent, and the hold
turns into what was really spent as its attempts end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tta_rebuild.core.checks import check_number
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import BudgetExceededError, PlayersBudgetExceeded

_log = logging.getLogger("tta_rebuild.budgets")

Scope = Literal["call", "story", "player", "player day", "day", "session", "total"]
"""``player day`` is what a player has a limit of their own for."""
LEVELS = (80, 90, 100)
"""Percent of a budget at which one is warned, once each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much may be spent per story, per day … in US dollars."""

    scope: Scope
    limit_usd: float
    how_to_raise: str = ""

    def __post_init__(self) -> None:
        check_number("limit_usd", self.limit_usd, least=0)

    def is_passed_by(self, usd: float) -> bool:
        """True if so much is more than may be spent."""
        return usd > self.limit_usd + 1e-12  # which floating-point sums may be off by


@dataclass(frozen=True, slots=True)
class BudgetWarning:
    """A budget (``key``: whose) is at a level; by a call refused for it if ``refused_usd`` > 0."""

    scope: Scope
    key: str
    percent: int
    spent_usd: float
    limit_usd: float
    refused_usd: float = 0.0

    def __str__(self) -> str:
        whose = f"{self.scope} {self.key}".rstrip()
        spent = f"${self.spent_usd:.4f} of ${self.limit_usd:.4f}"
        is_what = f"is reached: {spent}"
        if self.refused_usd:
            is_what = f"would be passed: {spent} is spent, and the call that was refused may "
            is_what += f"have cost ${self.refused_usd:.4f}"
        return f"{self.percent} % of the budget per {whose} {is_what}"


@dataclass(slots=True)
class Account:
    """One budget of one story, player, day … : what is spent of it and what is held."""

    budget: Budget
    key: str = ""
    spent_usd: float = 0.0
    held_usd: float = 0.0
    warned: set[int] = field(default_factory=set)

    def reached(self, *, refused_usd: float = 0.0) -> list[BudgetWarning]:
        """The levels newly reached. A call that was refused counts as if it had been made."""
        limit_usd = self.budget.limit_usd
        percent = 100.0 * self.spent_usd / limit_usd if limit_usd else 0.0
        reached = [level for level in LEVELS if refused_usd > 0 or percent >= level - 1e-9]
        new = [level for level in reached if level not in self.warned]
        self.warned.update(new)
        now = (self.spent_usd, limit_usd, refused_usd)
        return [BudgetWarning(self.budget.scope, self.key, level, *now) for level in new]


@dataclass(slots=True, eq=False)
class Call:
    """One logical call: what it holds in its accounts until its attempts have used that up."""

    _queue: BudgetQueue
    _accounts: Sequence[Account]
    held_usd: float = 0.0
    spent_usd: float = 0.0
    attempts: int = 0

    async def wait_for(self, usd: float) -> None:
        """Hold at least so much; wait while others hold what is missing.

        Raises BudgetExceededError where what is *spent* leaves no room, or no call ends for long; a
        call that holds something does not wait, since others may be waiting for that.
        """
        while (more := usd - self.held_usd) > 0:
            for account in self._accounts:
                if account.budget.is_passed_by(account.spent_usd + account.held_usd + more):
                    break
            else:
                self.held_usd += more
                for account in self._accounts:
                    account.held_usd += more
                return
            is_hopeless = self.held_usd > 0 or account.budget.is_passed_by(account.spent_usd + usd)
            if is_hopeless or not await self._queue.something_ended():
                raise self._queue.refusal(account, usd, held_by_caller=self.held_usd)

    def spend(self, usd: float) -> None:
        """Turn so much of what is held into money spent; more than held is spent all the same."""
        self.spent_usd += usd
        freed = min(usd, self.held_usd)
        self.held_usd -= freed
        for account in self._accounts:
            account.held_usd -= freed
            account.spent_usd += usd
            if account.budget.scope != "call":
                self._queue.warn(account.reached())

    def release(self) -> None:
        """Give back what is still held."""
        for account in self._accounts:
            account.held_usd = max(0.0, account.held_usd - self.held_usd)
        self.held_usd = 0.0
        self._queue.ended()


@dataclass(slots=True, eq=False)
class BudgetQueue:
    """Where calls wait for money that others hold (``patience_s`` seconds), and where one warns."""

    _clock: Clock
    patience_s: float
    on_warning: Callable[[BudgetWarning], None] | None = None
    _waiting: list[asyncio.Future[bool]] = field(default_factory=list)

    async def something_ended(self, within_s: float | None = None) -> bool:
        """True when some call has ended; False if none does within so long, or for too long."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        timer = self._clock.call_later(
            self.patience_s if within_s is None else within_s,
            lambda: None if future.done() else future.set_result(False),
        )
        try:
            return await future
        finally:
            timer.cancel()

    def ended(self) -> None:
        """Some call has ended: let the others look again."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(True)

    def refusal(
        self,
        account: Account,
        need_usd: float,
        *,
        held_by_caller: float = 0.0,
        how_to_raise: str = "",
    ) -> BudgetExceededError:
        """The error for a call that does not fit; the player is warned where that is the end.

        It is not where ``how_to_raise`` says what else to do.
        """
        if not how_to_raise and account.spent_usd > 0 and account.budget.scope != "call":
            self.warn(account.reached(refused_usd=need_usd))
        budget = account.budget
        what = "LLM_MAX_COST" if budget.scope == "session" else f"the budget per {budget.scope}"
        error = PlayersBudgetExceeded if budget.scope == "player day" else BudgetExceededError
        return error(
            scope=budget.scope,
            limit_usd=budget.limit_usd,
            spent_usd=account.spent_usd + account.held_usd - held_by_caller,
            needed_usd=need_usd,
            how_to_raise=how_to_raise or budget.how_to_raise or f"raise {what}, or play offline",
        )

    def warn(self, warnings: Sequence[BudgetWarning]) -> None:
        """Tell the log and whoever asked to be told."""
        for warning in warnings:
            _log.warning("%s", warning)
            if self.on_warning is not None:
                self.on_warning(warning)
