"""Any primitive, protected: tried again where it helps, limited in time, honest in the end."""

from __future__ import annotations

import asyncio
import logging
import random

import pytest

from tests.integrations.fakes import ManualClock, context_of
from tta_rebuild.core import ResilientPrimitive
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.errors import (
    ContentRefused,
    ExecutionError,
    ProviderBusy,
    ValidationError,
)
from tta_rebuild.core.resilient_primitive import Fallback, Resilience


class Scripted(ResilientPrimitive[str, str]):
    """Fails as told, then echoes."""

    def __init__(
        self,
        *failures: BaseException,
        takes_s: float = 0.0,
        clock: ManualClock | None = None,
        resilience: Resilience | None = None,
        fallback: Fallback[str, str] | None = None,
    ) -> None:
        super().__init__(
            "Scripted",
            resilience,
            fallback=fallback,
            clock=clock or ManualClock(),
            random_source=random.Random(3),
        )
        self.failures = list(failures)
        self.takes_s = takes_s
        self.runs = 0

    async def _execute_once(self, input_data: str, context: TTAContext) -> str:
        self.runs += 1
        if self.takes_s:
            await asyncio.sleep(self.takes_s)
        if self.failures:
            raise self.failures.pop(0)
        return f"echo {input_data}"


async def test_a_failed_run_is_repeated() -> None:
    clock = ManualClock()
    step = Scripted(ExecutionError("once"), ProviderBusy("twice"), clock=clock)
    assert await clock.until(step.execute("a", context_of())) == "echo a"
    assert step.runs == 3


async def test_after_the_last_run_the_last_error_is_raised() -> None:
    clock = ManualClock()
    step = Scripted(*[ExecutionError(str(n)) for n in range(9)], clock=clock)
    with pytest.raises(ExecutionError, match="2"):
        await clock.until(step.execute("a", context_of()))
    assert step.runs == 3


async def test_the_time_that_a_provider_named_is_kept() -> None:
    clock = ManualClock()
    step = Scripted(ProviderBusy("429", retry_after_s=34.0), clock=clock)
    await clock.until(step.execute("a", context_of()))
    assert clock.slept[0] >= 34.0


async def test_invalid_input_is_logged_with_its_context_and_raised_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    step = Scripted(
        ValidationError("Theme must be at least 3 characters"), fallback=lambda *_: "never"
    )
    with caplog.at_level(logging.ERROR), pytest.raises(ValidationError):
        await step.execute("a", context_of())
    assert step.runs == 1
    (record,) = caplog.records
    assert record.__dict__["correlation_id"] == "corr-1"
    assert record.__dict__["workflow_id"] == "wf"
    assert "Theme must be" in record.getMessage()


async def test_what_a_repetition_cannot_help_goes_straight_to_the_fallback() -> None:
    step = Scripted(
        ContentRefused("blocked", reason="SAFETY"),
        fallback=lambda text, context, error: f"instead of {text}: {error}",
    )
    assert await step.execute("a", context_of()) == "instead of a: blocked"
    assert step.runs == 1


async def test_a_fallback_may_be_asynchronous_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def later(text: str, context: TTAContext, error: ExecutionError) -> str:
        await asyncio.sleep(0)
        return "later"

    primitive = Scripted(ExecutionError("no"), resilience=Resilience(attempts=1), fallback=later)
    with caplog.at_level(logging.WARNING):
        assert await primitive.execute("a", context_of()) == "later"
    assert "giving the fallback (no)" in caplog.text


async def test_a_run_that_takes_too_long_is_ended_and_counts_as_failed() -> None:
    step = Scripted(takes_s=60.0, resilience=Resilience(attempts=1, timeout_s=0.01))
    with pytest.raises(ExecutionError, match=r"Scripted took longer than 0\.01 s"):
        await step.execute("a", context_of())


@pytest.mark.parametrize("takes_s", [60.0, 0.0], ids=["our limit", "a limit of its own"])
async def test_a_timeout_has_the_fallback_for_its_answer(takes_s: float) -> None:
    step = Scripted(
        TimeoutError("mine"),
        takes_s=takes_s,
        resilience=Resilience(attempts=1, timeout_s=0.01),
        fallback=lambda text, context, error: f"instead of {text}",
    )
    assert await step.execute("a", context_of()) == "instead of a"


def test_a_base_class_without_a_run_of_its_own_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="_execute_once"):
        ResilientPrimitive("Bare")  # type: ignore[abstract]


async def test_bugs_and_cancellation_pass() -> None:
    for error in (KeyError("bug"), asyncio.CancelledError()):
        step = Scripted(error, fallback=lambda *_: "never")
        with pytest.raises(type(error)):
            await step.execute("a", context_of())
        assert step.runs == 1
