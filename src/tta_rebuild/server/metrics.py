"""What the server measures, told to Prometheus at ``/metrics``: turns, streams, models, budgets.

Names of models, tasks, routes and outcomes are labels; ids of stories, branches and turns are not.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import get_args

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from opentelemetry.metrics import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import tta_rebuild as tta
from tta_rebuild.bootstrap.serving import Serving
from tta_rebuild.core import telemetry as names
from tta_rebuild.core.clock import Clock
from tta_rebuild.engine.turn_runner import RunningTurn, TurnKind, TurnUpdate
from tta_rebuild.engine.turn_values import LAST_KINDS
from tta_rebuild.server.metric_registry import CONTENT_TYPE, Observed, Registry, observing
from tta_rebuild.server.refusals import Refusals, route_of
from tta_rebuild.server.streaming import Streams

CIRCUITS = {"closed": 0, "half-open": 1, "open": 2}
KINDS: tuple[str, ...] = get_args(TurnKind)
FIRST_PIECES = ("passage", "aside", "refused", "paused")
"""Updates that are the first a player reads."""

_log = logging.getLogger("tta_rebuild.server.requests")

router = APIRouter(tags=["health"])


class ServerMetrics:
    """Counts turns as a runner's watch (``engine.turn_runner.TurnWatch``), and watches the rest.

    ``registry`` is the meter provider of everything else that measures in this process.
    """

    def __init__(self, registry: Registry | None = None, *, clock: Clock | None = None) -> None:
        self.registry = registry or Registry()
        self._clock = clock or Clock()
        self._begun: set[str] = set()
        self._spent: dict[str, float] = {}
        meter = self._meter = self.registry.get_meter(names.SCOPE)

        def seconds(name: str, about: str) -> Histogram:
            return meter.create_histogram(
                name, "s", about, explicit_bucket_boundaries_advisory=names.SECONDS
            )

        self._turns = meter.create_counter("tta.turns", description="Turns that ended, by outcome")
        self._away = meter.create_counter(
            "tta.turns.turned_away", description="Turns that were not begun"
        )
        for kind, outcome in product(KINDS, LAST_KINDS):  # from 0 on, so that the first one counts
            self._turns.add(0, {"kind": kind, "outcome": outcome})
        self._took = seconds(names.WORKFLOW_DURATION, "How long turns took")
        self._first = seconds(
            "tta.turn.time_to_first_piece", "From asking for a turn to the first text of it"
        )
        self._restarts = meter.create_counter(
            "tta.scene.restarts", description="Scenes begun anew in front of their reader"
        )
        self._degraded = meter.create_counter(
            "tta.turns.degraded", description="Turns whose scene says that it is less than it was"
        )
        self._withheld = meter.create_counter(
            "tta.passages.withheld", description="Passages that the gate held back"
        )
        for counter in (self._restarts, self._degraded, self._withheld):
            counter.add(0)
        self.answered = seconds(
            "http.server.request.duration", "Until an answer began, by route and status"
        )

    def updated(self, turn: RunningTurn, update: TurnUpdate) -> None:
        """See ``TurnWatch.updated``."""
        kind = {"kind": turn.request.kind}
        if update.kind in FIRST_PIECES and turn.turn_id not in self._begun:
            self._begun.add(turn.turn_id)
            self._first.record(self._since(turn), kind)
        if update.kind == "restarted":
            self._restarts.add(1)
        elif update.kind == "scene":
            scene = update.values
            self._withheld.add(scene.get("withheld", 0))
            if scene.get("degraded"):
                self._degraded.add(1)
        if update.is_last:
            self._begun.discard(turn.turn_id)
            self._turns.add(1, kind | {"outcome": update.kind})
            took = {names.WORKFLOW: f"turn_{turn.request.kind}"}
            if update.kind == "failed":
                took[names.ERROR] = (update.values.get("errors") or ("Defect",))[0]
            self._took.record(self._since(turn), took)

    def turned_away(self, reason: str) -> None:
        """See ``TurnWatch.turned_away``."""
        self._away.add(1, {"reason": reason})

    def watch(self, serving: Serving, streams: Streams, most_turns: int) -> None:
        """Observe what is there now, whenever somebody asks."""
        application, runner = serving.application, serving.runner
        gauge = self._gauge
        gauge("tta.turns.running", "Turns being played", lambda: [(runner.running, {})])
        gauge("tta.turns.most", "Turns at once at most", lambda: [(most_turns, {})])
        gauge("tta.streams.open", "Readers that follow a turn", lambda: [(streams.open, {})])
        gauge("tta.sessions", "Branches kept at hand", lambda: [(len(serving.sessions), {})])
        gauge("tta.draining", "1 while shutting down", lambda: [(int(runner.is_draining), {})])
        gauge(
            "tta.queue",
            "Calls that wait for room in a model's quota",
            lambda: [(one.waiting, {"model": one.model}) for one in application.health()],
        )
        gauge(
            "tta.circuit.state",
            "0 closed, 1 half-open, 2 open: the model is left alone",
            lambda: [(CIRCUITS[o.circuit], {"model": o.model}) for o in application.health()],
        )
        gauge(
            "tta.budget.limit",
            "Budgets, US dollars",
            lambda: [(b.limit_usd, {"scope": b.scope}) for b in application.tracker.budgets],
            "USD",
        )
        gauge(
            "tta.budget.spent",
            "Spent of each budget when /metrics was last asked, US dollars",
            lambda: [(usd, {"scope": scope}) for scope, usd in self._spent.items()],
            "USD",
        )
        gauge(
            "tta.redis.away",
            "1 while Redis cannot be used and this worker keeps to its share",
            lambda: [(int(application.redis() == "away"), {})] if application.redis() else [],
        )
        gauge("tta.build_info", "The version", lambda: [(1, {"version": tta.__version__})])
        self._watch_process()

    async def refresh(self, serving: Serving) -> None:
        """Look up what can only be asked for by waiting."""
        tracker = serving.application.tracker
        with suppress(tta.StoreError):
            for budget in tracker.budgets:
                if budget.scope not in ("story", "call"):
                    self._spent[budget.scope] = await tracker.spent_usd(budget.scope)

    def _gauge(self, name: str, about: str, values: Observed, unit: str = "") -> None:
        self._meter.create_observable_gauge(name, observing(values), unit, about)

    def _since(self, turn: RunningTurn) -> float:
        return max(0.0, (self._clock.wall() - turn.began_at).total_seconds())

    def _watch_process(self) -> None:
        """The figures of a process under the names that Prometheus' own clients give them."""
        began_s = time.time()
        used = observing(lambda: [(sum(os.times()[:2]), {})])
        self._meter.create_observable_counter("process.cpu", used, "s", "CPU time")
        self._gauge("process.resident_memory", "Memory", lambda: [(_resident_bytes(), {})], "By")
        self._gauge("process.start_time", "Start, unix time", lambda: [(began_s, {})], "s")


