"""Quotas on Redis: what every limiter must hold, among workers, and while Redis is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.integrations.fakes import START, ManualClock
from tests.integrations.quota_contract import MODEL, Make, QuotaContract, most_in_a_window
from tests.integrations.redis_fakes import RedisClock, linked, links_to
from tests.redis_server import RedisServer
from tta_rebuild.core.errors import QuotaExhausted, QuotaFull
from tta_rebuild.integrations.rate_limiter import Quota, RateLimiter
from tta_rebuild.integrations.redis_link import LinkTiming, RedisLink
from tta_rebuild.integrations.redis_quotas import RedisRateLimiter


class TestOnRedis(QuotaContract):
    @pytest.fixture(autouse=True)
    def _redis(self, redis_url: str) -> None:
        self.url = redis_url

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Make]:
        links: list[RedisLink] = []

        async def make(
            *args: Any, start: datetime = START, **options: Any
        ) -> tuple[ManualClock, RateLimiter]:
            clock = RedisClock(start)
            links.append(await linked(self.url, clock))
            return clock, RedisRateLimiter(links[-1], *args, looks_again_s=60.0, **options)

        try:
            yield make
            assert not any(link.is_away for link in links)
        finally:
            for link in links:
                await link.client.flushall()
                await link.aclose()

    async def used(self, limiter: RateLimiter) -> tuple[int, int]:
        assert isinstance(limiter, RedisRateLimiter)
        return await limiter.used_by_all(MODEL)


# ------------------------------------------------------------------------- several workers


async def granted(limiter: RateLimiter, clock: RedisClock, callers: int) -> list[float]:
    """When so many callers who come at once are let through, and are done at once."""
    times: list[float] = []

    async def call() -> None:
        (await limiter.reserve(MODEL, tokens=10)).settle(10)
        times.append(clock.now())

    await asyncio.gather(*(call() for _ in range(callers)))
    return times


async def test_two_workers_together_keep_the_quota_and_use_it(redis_url: str) -> None:
    async with links_to(redis_url, "a", "b") as (clock, links):
        limiters = [RedisRateLimiter(link, Quota(rpm=20)) for link in links]
        works = asyncio.gather(*(granted(limiter, clock, 50) for limiter in limiters))
        times = [t for one in await clock.until(works) for t in one]

    assert most_in_a_window(times) == 20
    assert max(times) - min(times) <= 4 * 60 + 3


async def test_workers_take_turns_where_room_is_scarce(redis_url: str) -> None:
    async with links_to(redis_url, "a", "b") as (clock, links):
        limiters = [RedisRateLimiter(link, Quota(rpm=1)) for link in links]
        order: list[int] = []

        async def call(worker: int) -> None:
            (await limiters[worker].reserve(MODEL, tokens=1)).settle(1)
            order.append(worker)

        tasks = []
        for worker in (0, 0, 0, 0, 1, 1, 1):
            tasks.append(asyncio.create_task(call(worker)))
            await clock.settle()
        await clock.until(asyncio.gather(*tasks))

    assert order[0] == 0
    assert sorted(order[1:3]) == sorted(order[3:5]) == [0, 1]


async def test_what_the_provider_said_to_one_worker_holds_for_all(redis_url: str) -> None:
    async with links_to(redis_url, "a", "b") as (clock, links):
        one, other = [RedisRateLimiter(link, Quota(rpm=10)) for link in links]
        one.learn(MODEL, 2)
        await clock.settle()
        for _ in range(2):
            (await other.reserve(MODEL, tokens=1)).settle(1)
        third = asyncio.create_task(other.reserve(MODEL, tokens=1))
        await clock.advance(59.0)
        assert not third.done()
        await clock.until(third)

        one.pause(MODEL, 40.0)
        await clock.settle()
        with pytest.raises(QuotaFull, match="no request may be sent for another"):
            await other.reserve(MODEL, tokens=1, max_wait_s=10.0)

        one.exhaust(MODEL, clock.wall() + timedelta(hours=5))
        await clock.settle()
        with pytest.raises(QuotaExhausted):
            await other.reserve(MODEL, tokens=1)


async def test_the_day_is_counted_for_all_workers(redis_url: str) -> None:
    async with links_to(redis_url, "a", "b") as (_, links):
        one, other = [RedisRateLimiter(link, Quota(rpd=3), used_today={MODEL: 1}) for link in links]
        await one.reserve(MODEL, tokens=1)
        (await other.reserve(MODEL, tokens=1)).withdraw()
        await other.reserve(MODEL, tokens=1)
        for limiter in (one, other):
            with pytest.raises(QuotaExhausted):
                await limiter.reserve(MODEL, tokens=1)


async def test_the_request_of_a_killed_worker_counts_until_it_must_have_arrived(
    redis_url: str,
) -> None:
    timing = LinkTiming(lease_s=30.0)
    async with links_to(redis_url, "a", "b", timing=timing) as (clock, links):
        killed, other = [RedisRateLimiter(link, Quota(rpm=1)) for link in links]
        await killed.reserve(MODEL, tokens=1)
        for _ in range(4):
            await clock.advance(20.0)
            await links[0].beat()
        waiting = asyncio.create_task(other.reserve(MODEL, tokens=1))
        await clock.advance(89.0)
        assert not waiting.done()
        await clock.advance(1.5)
        assert waiting.done()
        waiting.result().withdraw()


async def test_a_worker_that_waits_and_is_killed_holds_nobody_up(redis_url: str) -> None:
    async with links_to(redis_url, "a", "b") as (clock, links):
        killed = RedisRateLimiter(links[0], Quota(tpm=100), looks_again_s=1e9)
        other = RedisRateLimiter(links[1], Quota(tpm=100))
        held = await other.reserve(MODEL, tokens=50)
        waits = asyncio.create_task(killed.reserve(MODEL, tokens=90))
        await clock.settle()
        small = asyncio.create_task(other.reserve(MODEL, tokens=40))
        await clock.advance(1.0)
        assert not small.done()
        await clock.advance(2.0)
        assert small.done()
        held.withdraw()
        waits.cancel()


# ------------------------------------------------------------------------- Redis is away


async def test_without_redis_a_worker_is_silent_for_a_window_and_then_keeps_to_its_share(
    own_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with links_to(own_redis.url, "a", "b") as (clock, links):
        limiters = [RedisRateLimiter(link, Quota(rpm=10)) for link in links]
        for link in links:
            await link.beat()
        for _ in range(8):
            (await limiters[0].reserve(MODEL, tokens=1)).settle(1)
        await clock.settle()
        own_redis.stop()
        begun = clock.now()
        works = asyncio.gather(*(granted(limiter, clock, 10) for limiter in limiters))
        times = [[t - begun for t in one] for one in await clock.until(works)]
        # what is never silent would let eighteen through at once
        assert [link.is_away for link in links] == [True, True]

    for one in times:
        assert min(one) >= 60.0
        assert most_in_a_window(one) == 5
    assert sum("share of one in 2" in r.getMessage() for r in caplog.records) == 2


async def test_who_cannot_wait_for_the_share_is_told_so_after_a_moment(
    own_redis: RedisServer,
) -> None:
    async with links_to(own_redis.url, "a") as (clock, (link,)):
        limiter = RedisRateLimiter(link, Quota(rpm=10))
        (await limiter.reserve(MODEL, tokens=1)).settle(1)
        await clock.settle()
        own_redis.stop()
        call = asyncio.create_task(limiter.reserve(MODEL, tokens=1, max_wait_s=20.0))
        await clock.advance(9.9)
        assert not call.done()
        await clock.advance(0.2)
        with pytest.raises(QuotaFull, match=r"for another 50\.0 s \(Redis was away\)"):
            await call


async def test_a_short_absence_costs_no_more_than_itself(own_redis: RedisServer) -> None:
    async with links_to(own_redis.url, "a") as (clock, (link,)):
        limiter = RedisRateLimiter(link, Quota(rpm=10))
        (await limiter.reserve(MODEL, tokens=1)).settle(1)
        await clock.settle()
        link.forgotten()
        call = asyncio.create_task(limiter.reserve(MODEL, tokens=1, max_wait_s=20.0))
        await clock.advance(1.0)
        assert not call.done()
        await link.beat()
        async with asyncio.timeout(10):  # no time of the limiter's clock passes any more
            await call
        assert await limiter.used_by_all(MODEL) == (2, 2)


async def test_a_redis_that_has_forgotten_everything_is_told_and_waited_for(
    own_redis: RedisServer,
) -> None:
    async with links_to(own_redis.url, "a", "b") as (clock, links):
        limiters = [RedisRateLimiter(link, Quota(rpm=10)) for link in links]
        for link in links:
            await link.beat()
        for _ in range(10):
            (await limiters[0].reserve(MODEL, tokens=1)).settle(1)
        begun = clock.now()
        own_redis.stop()
        own_redis.start()
        await clock.advance(1.0)
        works = [asyncio.create_task(granted(limiter, clock, 15)) for limiter in limiters]
        await clock.settle()
        for link in links:
            await link.beat()
        times = [t - begun for one in await clock.until(asyncio.gather(*works)) for t in one]
        assert not any(link.is_away for link in links)

    # ten went out at the moment 0
    assert most_in_a_window([0.0] * 10 + times) == 10
    assert max(times) < 5 * 60


async def restarted_empty(
    own_redis: RedisServer, clock: RedisClock, links: list[RedisLink], *, lived_s: float
) -> None:
    """A Redis that the links watched for so long is away for five seconds, and is empty then."""
    for _ in range(2):
        for link in links:
            await link.beat()
        await clock.advance(lived_s / 2)
    for link in links:
        await link.beat()
    own_redis.stop()
    for link in links:
        await link.beat()
    assert all(link.is_away for link in links)
    await clock.advance(5.0)
    own_redis.start()


async def test_a_redis_begun_anew_decides_as_soon_as_all_have_told_what_they_did(
    own_redis: RedisServer,
) -> None:
    async with links_to(own_redis.url, "a", "b") as (clock, links):
        one, other = [RedisRateLimiter(link, Quota(rpm=10)) for link in links]
        await restarted_empty(own_redis, clock, links, lived_s=70.0)
        call = asyncio.create_task(one.reserve(MODEL, tokens=1, max_wait_s=20.0))
        for link in links:
            await link.beat()
        await clock.advance(4.9)
        assert not call.done(), "others may not have told all"
        for _ in range(2):
            await clock.advance(0.6)
            for link in links:
                await link.beat()
            await clock.settle()
        assert call.done(), "a minute is not waited for"
        call.result().settle(1)
        (await other.reserve(MODEL, tokens=1, max_wait_s=1.0)).settle(1)
        assert await one.used_by_all(MODEL) == (2, 2)
        assert not any(link.is_alone for link in links)


@pytest.mark.parametrize("why", ["one does not come back", "nobody watched for a whole window"])
async def test_a_redis_begun_anew_is_waited_for_where_not_all_is_known(
    own_redis: RedisServer, why: str
) -> None:
    async with links_to(own_redis.url, "a", "b") as (clock, links):
        limiter = RedisRateLimiter(links[0], Quota(rpm=10))
        is_lost = why == "one does not come back"
        await restarted_empty(own_redis, clock, links, lived_s=70.0 if is_lost else 50.0)
        back = links[:1] if is_lost else links
        call = asyncio.create_task(limiter.reserve(MODEL, tokens=1, max_wait_s=100.0))
        for _ in range(54):
            for link in back:
                await link.beat()
            await clock.advance(1.0)
        assert not call.done()
        await clock.advance(12.0)
        assert call.done()
        call.result().withdraw()


async def test_what_was_sent_without_redis_counts_when_it_is_back(own_redis: RedisServer) -> None:
    async with links_to(own_redis.url, "a", "b") as (clock, links):
        limiters = [RedisRateLimiter(link, Quota(rpm=10)) for link in links]
        for link in links:
            await link.beat()
        for limiter in limiters:
            (await limiter.reserve(MODEL, tokens=1)).settle(1)
        await clock.settle()
        for link in links:
            link.forgotten()  # as if no answer had come
        times = await clock.until(granted(limiters[1], clock, 5))
        assert isinstance(times, list)
        await links[0].beat()
        works = [asyncio.create_task(granted(limiter, clock, 15)) for limiter in limiters]
        await clock.advance(0.5)
        await links[1].beat()
        for one in await clock.until(asyncio.gather(*works)):
            times += one

    assert most_in_a_window(times) == 10


async def test_at_the_first_start_nobody_waits_for_a_window(redis_url: str) -> None:
    options = {"settled": False, "least_workers": 4}
    async with links_to(redis_url, "a", **options) as (clock, (link,)):
        limiter = RedisRateLimiter(link, Quota(rpm=20))
        for _ in range(5):
            (await limiter.reserve(MODEL, tokens=1)).settle(1)
        sixth = asyncio.create_task(limiter.reserve(MODEL, tokens=1))
        await clock.settle()
        assert not sixth.done()
        await clock.advance(66.0)
        assert sixth.done()
        assert (await limiter.used_by_all(MODEL))[0] == 1
