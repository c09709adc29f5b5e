"""Budgets on Redis: what must hold everywhere, among workers, and while Redis is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.integrations.budget_contract import BudgetContract, Make
from tests.integrations.costed import SCENE, SCENE_USD, Fixed
from tests.integrations.fakes import MemoryLedger, Told, request_of
from tests.integrations.redis_fakes import RedisClock, linked
from tests.redis_server import RedisServer
from tta_rebuild.core.errors import BudgetExceededError
from tta_rebuild.integrations.budgets import Budget
from tta_rebuild.integrations.redis_budgets import BILLION, RedisBudgets
from tta_rebuild.integrations.redis_link import LinkTiming, RedisLink


@asynccontextmanager
async def workers_on(url: str, **options: Any) -> AsyncIterator[Make]:
    """Makes one worker after another, each with a link and a tracker of its own."""
    links: list[RedisLink] = []

    async def make(*answers: Told | BaseException, **fixed: Any) -> Fixed:
        clock = fixed.pop("clock", None) or RedisClock()
        link = await linked(url, clock, worker=f"w{len(links)}", **options)
        links.append(link)
        at = Fixed(*answers, clock=clock, make_call=RedisBudgets(link).call, **fixed)
        at.link = link  # type: ignore[attr-defined]
        return at

    try:
        yield make
    finally:
        for link in links:
            await link.client.flushall() if not link.is_away else None
            await link.aclose()


class TestOnRedis(BudgetContract):
    @pytest.fixture(autouse=True)
    def _redis(self, redis_url: str) -> None:
        self.url = redis_url

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Make]:
        async with workers_on(self.url) as make:
            made = []

            async def keep(*answers: Told | BaseException, **options: Any) -> Fixed:
                at = await make(*answers, **options)
                if options.get("clock") is None:  # another world, in which nothing was spent
                    keys = [k async for k in at.link.client.scan_iter("tta:budget:*")]
                    await at.link.client.delete("none", *keys)
                made.append(at)
                return at

            yield keep
            assert not any(at.link.is_away for at in made)


async def known_of(at: Fixed) -> dict[str, int]:
    """What Redis knows of the one budget of a day."""
    client = at.link.client  # type: ignore[attr-defined]
    key = min(await client.keys("tta:budget:day:*"), key=len)
    return {name: int(told) for name, told in (await client.hgetall(key)).items()}


LIMIT = [Budget(scope="day", limit_usd=0.02)]


async def test_workers_together_never_spend_more_than_the_budget(redis_url: str) -> None:
    async with workers_on(redis_url) as make:
        clock, ledger = RedisClock(), MemoryLedger()
        workers = [
            await make(Told(usage=SCENE, takes_s=1.0), clock=clock, ledger=ledger, budgets=LIMIT)
            for _ in range(4)
        ]
        calls = [
            asyncio.create_task(at.costed.complete(request_of()))
            for at in workers
            for _ in range(4)
        ]
        await clock.until(asyncio.wait(calls))
        worked = [call for call in calls if call.exception() is None]

        assert all(isinstance(c.exception(), BudgetExceededError | None) for c in calls)
        assert 1 <= len(worked) <= 3
        for at in workers:
            await at.tracker.flush()
        assert ledger.total_usd == pytest.approx(len(worked) * SCENE_USD)
        assert ledger.total_usd <= 0.02


async def test_a_worker_waits_for_the_money_that_another_holds(redis_url: str) -> None:
    async with workers_on(redis_url) as make:
        clock = RedisClock()
        budgets = [Budget(scope="day", limit_usd=0.0185)]
        one = await make(Told(usage=SCENE, takes_s=5.0), clock=clock, budgets=budgets)
        other = await make(Told(usage=SCENE), clock=clock, budgets=budgets)
        first = asyncio.create_task(one.costed.complete(request_of()))
        await clock.settle()
        second = asyncio.create_task(other.costed.complete(request_of()))
        await clock.advance(4.0)
        assert not second.done()
        await clock.until(asyncio.gather(first, second))
        assert clock.now() < 1010.0


async def test_the_hold_of_a_killed_worker_runs_out(redis_url: str) -> None:
    async with workers_on(redis_url, timing=LinkTiming(lease_s=30.0, answer_s=10.0)) as make:
        clock = RedisClock()
        budgets = [Budget(scope="day", limit_usd=0.0125)]
        killed = await make(Told(takes_s=1e6), clock=clock, budgets=budgets)
        other = await make(Told(usage=SCENE), clock=clock, budgets=budgets, patience_s=1e3)
        never_ends = asyncio.create_task(killed.costed.complete(request_of()))
        await clock.settle()
        await clock.advance(20.0)
        await killed.link.beat()  # type: ignore[attr-defined]
        waits = asyncio.create_task(other.costed.complete(request_of()))
        await clock.advance(29.0)
        assert not waits.done()
        await clock.advance(600.0)  # what was kept back for it runs out later
        assert waits.done()
        waits.result()
        never_ends.cancel()
        await asyncio.wait([never_ends])


async def test_without_redis_a_worker_spends_what_is_kept_back_for_it_and_no_more(
    own_redis: RedisServer,
) -> None:
    async with workers_on(own_redis.url, least_workers=2) as make:
        clock, ledger = RedisClock(), MemoryLedger()
        budgets = [Budget(scope="day", limit_usd=1.0)]  # 0.05 for each of the two
        workers = [
            await make(Told(usage=SCENE), clock=clock, ledger=ledger, budgets=budgets)
            for _ in range(2)
        ]
        for at in workers:
            await at.costed.complete(request_of())
            await at.tracker.flush()
        await clock.settle()
        before_usd = ledger.total_usd
        own_redis.stop()
        refused = 0
        for at in workers:
            for _ in range(12):
                call = asyncio.ensure_future(at.costed.complete(request_of()))
                await clock.until(asyncio.wait([call]))
                refused += "wait until Redis is back" in str(call.exception())
            await at.tracker.flush()
        alone_usd = ledger.total_usd - before_usd

        assert 0.04 < alone_usd <= 0.1
        assert refused > 0
        assert not workers[0].warnings
        own_redis.start()
        for at in workers:
            await at.link.beat()  # type: ignore[attr-defined]
        await clock.until(workers[0].costed.complete(request_of()))
        await workers[0].tracker.flush()
        await clock.settle()
        known = await known_of(workers[0])

        assert known["spent"] >= round(ledger.total_usd * BILLION)  # never less than the ledger


async def test_what_was_spent_as_redis_went_away_is_not_forgotten(own_redis: RedisServer) -> None:
    async with workers_on(own_redis.url) as make:
        clock = RedisClock()
        budgets = [Budget(scope="day", limit_usd=1.0)]
        at = await make(Told(usage=SCENE, takes_s=1.0), clock=clock, budgets=budgets)
        await clock.until(at.costed.complete(request_of()))
        call = asyncio.create_task(at.costed.complete(request_of()))
        await clock.settle()
        own_redis.freeze()
        at.link.forgotten()  # type: ignore[attr-defined]
        await clock.until(call)
        own_redis.thaw()
        await at.link.beat()  # type: ignore[attr-defined]
        await clock.settle()
        known = await known_of(at)

    assert known == {"spent": round(2 * SCENE_USD * BILLION), "held": 0, "reserved": BILLION // 10}


async def test_what_is_too_little_for_one_call_is_kept_back_for_nobody(redis_url: str) -> None:
    async with workers_on(redis_url, least_workers=4) as make:
        at = await make(Told(usage=SCENE), budgets=LIMIT)
        await at.clock.until(at.costed.complete(request_of()))
        little = await known_of(at)
        large = await make(Told(usage=SCENE), budgets=[Budget(scope="day", limit_usd=1.0)])
        await large.clock.until(large.costed.complete(request_of()))
        enough = await known_of(large)

    assert little["reserved"] == 0
    assert enough["reserved"] == BILLION // 40
