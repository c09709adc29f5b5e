"""Figures that servers and workers tell alike: of models, budgets, Redis, and of the process."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core.telemetry import observe, observing

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

CIRCUITS = {"closed": 0, "half-open": 1, "open": 2}


def watch_models(meter: Meter, application: Application) -> None:
    """Observe models and budgets whenever somebody asks."""
    observe(
        meter,
        "tta.queue",
        "Calls that wait for room in a model's quota",
        lambda: [(one.waiting, {"model": one.model}) for one in application.health()],
    )
    observe(
        meter,
        "tta.circuit.state",
        "0 closed, 1 half-open, 2 open: the model is left alone",
        lambda: [(CIRCUITS[one.circuit], {"model": one.model}) for one in application.health()],
    )
    observe(
        meter,
        "tta.budget.limit",
        "Budgets, US dollars",
        lambda: [(one.limit_usd, {"scope": one.scope}) for one in application.tracker.budgets],
        "USD",
    )


def watch_process(meter: Meter, version: str) -> None:
    """Observe the process, under the names that Prometheus' own clients give its figures."""
    began_s = time.time()
    used = observing(lambda: [(sum(os.times()[:2]), {})])
    meter.create_observable_counter("process.cpu", used, "s", "CPU time")
    observe(meter, "process.resident_memory", "Memory", lambda: [(_resident_bytes(), {})], "By")
    observe(meter, "process.start_time", "Start, unix time", lambda: [(began_s, {})], "s")
    observe(meter, "tta.build_info", "The version", lambda: [(1, {"version": version})])


def _resident_bytes() -> int:
    """Memory that is resident now; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
