"""Any primitive, protected: tried again where it helps, limited in time, honest in the end."""

from __future__ import annotations

import asyncio
import logging
import random

import pytest

from tests.integrations.fakes import ManualClock, context_of
from tta_rebuild.core import ResilientPrimitive
from tta_rebuild.core.base_primitive import TTAContext, TTAPrimitive
from tta_rebuild.core.errors import (
    ContentRefused,
    ExecutionError,
    ProviderBusy,
    ValidationError,
)
from tta_rebuild.core.resilient_primitive import Resilience


class Scripted(TTAPrimitive[str, str]):
    """Fails as told, then echoes."""

    def __init__(self, *failures: BaseException, takes_s: float = 0.0) -> None:
        super().__init__("Scripted")
        self.failures = list(failures)
        self.takes_s = takes_s
        self.runs = 0

    async def execute(self, input_data: str, context: TTAContext) -> str:
        self.runs += 1
        if self.takes_s:
            await asyncio.sleep(self.takes_s)
        if self.failures:
            raise self.failures.pop(0)
        return f"echo {input_data}"


def resilient(
    step: Scripted, clock: ManualClock | None = None, **options: object
) -> ResilientPrimitive[str, str]:
    return ResilientPrimitive(
        step,
        clock=clock or ManualClock(),
        random_source=random.Random(3),
        **options,  # type: ignore[arg-type]
    )


async def test_a_failed_run_is_repeated() -> None:
    clock = ManualClock()
    step = Scripted(ExecutionError("once"), ProviderBusy("twice"))
    assert await clock.until(resilient(step, clock).execute("a", context_of())) == "echo a"
    assert step.runs == 3


async def test_after_the_last_run_the_last_error_is_raised() -> None:
    clock = ManualClock()
    step = Scripted(*[ExecutionError(str(n)) for n in range(9)])
    with pytest.raises(ExecutionError, match="2"):
        await clock.until(resilient(step, clock).execute("a", context_of()))
    assert step.runs == 3


async def test_the_time_that_a_provider_named_is_kept() -> None:
    clock = ManualClock()
    step = Scripted(ProviderBusy("429", retry_after_s=34.0))
    await clock.until(resilient(step, clock).execute("a", context_of()))
    assert clock.slept[0] >= 34.0


async def test_invalid_input_is_logged_with_its_context_and_raised_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    step = Scripted(ValidationError("Theme must be at least 3 characters"))
    primitive = resilient(step, fallback=lambda *_: "never")
    with caplog.at_level(logging.ERROR), pytest.raises(ValidationError):
        await primitive.execute("a", context_of())
    assert step.runs == 1
    (record,) = caplog.records
    assert record.__dict__["correlation_id"] == "corr-1"
    assert record.__dict__["workflow_id"] == "wf"
    assert "Theme must be" in record.getMessage()


async def test_what_a_repetition_cannot_help_goes_straight_to_the_fallback() -> None:
    step = Scripted(ContentRefused("blocked", reason="SAFETY"))
    primitive = resilient(step, fallback=lambda text, context, error: f"instead of {text}: {error}")
    assert await primitive.execute("a", context_of()) == "instead of a: blocked"
    assert step.runs == 1


async def test_a_fallback_may_be_asynchronous_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def later(text: str, context: TTAContext, error: ExecutionError) -> str:
        await asyncio.sleep(0)
        return "later"

    primitive = resilient(
        Scripted(ExecutionError("no")), resilience=Resilience(attempts=1), fallback=later
    )
    with caplog.at_level(logging.WARNING):
        assert await primitive.execute("a", context_of()) == "later"
    assert "giving the fallback (no)" in caplog.text


async def test_a_run_that_takes_too_long_is_ended_and_counts_as_failed() -> None:
    step = Scripted(takes_s=60.0)
    primitive = resilient(step, resilience=Resilience(attempts=1, timeout_s=0.01))
    with pytest.raises(ExecutionError, match=r"Scripted took longer than 0\.01 s"):
        await primitive.execute("a", context_of())


async def test_a_timeout_error_of_the_primitives_own_stays_what_it_is() -> None:
    primitive = resilient(Scripted(TimeoutError("mine")), resilience=Resilience(timeout_s=5.0))
    with pytest.raises(TimeoutError, match="mine"):
        await primitive.execute("a", context_of())


async def test_bugs_and_cancellation_pass() -> None:
    for error in (KeyError("bug"), asyncio.CancelledError()):
        step = Scripted(error)
        with pytest.raises(type(error)):
            await resilient(step, fallback=lambda *_: "never").execute("a", context_of())
        assert step.runs == 1


async def test_it_composes_like_any_primitive() -> None:
    chained = resilient(Scripted()) >> resilient(Scripted())
    assert await chained.execute("a", context_of()) == "echo echo a"
    assert resilient(Scripted()).name == "Scripted"
