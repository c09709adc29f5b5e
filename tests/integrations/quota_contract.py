"""What every limiter must hold: the quota in any sixty seconds at the provider's door, and nobody
waits without need. Subclassed by each, on a clock turned by hand."""

from __future__ import annotations

import asyncio
import bisect
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integrations.fakes import ManualClock, ScriptedProvider, Told, request_of
from tta_rebuild.core.errors import (
    BudgetExceededError,
    ProviderBusy,
    QuotaExhausted,
    QuotaFull,
    RequestTooLarge,
)
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.rate_limiter import Quota, RateLimiter
from tta_rebuild.integrations.wrappers.paced import RateLimitedLLMProvider

MODEL = "gemini-2.5-flash"
SHARED = [HealthCheck.differing_executors, HealthCheck.function_scoped_fixture]
"""What hypothesis finds odd in a class of tests for several limiters."""


def most_in_a_window(times: list[float], weights: list[int] | None = None) -> int:
    """The greatest sum in any half-open window of sixty seconds."""
    weights = weights or [1] * len(times)
    pairs = sorted(zip(times, weights, strict=True))
    moments = [t for t, _ in pairs]
    sums = [0]
    for _, weight in pairs:
        sums.append(sums[-1] + weight)
    return max(
        (
            sums[bisect.bisect_left(moments, start + 60.0)] - sums[index]
            for index, start in enumerate(moments)
        ),
        default=0,
    )


async def arrivals_of(
    clock: ManualClock,
    limiter: RateLimiter,
    callers: list[float],
    *,
    transit: random.Random,
    takes: float = 0.3,
) -> list[float]:
    """When the requests of all callers reach the provider's door."""
    arrived: list[float] = []

    async def call(begins: float) -> None:
        await clock.sleep(begins)
        grant = await limiter.reserve(MODEL, tokens=10)
        await clock.sleep(transit.uniform(0.0, 0.9))
        arrived.append(clock.now())
        await clock.sleep(transit.uniform(0.0, takes))
        grant.settle(10)

    await clock.until(asyncio.gather(*(call(begins) for begins in callers)))
    return arrived


class Make(Protocol):
    """A new limiter and the clock that it keeps time by."""

    async def __call__(
        self, *args: Any, start: datetime = ..., **options: Any
    ) -> tuple[ManualClock, RateLimiter]: ...


