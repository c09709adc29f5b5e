"""What a worker counts, for OpenTelemetry: turns told, failed, taken over; late heartbeats.

Ids of stories and turns are no labels. Sent only where telemetry is on (``cli.worker``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tta_rebuild.core import telemetry as names
from tta_rebuild.engine.turn_values import LAST_KINDS

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

OUTCOMES = (*LAST_KINDS, "left")
"""What a telling comes to: the last update that its turn is to have (``failed``: a defect too), or
``left``: it was cancelled, or is left to another worker."""


class WorkerMetrics:
    """Counts the tellings of one worker; without a meter provider, nothing."""

    def __init__(
        self, provider: MeterProvider | None = None, *, telling: Callable[[], int] = lambda: 0
    ) -> None:
        """``telling`` says how many turns are told now."""
        self._count: Callable[[str, int, dict[str, str]], None] = lambda *_: None
        if provider is None:
            return
        meter = provider.get_meter(names.SCOPE)
        counters = {
            name: meter.create_counter(name, description=about)
            for name, about in (
                ("tta.worker.turns", "Turns that this worker told, by what became of the telling"),
                ("tta.worker.taken_over", "Turns that another worker had begun to tell"),
                ("tta.worker.heartbeats", "Heartbeats of turns that are told"),
                ("tta.worker.heartbeats_late", "Heartbeats more than a beat late"),
            )
        }
        self._count = lambda name, by, labels: counters[name].add(by, labels)
        for outcome in OUTCOMES:  # from 0 on, so that the first one counts
            self._count("tta.worker.turns", 0, {"outcome": outcome})
        for name in ("tta.worker.taken_over", "tta.worker.heartbeats_late"):
            self._count(name, 0, {})
        from opentelemetry.metrics import Observation

        meter.create_observable_gauge(
            "tta.worker.turns_running",
            [lambda _: [Observation(telling())]],
            description="Turns that this worker tells now",
        )

    def ended(self, outcome: str) -> None:
        """A telling has ended, as one of ``OUTCOMES``."""
        self._count("tta.worker.turns", 1, {"outcome": outcome})

    def taken_over(self) -> None:
        """A telling begins of a turn that another worker had begun."""
        self._count("tta.worker.taken_over", 1, {})

    def beat(self, *, is_late: bool) -> None:
        """A heartbeat was sent."""
        self._count("tta.worker.heartbeats", 1, {})
        if is_late:
            self._count("tta.worker.heartbeats_late", 1, {})