def _resident_bytes() -> int:
    """Memory that is resident now; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


class Measured:
    """Measures how long answers take to begin, and logs refusals and, at DEBUG, every request."""

    def __init__(self, app: ASGIApp, metrics: ServerMetrics, clock: Clock) -> None:
        self._app, self._metrics, self._clock = app, metrics, clock
        self._refusals = Refusals(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and see how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = self._clock.now()
        status, took_s = 0, 0.0

        async def seen(message: Message) -> None:
            nonlocal status, took_s
            if message["type"] == "http.response.start":
                status, took_s = message["status"], self._clock.now() - began_s
            await send(message)

        try:
            await self._app(scope, receive, seen)
        finally:
            took_s = took_s or self._clock.now() - began_s
            self._note(scope, status or 500, took_s)

    def _note(self, scope: Scope, status: int, took_s: float) -> None:
        route = route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        labels = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": str(status),
        }
        self._metrics.answered.record(took_s, labels)
        self._refusals.note(scope, status, route)
        if _log.isEnabledFor(logging.DEBUG):
            extra = {"method": method, "route": route, "status": status, "took_s": took_s}
            _log.debug("%s %s: %d in %.3f s", method, route, status, took_s, extra=extra)


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@router.get("/metrics", response_class=PlainTextResponse)
async def get_metrics(request: Request) -> PlainTextResponse:
    """All metrics in Prometheus' text format."""
    metrics: ServerMetrics = request.app.state.metrics
    await metrics.refresh(request.app.state.serving)
    return PlainTextResponse(metrics.registry.text(), media_type=CONTENT_TYPE)
