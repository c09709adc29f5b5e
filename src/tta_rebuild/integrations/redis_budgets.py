"""Budgets held by all workers together: what ``budgets`` does, over Redis.

Redis knows what is spent and held of each budget; what was spent before comes from the ledger. A
part of each budget is kept back for each worker that spends of it: that, and no more, it may spend
while Redis is away, so that all together never pass the budget. Money is told in billionths of a
dollar, whole numbers, which sums leave exact.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

from tta_rebuild.integrations.budgets import Account, BudgetQueue, Call, Scope
from tta_rebuild.integrations.redis_link import PREFIX, Command, RedisAway, RedisLink

BILLION = 1_000_000_000
LOOKS_AGAIN_S = 0.25
"""How soon a call that waits for others' money asks again, at the latest, seconds."""
RESERVE = 0.1
"""The part of a budget that is kept back, for all workers together, for when Redis is away."""
RESERVE_LEASE_S = 600.0
"""What is kept back for a worker is given to others so long after it last asked, seconds."""
EARLY_S = 3.0
"""So long after it was spent, money is in the ledger for certain, seconds."""
HOPES_S = 3.0
"""How soon Redis may be back before calls are refused that need more than is kept back, seconds."""

WAIT = "wait until Redis is back: until then a worker spends only what is kept back for it"

OF_ONE_WORKER: frozenset[Scope] = frozenset({"call", "session"})
PLAYED_BY_ONE: frozenset[Scope] = frozenset({"story", "player", "player day"})
"""Budgets of which, as a rule, one worker spends at a time."""

SpentBefore = Callable[[Account], Awaitable[float]]
"""What the ledger knows to be spent of an account, in US dollars."""


@dataclass(slots=True)
class _Alone:
    """What is kept back of a budget for this worker, and what of it is used, in billionths."""

    reserve: int = 0
    spent: int = 0
    held: int = 0


@dataclass(slots=True)
class _Spent:
    """What this worker has spent of a budget, and what of it Redis is known to know."""

    total: int = 0
    known: int = 0
    recent: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, spent: int, now: float) -> None:
        """So much more is spent."""
        self.total += spent
        self.recent.append((now, spent))
        self.early(now)

    def early(self, now: float) -> int:
        """What was spent so lately that the ledger may not know it."""
        while self.recent and self.recent[0][0] < now - EARLY_S:
            self.recent.popleft()
        return sum(spent for _, spent in self.recent)


