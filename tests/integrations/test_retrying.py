"""Retries help where they can, obey what the provider says, and never make an outage worse."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integrations.fakes import ManualClock, ScriptedProvider, Told, request_of
from tta_rebuild.core.errors import (
    BudgetExceededError,
    CircuitOpen,
    ContentRefused,
    KeyRejected,
    ModelUnavailable,
    ProviderBusy,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    QuotaFull,
    ReplyUnusable,
    RequestRejected,
    RequestTooLarge,
    StreamBroken,
)
from tta_rebuild.integrations.llm_provider import (
    StreamEnded,
    StreamItem,
    StreamRestarted,
    TextPiece,
)
from tta_rebuild.integrations.rate_limiter import RateLimiter
from tta_rebuild.integrations.wrappers.paced import RateLimitedLLMProvider
from tta_rebuild.integrations.wrappers.retrying import (
    RetryBudget,
    RetryingLLMProvider,
    RetryPolicy,
)

BUSY = ProviderBusy("503 overloaded")


def retrying(
    model: ScriptedProvider,
    clock: ManualClock,
    policy: RetryPolicy | None = None,
    budget: RetryBudget | None = None,
) -> RetryingLLMProvider:
    return RetryingLLMProvider(model, policy, clock=clock, random=random.Random(7), budget=budget)


async def read(provider: RetryingLLMProvider) -> list[StreamItem]:
    return [item async for item in provider.stream(request_of())]


async def test_a_busy_provider_is_tried_again_and_each_try_carries_its_number() -> None:
    clock = ManualClock()
    model = ScriptedProvider(BUSY, ProviderTimeout("late"), Told())
    response = await clock.until(retrying(model, clock).complete(request_of()))
    assert response.text == Told().text  # type: ignore[attr-defined]
    assert [seen.request.attempt for seen in model.seen] == [1, 2, 3]


class Lowest(random.Random):
    """Draws the least that it may."""

    def uniform(self, a: float, b: float) -> float:
        return a


async def test_the_jitter_is_full_so_a_wait_may_be_none_at_all() -> None:
    clock = ManualClock()
    model = ScriptedProvider(ProviderBusy("once"), Told())
    provider = RetryingLLMProvider(model, clock=clock, random=Lowest())
    await clock.until(provider.complete(request_of()))
    assert clock.slept == [0.0]


async def test_after_the_last_try_the_last_error_is_raised() -> None:
    clock = ManualClock()
    model = ScriptedProvider(BUSY)
    with pytest.raises(ProviderBusy, match="overloaded"):
        await clock.until(retrying(model, clock, RetryPolicy(attempts=3)).complete(request_of()))
    assert len(model.seen) == 3


@pytest.mark.parametrize(
    "error",
    [
        RequestRejected("400"),
        KeyRejected("401"),
        ModelUnavailable("404"),
        RequestTooLarge("too long"),
        ContentRefused("blocked", reason="SAFETY"),
        CircuitOpen("down"),
        QuotaFull("no room"),
        QuotaExhausted(resets_at=ManualClock().wall() + timedelta(hours=1)),
        BudgetExceededError(
            scope="call", limit_usd=1, spent_usd=1, needed_usd=1, how_to_raise="raise it"
        ),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_a_repetition_cannot_help_is_asked_once(error: Exception) -> None:
    clock = ManualClock()
    model = ScriptedProvider(error, Told())
    with pytest.raises(type(error)):
        await clock.until(retrying(model, clock).complete(request_of()))
    assert len(model.seen) == 1


async def test_an_unusable_reply_was_paid_for_and_is_asked_for_once_more_only() -> None:
    clock = ManualClock()
    model = ScriptedProvider(ReplyUnusable("no JSON"))
    with pytest.raises(ReplyUnusable):
        await clock.until(retrying(model, clock).complete(request_of()))
    assert len(model.seen) == 2


@settings(max_examples=30, deadline=None)
@given(waits=st.lists(st.floats(0.0, 15.0), min_size=1, max_size=3), seed=st.integers(0, 99))
def test_no_request_before_the_time_that_the_provider_named(waits: list[float], seed: int) -> None:
    async def play() -> list[float]:
        clock = ManualClock()
        model = ScriptedProvider(
            *(ProviderBusy("429", retry_after_s=wait) for wait in waits), Told(), clock=clock
        )
        provider = RetryingLLMProvider(model, clock=clock, random=random.Random(seed))
        await clock.until(provider.complete(request_of()))
        return [seen.at for seen in model.seen]

    times = asyncio.run(play())
    assert len(times) == len(waits) + 1
    for wait, earlier, later in zip(waits, times[:-1], times[1:], strict=True):
        assert later - earlier >= wait - 1e-9


async def test_waits_are_drawn_from_a_range_that_doubles_up_to_its_cap() -> None:
    class Highest(random.Random):
        def uniform(self, a: float, b: float) -> float:
            return b

    clock = ManualClock()
    provider = RetryingLLMProvider(
        ScriptedProvider(BUSY),
        RetryPolicy(attempts=6, base_s=1.0, cap_s=5.0, deadline_s=100.0),
        clock=clock,
        random=Highest(),
    )
    with pytest.raises(ProviderBusy):
        await clock.until(provider.complete(request_of()))
    assert clock.slept == [1.0, 2.0, 4.0, 5.0, 5.0]


async def test_no_try_begins_after_the_deadline() -> None:
    clock = ManualClock()
    model = ScriptedProvider(ProviderBusy("429", retry_after_s=34.0))
    with pytest.raises(ProviderBusy):
        await clock.until(
            retrying(model, clock, RetryPolicy(deadline_s=20.0)).complete(request_of())
        )
    assert len(model.seen) == 1
    assert clock.slept == []


async def test_an_outage_is_not_multiplied_by_retries() -> None:
    clock = ManualClock()
    model = ScriptedProvider(BUSY)
    provider = retrying(model, clock, budget=RetryBudget(per_call=0.2, most=5.0))
    for _ in range(50):
        with pytest.raises(ProviderBusy):
            await clock.until(provider.complete(request_of()))
    assert len(model.seen) <= 50 + 5 + 50 * 0.2


async def test_a_daily_quota_is_asked_once_and_again_after_its_reset() -> None:
    clock = ManualClock()
    resets_at = clock.wall() + timedelta(hours=3)
    model = ScriptedProvider(QuotaExhausted(resets_at=resets_at, model="m"), Told())
    provider = retrying(RateLimitedLLMProvider(model, RateLimiter(clock=clock)), clock)
    for _ in range(5):
        with pytest.raises(QuotaExhausted) as told:
            await provider.complete(request_of())
        assert told.value.resets_at == resets_at
    assert len(model.seen) == 1
    await clock.advance(3 * 3600)
    await provider.complete(request_of())
    assert len(model.seen) == 2


async def test_another_models_quota_is_its_own() -> None:
    clock = ManualClock()
    exhausted = QuotaExhausted(resets_at=clock.wall() + timedelta(hours=3))
    model = ScriptedProvider(exhausted, Told())
    provider = retrying(RateLimitedLLMProvider(model, RateLimiter(clock=clock)), clock)
    with pytest.raises(QuotaExhausted):
        await provider.complete(request_of())
    await provider.complete(request_of(model="another"))


async def test_a_stream_that_broke_begins_anew_and_says_so() -> None:
    clock = ManualClock()
    broken = Told("A draft that breaks off here", StreamBroken("cut", text=""), in_mid_stream=True)
    model = ScriptedProvider(broken, Told("The whole story."))
    items = await clock.until(read(retrying(model, clock)))
    assert isinstance(items, list)
    restart = next(i for i, item in enumerate(items) if isinstance(item, StreamRestarted))
    assert any(isinstance(item, TextPiece) for item in items[:restart])
    after = "".join(item.text for item in items[restart:] if isinstance(item, TextPiece))
    assert after == "The whole story."
    assert isinstance(items[-1], StreamEnded)
    assert items[-1].response.text == after
    assert all(seen.closed for seen in model.seen)


async def test_a_stream_that_never_began_is_tried_again_silently() -> None:
    clock = ManualClock()
    items = await clock.until(read(retrying(ScriptedProvider(BUSY, Told()), clock)))
    assert isinstance(items, list)
    assert not any(isinstance(item, StreamRestarted) for item in items)


async def test_a_stream_that_broke_is_called_off_once_however_many_tries_it_then_takes() -> None:
    clock = ManualClock()
    broken = Told(error=StreamBroken("cut", text=""), in_mid_stream=True)
    items = await clock.until(read(retrying(ScriptedProvider(broken, BUSY, Told()), clock)))
    assert isinstance(items, list)
    assert sum(isinstance(item, StreamRestarted) for item in items) == 1


async def test_when_no_try_is_left_a_broken_stream_raises_and_announces_nothing() -> None:
    clock = ManualClock()
    broken = Told(error=StreamBroken("cut", text=""), in_mid_stream=True)
    provider = retrying(ScriptedProvider(broken), clock, RetryPolicy(attempts=1))
    items: list[StreamItem] = []
    with pytest.raises(ProviderError):
        async for item in provider.stream(request_of()):
            items.append(item)
    assert items
    assert not any(isinstance(item, StreamRestarted) for item in items)


async def test_leaving_a_stream_closes_the_one_inside() -> None:
    model = ScriptedProvider()
    items = retrying(model, ManualClock()).stream(request_of())
    await anext(items)
    await items.aclose()
    assert model.seen[0].closed
    assert not model.seen[0].finished


async def test_cancelling_while_waiting_for_the_next_try_passes_at_once() -> None:
    clock = ManualClock()
    model = ScriptedProvider(ProviderBusy("429", retry_after_s=30.0), Told())
    call = asyncio.create_task(retrying(model, clock).complete(request_of()))
    await clock.advance(5.0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert len(model.seen) == 1
