"""A dead model is left alone, asked again with one probe, and nobody else's fault counts."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.integrations.fakes import ManualClock, ScriptedProvider, Told, request_of, settle
from tta_rebuild.core.errors import (
    BudgetExceededError,
    CircuitOpen,
    ContentRefused,
    ProviderBusy,
    ProviderError,
    RequestRejected,
    StreamBroken,
)
from tta_rebuild.integrations.wrappers.circuit import (
    Circuit,
    CircuitBreakerLLMProvider,
    CircuitPolicy,
)
from tta_rebuild.integrations.wrappers.retrying import RetryingLLMProvider, RetryPolicy

BUSY = ProviderBusy("503")


def guarded(
    model: ScriptedProvider, clock: ManualClock, **policy: float
) -> CircuitBreakerLLMProvider:
    return CircuitBreakerLLMProvider(model, CircuitPolicy(**policy), clock=clock)  # type: ignore[arg-type]


async def attempt(provider: CircuitBreakerLLMProvider) -> str:
    try:
        await provider.complete(request_of())
    except (ProviderError, BudgetExceededError) as error:
        return type(error).__name__
    return "ok"


async def test_a_dead_model_is_hit_five_times_and_then_once_per_cool_down() -> None:
    clock = ManualClock()
    model = ScriptedProvider(BUSY, clock=clock)
    provider = guarded(model, clock, cool_down_s=30.0)
    for _ in range(30):
        await attempt(provider)
    assert len(model.seen) == 5
    for minute in range(1, 6):
        await clock.advance(30.0)
        for _ in range(10):
            await attempt(provider)
        assert len(model.seen) == 5 + minute


async def test_retries_outside_the_circuit_do_not_multiply_the_hits() -> None:
    clock = ManualClock()
    model = ScriptedProvider(BUSY, clock=clock)
    circuit = guarded(model, clock, cool_down_s=1000.0)
    provider = RetryingLLMProvider(
        circuit, RetryPolicy(attempts=4), clock=clock, random=random.Random(1)
    )
    for _ in range(30):
        with pytest.raises(ProviderError):
            await clock.until(provider.complete(request_of()))
    assert len(model.seen) == 5


async def test_a_model_that_was_well_for_long_is_left_alone_just_as_soon() -> None:
    clock = ManualClock()
    model = ScriptedProvider(*[Told()] * 100, BUSY)
    provider = guarded(model, clock)
    for _ in range(130):
        await attempt(provider)
    assert len(model.seen) == 105


async def test_half_of_the_attempts_failing_opens_it_too() -> None:
    clock = ManualClock()
    provider = guarded(ScriptedProvider(*[Told(), BUSY] * 3), clock, failures=6)
    outcomes = [await attempt(provider) for _ in range(7)]
    assert outcomes[-1] == "CircuitOpen"


async def test_failures_of_long_ago_do_not_count() -> None:
    clock = ManualClock()
    provider = guarded(ScriptedProvider(*[Told(), BUSY] * 10), clock, window_s=10.0)
    for _ in range(20):
        await attempt(provider)
        await clock.advance(5.0)
    assert provider.circuit.state == "closed"


@pytest.mark.parametrize("later", [[Told(), BUSY], [*[Told()] * 4, BUSY]], ids=["few", "many"])
async def test_what_is_as_old_as_the_window_counts_neither_as_attempt_nor_as_failure(
    later: list[Told | ProviderBusy],
) -> None:
    clock = ManualClock()
    early = [BUSY, Told(), BUSY, BUSY]
    provider = guarded(ScriptedProvider(*early, *later), clock, window_s=10.0, failures=5)
    for _ in early:
        await attempt(provider)
    await clock.advance(10.0)
    for _ in later:
        await attempt(provider)
    assert provider.circuit.state == "closed"


async def test_one_probe_finds_out_and_all_others_are_refused_meanwhile() -> None:
    clock = ManualClock()
    model = ScriptedProvider(*[BUSY] * 5, Told(takes_s=2.0), clock=clock)
    provider = guarded(model, clock, cool_down_s=30.0)
    for _ in range(5):
        await attempt(provider)
    await clock.advance(30.0)
    assert provider.circuit.state == "half-open"
    calls = [asyncio.create_task(attempt(provider)) for _ in range(100)]
    await clock.advance(3.0)
    outcomes = [call.result() for call in calls]
    assert outcomes.count("ok") == 1
    assert outcomes.count("CircuitOpen") == 99
    assert provider.circuit.state == "closed"


async def test_a_cancelled_probe_is_no_verdict_and_frees_its_place() -> None:
    clock = ManualClock()
    model = ScriptedProvider(*[BUSY] * 5, Told(takes_s=9.0), clock=clock)
    provider = guarded(model, clock, cool_down_s=30.0)
    for _ in range(5):
        await attempt(provider)
    await clock.advance(30.0)
    probe = asyncio.create_task(provider.complete(request_of()))
    await settle()
    probe.cancel()
    await settle()
    assert provider.circuit.state == "half-open"
    again = asyncio.create_task(attempt(provider))
    await clock.advance(10.0)
    assert again.result() == "ok"


async def test_cancellations_are_no_failures() -> None:
    clock = ManualClock()
    provider = guarded(ScriptedProvider(Told(takes_s=60.0), clock=clock), clock)
    for _ in range(20):
        call = asyncio.create_task(provider.complete(request_of()))
        await settle()
        call.cancel()
        await settle()
    assert provider.circuit.state == "closed"


@pytest.mark.parametrize(
    "error",
    [
        RequestRejected("400"),
        ContentRefused("no", reason="SAFETY"),
        BudgetExceededError(
            scope="day", limit_usd=1, spent_usd=1, needed_usd=1, how_to_raise="raise it"
        ),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_errors_that_the_caller_made_are_no_failures(error: Exception) -> None:
    provider = guarded(ScriptedProvider(error), ManualClock())
    for _ in range(20):
        await attempt(provider)
    assert provider.circuit.state == "closed"


async def test_an_open_circuit_says_when_it_asks_again() -> None:
    clock = ManualClock()
    provider = guarded(ScriptedProvider(BUSY), clock, cool_down_s=30.0)
    for _ in range(5):
        await attempt(provider)
    await clock.advance(10.0)
    with pytest.raises(CircuitOpen, match="asked again in 20 s") as told:
        await provider.complete(request_of())
    assert told.value.retry_after_s == pytest.approx(20.0)


async def test_streams_count_like_whole_answers() -> None:
    clock = ManualClock()
    broken = Told(error=StreamBroken("cut", text=""), in_mid_stream=True)
    model = ScriptedProvider(broken)
    provider = guarded(model, clock)
    for _ in range(20):
        with pytest.raises(ProviderError):
            async for _item in provider.stream(request_of()):
                pass
    assert len(model.seen) == 5


async def test_a_stream_that_the_reader_left_has_worked() -> None:
    clock = ManualClock()
    model = ScriptedProvider(*[BUSY] * 2, Told(), *[BUSY] * 2, Told(), *[BUSY] * 9)
    provider = guarded(model, clock, failures=3, failure_rate=1.0)
    for _ in range(2):
        for _ in range(2):
            await attempt(provider)
        items = provider.stream(request_of())
        await anext(items)
        await items.aclose()
    assert provider.circuit.state == "closed"
    for _ in range(3):
        await attempt(provider)
    assert provider.circuit.state == "open"


async def test_stacks_that_share_a_circuit_share_its_verdict() -> None:
    clock = ManualClock()
    circuit = Circuit(clock=clock)
    first = CircuitBreakerLLMProvider(ScriptedProvider(BUSY), circuit)
    model = ScriptedProvider()
    second = CircuitBreakerLLMProvider(model, circuit)
    for _ in range(5):
        await attempt(first)
    assert await attempt(second) == "CircuitOpen"
    assert model.seen == []