class RedisBudgets:
    """Makes calls whose money is held for all workers together."""

    def __init__(self, link: RedisLink) -> None:
        self.link = link
        self.calls: set[SharedCall] = set()
        self._alone: dict[str, _Alone] = {}
        self._spent: dict[str, _Spent] = {}
        self._ended: dict[str, Command] = {}
        link.sharers.append(self)

    def call(
        self, queue: BudgetQueue, accounts: Sequence[Account], spent_before: SpentBefore
    ) -> Call:
        """A call under these budgets, as ``CostTracker`` opens one."""
        shared: dict[str, Account] = {}
        for account in accounts:
            key = f"{PREFIX}budget:{account.budget.scope}:{account.key}"
            is_shared = account.budget.scope not in OF_ONE_WORKER
            lower = key in shared and shared[key].budget.limit_usd <= account.budget.limit_usd
            if is_shared and not lower:
                shared[key] = account
        return SharedCall(queue, accounts, budgets=self, shared=shared, spent_before=spent_before)

    async def hold(self, call: SharedCall, target: int) -> Blocked | None:
        """Hold so much for a call in all its budgets; or what is in the way."""
        while True:
            if self.link.is_away:
                return await self._hold_alone(call, target)
            call.is_known = True  # even if this caller leaves before the answer
            try:
                word, *told = await self.link.run(self._question(call, target))
            except RedisAway:
                continue
            if word == "fresh":
                self.link.forgotten()
            elif word == "unsettled":
                await self.link.clock.sleep(min(float(told[0]), LOOKS_AGAIN_S))
            elif word == "unknown":
                await self._open(call, list(call.shared)[int(told[0])])
            elif word == "full":
                account = list(call.shared.values())[int(told[0])]
                spent, held, others = (int(number) for number in told[1:])
                account.spent_usd, account.held_usd = spent / BILLION, held / BILLION
                return Blocked(account, others / BILLION)
            else:
                for at, (key, account) in enumerate(call.shared.items()):
                    spent, held, reserve = (int(number) for number in told[3 * at : 3 * at + 3])
                    account.spent_usd, account.held_usd = spent / BILLION, held / BILLION
                    self._alone[key] = _Alone(reserve)
                return None

    def spend(self, call: SharedCall, spent: int, out_of_reserve: int) -> None:
        """So much is spent, a part of it alone; ``call.held`` is what the call holds then."""
        for key in call.shared:
            self._spent.setdefault(key, _Spent()).add(spent, self.link.clock.now())
            if self.link.is_away and key in self._alone:
                self._alone[key].spent += out_of_reserve
        self._tell_spent(call.shared)
        args = (call.call_id, call.held, self.link.timing.lease_s)
        self.link.send(Command("budget_renew", tuple(call.shared), args))

    def _tell_spent(self, keys: Iterable[str]) -> None:
        command, totals = self._all_spent(keys)

        def told() -> None:
            for key, total in totals.items():
                self._spent[key].known = max(self._spent[key].known, total)

        self.link.send(command, told)

    def _all_spent(self, keys: Iterable[str]) -> tuple[Command, dict[str, int]]:
        args: list[str | int | float] = [self.link.worker, EARLY_S]
        totals = {key: self._spent[key].total for key in keys}
        for key, total in totals.items():
            early = self._spent[key].early(self.link.clock.now())
            args += [total, self._spent[key].known, early]
        return Command("budget_spent", tuple(totals), args), totals

    def release(self, call: SharedCall) -> None:
        """Nothing is held for the call any more."""
        self.calls.discard(call)
        args = (call.call_id, 0, self.link.timing.lease_s)
        command = Command("budget_renew", tuple(call.shared), args)
        if not call.is_known:
            return
        self._ended[call.call_id] = command
        self.link.send(command, partial(self._ended.pop, call.call_id, None))

    # ------------------------------------------------------------------ Redis comes and goes

    def renewals(self) -> Iterable[Command]:
        """Keeps what running calls hold."""
        for call in self.calls:
            call.is_known = True
        return [
            Command(
                "budget_renew",
                tuple(call.shared),
                (call.call_id, call.held, self.link.timing.lease_s),
            )
            for call in self.calls
            if call.held > 0 and call.shared
        ]

    def report(self) -> Iterable[Command]:
        """What was spent, what is held; and what was kept back is given up."""
        untold = self._untold()
        spent = [self._all_spent(untold)[0]] if untold else []
        kept = [
            Command("budget_unreserve", (key,), (self.link.worker,))
            for key, one in self._alone.items()
            if one.spent or one.held
        ]
        return [*spent, *self.renewals(), *self._ended.values(), *kept]

    def _untold(self) -> list[str]:
        return [key for key, one in self._spent.items() if one.known < one.total]

    def did_alone(self) -> bool:
        """True if anything was spent or held that Redis does not know."""
        used = any(one.spent or one.held for one in self._alone.values())
        return used or bool(self._untold())

    def went_away(self) -> None:
        """From now on each spends what is kept back for it."""

    def came_back(self) -> None:
        """What is kept back is told anew with the next call."""
        self._alone.clear()
        if untold := self._untold():
            self._tell_spent(untold)
        for command in self.renewals():
            self.link.send(command)
        for call_id, command in list(self._ended.items()):
            self.link.send(command, partial(self._ended.pop, call_id, None))

    # ------------------------------------------------------------------ how it is done

    def _question(self, call: SharedCall, target: int) -> Command:
        args: list[str | int | float] = [call.call_id, self.link.worker, target]
        args += [self.link.timing.lease_s, RESERVE_LEASE_S]
        for account in call.shared.values():
            limit = _billionths(account.budget.limit_usd)
            reserve = int(limit * RESERVE / self.link.workers)
            # one call that may cost more could not be made with it: nobody would spend it
            args += [limit, reserve if reserve >= target else 0]
        return Command("budget_hold", (f"{PREFIX}reported", *call.shared), args)

    async def _open(self, call: SharedCall, key: str) -> None:
        spent_usd = await call.spent_before(call.shared[key])
        with suppress(RedisAway):
            await self.link.run(Command("budget_open", (key,), (_billionths(spent_usd),)))

    async def _hold_alone(self, call: SharedCall, target: int) -> Blocked | None:
        """Hold out of what is kept back for this worker."""
        more = target - call.held
        for key, account in call.shared.items():
            if key not in self._alone:
                share = 0.0
                if account.budget.scope in PLAYED_BY_ONE:
                    left_usd = account.budget.limit_usd - await call.spent_before(account)
                    share = max(0.0, left_usd) / self.link.workers
                self._alone.setdefault(key, _Alone(int(share * BILLION)))
            alone = self._alone[key]
            if alone.spent + alone.held + more > alone.reserve:
                others = account.budget.limit_usd - alone.reserve / BILLION
                return Blocked(account, others, is_alone=True)
        for key in call.shared:
            self._alone[key].held += more
        call.held_alone += more
        return None

    def freed_alone(self, call: SharedCall, freed: int) -> None:
        """So much is not held any more of what was held alone, spent or not."""
        call.held_alone -= freed
        for key in call.shared:
            if key in self._alone:
                self._alone[key].held = max(0, self._alone[key].held - freed)