class QuotaContract:
    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Make]:
        raise NotImplementedError
        yield

    async def used(self, limiter: RateLimiter) -> tuple[int, int]:
        """Requests and tokens that count now."""
        raise NotImplementedError

    @pytest.fixture
    async def make(self) -> AsyncIterator[Make]:
        async with self.opened() as make:
            yield make

    @settings(max_examples=25, deadline=None, suppress_health_check=SHARED)
    @given(
        rpm=st.integers(1, 20),
        callers=st.lists(st.floats(0, 150), min_size=1, max_size=60),
        seed=st.integers(0, 1000),
        takes=st.sampled_from([0.0, 0.3, 20.0]),
    )
    def test_no_sixty_seconds_at_the_provider_see_more_than_the_limit(
        self, rpm: int, callers: list[float], seed: int, takes: float
    ) -> None:
        async def play() -> list[float]:
            async with self.opened() as make:
                clock, limiter = await make(Quota(rpm=rpm))
                source = random.Random(seed)
                return await arrivals_of(clock, limiter, callers, transit=source, takes=takes)

        arrived = asyncio.run(play())
        assert len(arrived) == len(callers)
        assert most_in_a_window(arrived) <= rpm

    @settings(max_examples=25, deadline=None, suppress_health_check=SHARED)
    @given(
        sizes=st.lists(
            st.tuples(st.integers(1, 100), st.integers(0, 100)), min_size=1, max_size=40
        ),
        seed=st.integers(0, 1000),
    )
    def test_tokens_are_reserved_at_the_worst_and_settled_at_what_they_were(
        self, sizes: list[tuple[int, int]], seed: int
    ) -> None:
        async def play() -> tuple[list[float], list[int]]:
            async with self.opened() as make:
                clock, limiter = await make(Quota(tpm=100))
                source = random.Random(seed)
                granted: list[float] = []
                used: list[int] = []

                async def call(reserved: int, share: int) -> None:
                    await clock.sleep(source.uniform(0, 100))
                    grant = await limiter.reserve(MODEL, tokens=reserved)
                    granted.append(clock.now())
                    used.append(reserved * share // 100)
                    await clock.sleep(source.uniform(0, 5))
                    grant.settle(reserved * share // 100)

                await clock.until(asyncio.gather(*(call(*size) for size in sizes)))
                return granted, used

        granted, used = asyncio.run(play())
        assert most_in_a_window(granted, used) <= 100

    async def test_under_steady_load_at_least_95_percent_of_the_quota_are_used(
        self, make: Make
    ) -> None:
        clock, limiter = await make(Quota(rpm=60))
        callers = [n * 0.5 for n in range(1200)]  # twice the limit for ten minutes
        arrived = await arrivals_of(clock, limiter, callers, transit=random.Random(1), takes=3.0)
        arrived.sort()
        assert most_in_a_window(arrived) <= 60
        assert len([t for t in arrived if t < arrived[0] + 600]) >= 0.95 * 600

    async def test_who_comes_first_is_served_first(self, make: Make) -> None:
        clock, limiter = await make(Quota(rpm=1))
        order: list[int] = []

        async def call(number: int) -> None:
            (await limiter.reserve(MODEL, tokens=1)).settle(1)
            order.append(number)

        tasks = []
        for number in range(5):
            tasks.append(asyncio.create_task(call(number)))
            await clock.settle()
        await clock.until(asyncio.gather(*tasks))
        assert order == [0, 1, 2, 3, 4]

    async def test_a_small_request_does_not_overtake_a_large_one_that_waits(
        self, make: Make
    ) -> None:
        clock, limiter = await make(Quota(tpm=100))
        (await limiter.reserve(MODEL, tokens=50)).settle(50)
        order: list[str] = []

        async def call(name: str, tokens: int) -> None:
            await limiter.reserve(MODEL, tokens=tokens)
            order.append(name)

        large = asyncio.create_task(call("large", 80))
        await clock.settle()
        small = asyncio.create_task(call("small", 10))
        await clock.settle()
        assert order == []
        await clock.until(asyncio.gather(large, small))
        assert order == ["large", "small"]

    async def test_a_caller_who_leaves_the_queue_takes_no_room_and_blocks_nobody(
        self, make: Make
    ) -> None:
        clock, limiter = await make(Quota(rpm=1))
        (await limiter.reserve(MODEL, tokens=1)).settle(1)
        leaves = asyncio.create_task(limiter.reserve(MODEL, tokens=1))
        stays = asyncio.create_task(limiter.reserve(MODEL, tokens=1))
        await clock.settle()
        leaves.cancel()
        await clock.advance(60.0)
        assert stays.done()
        assert leaves.cancelled()

    async def test_a_caller_cancelled_in_the_moment_of_the_grant_gives_it_back(
        self, make: Make
    ) -> None:
        clock, limiter = await make(Quota(rpm=1))
        first = await limiter.reserve(MODEL, tokens=1)
        waiting = asyncio.create_task(limiter.reserve(MODEL, tokens=1))
        await clock.settle()
        first.withdraw()  # grants to the waiting one at once …
        waiting.cancel()  # … which is cancelled before it wakes up
        await clock.settle()
        assert await self.used(limiter) == (0, 0)

    async def test_a_request_that_can_never_fit_fails_at_once(self, make: Make) -> None:
        _, limiter = await make(Quota(tpm=1000))
        with pytest.raises(RequestTooLarge, match="1001 tokens can never fit"):
            await limiter.reserve(MODEL, tokens=1001)

    async def test_a_lower_limit_is_learnt_from_a_refusal_and_a_higher_one_is_not(
        self, make: Make
    ) -> None:
        clock, limiter = await make(Quota(rpm=10))
        busy = ProviderBusy("429", learnt_limit_rpm=2)
        provider = RateLimitedLLMProvider(ScriptedProvider(busy, Told()), limiter)
        with pytest.raises(ProviderBusy):
            await provider.complete(request_of())
        limiter.learn(MODEL, 50)
        assert limiter.quota(MODEL).rpm == 2
        await provider.complete(request_of())
        third = asyncio.create_task(provider.complete(request_of()))
        await clock.advance(59.0)
        assert not third.done()
        await clock.advance(1.0)
        assert third.done()

    async def test_nobody_sends_before_the_time_that_the_provider_named(self, make: Make) -> None:
        clock, limiter = await make(Quota(rpm=100))
        model = ScriptedProvider(ProviderBusy("429", retry_after_s=34.07), Told(), clock=clock)
        provider = RateLimitedLLMProvider(model, limiter)
        with pytest.raises(ProviderBusy):
            await provider.complete(request_of())
        others = [asyncio.create_task(provider.complete(request_of())) for _ in range(5)]
        await clock.advance(34.0)
        assert len(model.seen) == 1
        await clock.advance(0.1)
        assert len(model.seen) == 6
        await asyncio.gather(*others)

    async def test_a_pause_longer_than_one_may_wait_is_told_at_once(self, make: Make) -> None:
        _, limiter = await make()
        limiter.pause(MODEL, 40.0)
        with pytest.raises(QuotaFull, match=r"another 40\.0 s") as told:
            await limiter.reserve(MODEL, tokens=1, max_wait_s=10.0)
        assert told.value.retry_after_s == pytest.approx(40.0)

    async def test_what_was_withdrawn_after_it_arrived_leaves_the_window_once(
        self, make: Make
    ) -> None:
        clock, limiter = await make()
        kept, withdrawn = [await limiter.reserve(MODEL, tokens=10) for _ in range(2)]
        kept.arrived()
        withdrawn.arrived()
        withdrawn.withdraw()
        assert await self.used(limiter) == (1, 10)
        await clock.advance(60.0)
        assert await self.used(limiter) == (0, 0)

    async def test_a_request_leaves_the_window_once_however_often_its_end_is_told(
        self, make: Make
    ) -> None:
        clock, limiter = await make()
        grant = await limiter.reserve(MODEL, tokens=10)
        grant.arrived()
        await clock.advance(1.0)
        grant.settle(4)
        grant.left()
        assert await self.used(limiter) == (1, 4)
        for seconds in (59.0, 1.0, 3.0):
            await clock.advance(seconds)
            assert await self.used(limiter) == (0, 0)

    async def test_those_of_a_moment_leave_together_and_none_too_early(self, make: Make) -> None:
        clock, limiter = await make()
        for _ in range(4):
            (await limiter.reserve(MODEL, tokens=1)).settle(1)
            await clock.advance(0.01)
        left = []
        for seconds in (59.955, 0.01, 0.04, 0.01):
            await clock.advance(seconds)
            left.append((await self.used(limiter))[0])
        assert left == [4, 3, 3, 0]
        assert await self.used(limiter) == (0, 0)

    async def test_a_short_pause_counts_too(self, make: Make) -> None:
        _, limiter = await make()
        limiter.pause(MODEL, 0.5)
        with pytest.raises(QuotaFull):
            await limiter.reserve(MODEL, tokens=1, max_wait_s=0.4)

    @pytest.mark.parametrize(("then_s", "left_s"), [(5.0, 40.0), (60.0, 60.0)])
    async def test_a_pause_never_shortens_an_earlier_one(
        self, make: Make, then_s: float, left_s: float
    ) -> None:
        _, limiter = await make()
        limiter.pause(MODEL, 40.0)
        limiter.pause(MODEL, then_s)
        with pytest.raises(QuotaFull) as told:
            await limiter.reserve(MODEL, tokens=1, max_wait_s=1.0)
        assert told.value.retry_after_s == pytest.approx(left_s)

    async def test_no_room_in_time_is_an_error_of_its_own_and_leaves_the_queue(
        self, make: Make
    ) -> None:
        clock, limiter = await make(Quota(rpm=1))
        (await limiter.reserve(MODEL, tokens=1)).settle(1)
        late = asyncio.create_task(limiter.reserve(MODEL, tokens=1, max_wait_s=10.0))
        patient = asyncio.create_task(limiter.reserve(MODEL, tokens=1))
        await clock.advance(10.0)
        with pytest.raises(QuotaFull):
            await late
        await clock.advance(50.0)
        assert patient.done()

    async def test_the_daily_quota_is_counted_and_resets_at_the_providers_midnight(
        self, make: Make
    ) -> None:
        clock, limiter = await make(
            Quota(rpd=2), start=datetime(2026, 11, 22, 7, 59, tzinfo=UTC), used_today={MODEL: 1}
        )  # 23:59 in Los Angeles
        await limiter.reserve(MODEL, tokens=1)
        with pytest.raises(QuotaExhausted) as told:
            await limiter.reserve(MODEL, tokens=1)
        assert told.value.resets_at == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
        assert told.value.model == MODEL
        await clock.advance(60.0)
        await limiter.reserve(MODEL, tokens=1)

    async def test_what_was_never_sent_is_given_back_to_the_day(self, make: Make) -> None:
        _, limiter = await make(Quota(rpd=1))
        (await limiter.reserve(MODEL, tokens=1)).withdraw()
        await limiter.reserve(MODEL, tokens=1)
        with pytest.raises(QuotaExhausted):
            await limiter.reserve(MODEL, tokens=1)

    async def test_a_daily_quota_that_the_provider_calls_used_up_ends_the_waiting_too(
        self, make: Make
    ) -> None:
        clock, limiter = await make(Quota(rpm=1))
        resets = clock.wall() + timedelta(hours=5)
        model = ScriptedProvider(QuotaExhausted(resets_at=resets), Told(), clock=clock)
        provider = RateLimitedLLMProvider(model, limiter)
        calls = [asyncio.create_task(provider.complete(request_of())) for _ in range(4)]
        await clock.settle()
        assert all(isinstance(call.exception(), QuotaExhausted) for call in calls)
        assert len(model.seen) == 1
        await clock.advance(5 * 3600)
        await provider.complete(request_of())

    async def test_models_have_quotas_of_their_own(self, make: Make) -> None:
        clock, limiter = await make(Quota(rpm=1), {"large": Quota(rpm=2)})
        provider = RateLimitedLLMProvider(ScriptedProvider(model="small"), limiter, max_wait_s=0.0)
        await provider.complete(request_of())
        await provider.complete(request_of(model="large"))
        await provider.complete(request_of(model="large"))
        one_too_many = asyncio.create_task(provider.complete(request_of()))
        await clock.advance(0.0)
        with pytest.raises(QuotaFull):
            await one_too_many

    async def test_streams_are_paced_and_settled_like_whole_answers(self, make: Make) -> None:
        clock, limiter = await make(Quota(tpm=5000))
        model = ScriptedProvider(Told(usage=Usage(input_tokens=40, output_tokens=60)), clock=clock)
        provider = RateLimitedLLMProvider(model, limiter)
        items = [item async for item in provider.stream(request_of())]
        assert len(items) == 5
        assert await self.used(limiter) == (1, 100)

    async def test_a_call_under_way_takes_its_prompt_and_its_longest_answer(
        self, make: Make
    ) -> None:
        clock, limiter = await make()
        model = ScriptedProvider(Told(takes_s=1.0), clock=clock, max_tokens=2000)
        provider = RateLimitedLLMProvider(model, limiter)
        request = request_of("p" * 400)
        call = asyncio.create_task(provider.complete(request))
        await clock.settle()
        prompt_tokens = request.likely_input_tokens
        assert prompt_tokens >= 100
        assert await self.used(limiter) == (1, prompt_tokens + 2000)
        await clock.until(call)

    async def test_what_a_budget_forbade_was_not_sent_and_counts_nothing(self, make: Make) -> None:
        _, limiter = await make(Quota(rpm=1))
        refusal = BudgetExceededError(
            scope="call", limit_usd=1, spent_usd=0, needed_usd=2, how_to_raise="raise it"
        )
        provider = RateLimitedLLMProvider(ScriptedProvider(refusal), limiter)
        with pytest.raises(BudgetExceededError):
            await provider.complete(request_of())
        assert await self.used(limiter) == (0, 0)
