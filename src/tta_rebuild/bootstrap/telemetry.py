"""What is measured of the models as their attempts are booked, and how they are now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tta_rebuild.core import telemetry as names
from tta_rebuild.core.usage import Attempt

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHealth:
    """A model (``provider:model``) as it is now; ``waiting`` calls have no room in its quota."""

    model: str
    circuit: Literal["closed", "half-open", "open"]
    waiting: int


def attempts_meter(provider: MeterProvider) -> Callable[[Attempt], None]:
    """Counts attempts by outcome (``cached``: none was needed), retries, and US dollars."""
    meter = provider.get_meter(names.SCOPE)
    about = "Attempts at models; cached is an answer from the cache"
    attempts = meter.create_counter("tta.model.attempts", description=about)
    retries = meter.create_counter("tta.model.retries", description="Attempts after the first")
    spent = meter.create_counter("tta.spent", "USD", "Cost of attempts, US dollars")

    def count(attempt: Attempt) -> None:
        model = {"model": f"{attempt.provider}:{attempt.model}"}
        task = model | {"task": attempt.task or "prompt"}
        attempts.add(1, task | {"outcome": attempt.outcome})
        spent.add(attempt.cost_usd, task)
        if attempt.attempt > 1:
            retries.add(1, model)

    return count