@dataclass(frozen=True, slots=True)
class Blocked:
    """The account in which a call has no room, and what is kept back there for others."""

    account: Account
    others_usd: float
    is_alone: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class SharedCall(Call):
    """One logical call whose money is held in Redis too; ``held`` is that, in billionths."""

    budgets: RedisBudgets
    shared: dict[str, Account]
    spent_before: SpentBefore
    call_id: str = field(default_factory=lambda: uuid4().hex)
    held: int = 0
    held_alone: int = 0
    is_known: bool = False

    def __post_init__(self) -> None:
        own = [a for a in self._accounts if a.budget.scope in OF_ONE_WORKER]
        self._local = Call(self._queue, own)

    _local: Call = field(init=False)

    async def wait_for(self, usd: float) -> None:
        """As ``Call.wait_for``, among all workers."""
        await self._local.wait_for(usd)
        if not self.shared:
            self.held_usd = self._local.held_usd
            return
        clock, link = self.budgets.link.clock, self.budgets.link
        since, seen = clock.now(), (-1.0, -1.0)
        while (target := math.ceil(usd * BILLION - 1e-3)) > self.held:
            blocked = await self.budgets.hold(self, target)
            if blocked is None:
                self.held = target
                self.held_usd = target / BILLION
                self.budgets.calls.add(self)
                return
            account, now = blocked.account, clock.now()
            if seen != (account.spent_usd, account.held_usd):
                since, seen = now, (account.spent_usd, account.held_usd)
            need_usd = account.spent_usd + blocked.others_usd + usd
            hopeless = self.held > 0 or account.budget.is_passed_by(need_usd)
            if blocked.is_alone:
                hopeless = self.held > 0 or now >= link.away_since + HOPES_S
            if hopeless or now - since >= self._queue.patience_s:
                how = WAIT if blocked.is_alone else ""
                held_usd = self.held_usd
                raise self._queue.refusal(account, usd, held_by_caller=held_usd, how_to_raise=how)
            if await self._queue.something_ended(LOOKS_AGAIN_S):
                since = clock.now()

    def spend(self, usd: float) -> None:
        """Turn so much of what is held into money spent; more than held is spent all the same."""
        Call.spend(self, usd)
        self._local.held_usd = max(0.0, self._local.held_usd - usd)
        if self.shared:
            spent = round(usd * BILLION)
            freed = min(spent, self.held)
            in_redis = self.held - self.held_alone
            self.held -= freed
            self.budgets.freed_alone(self, max(0, freed - in_redis))
            self.budgets.spend(self, spent, max(0, spent - in_redis))

    def release(self) -> None:
        """Give back what is still held."""
        if self.shared:
            self.budgets.freed_alone(self, self.held_alone)
            self.held = 0
            self.budgets.release(self)
        self._local.release()
        self.held_usd = 0.0
        self._queue.ended()


def _billionths(usd: float) -> int:
    return round(usd * BILLION)
