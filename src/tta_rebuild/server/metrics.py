"""What the server measures, told to Prometheus at ``/metrics``: turns, streams, models, budgets.

Names of models, tasks, routes and outcomes are labels; ids of stories, branches and turns are not.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from itertools import product
from typing import get_args

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from opentelemetry.metrics import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import tta_rebuild as tta
from tta_rebuild.bootstrap.figures import watch_models, watch_process
from tta_rebuild.bootstrap.reached import LIMIT_S
from tta_rebuild.bootstrap.serving import Serving
from tta_rebuild.core import telemetry as names
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.telemetry import observe
from tta_rebuild.engine.turn_runner import RunningTurn, TurnKind, TurnUpdate
from tta_rebuild.engine.turn_values import LAST_KINDS
from tta_rebuild.server.cluster_figures import ClusterFigures
from tta_rebuild.server.metric_registry import CONTENT_TYPE, Registry
from tta_rebuild.server.refusals import Refusals, route_of
from tta_rebuild.server.streaming import Streams

KINDS: tuple[str, ...] = get_args(TurnKind)
FIRST_PIECES = ("passage", "aside", "refused", "paused")
"""Updates that are the first a player reads."""

FRESH_S = 15.0
"""How old a figure may be that can only be asked for by waiting and is sent elsewhere, seconds."""

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
        self._cluster = ClusterFigures(self._clock)
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
            self._first.record(self._since(turn, update), kind)
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
            self._took.record(self._since(turn, update), took)

    def turned_away(self, reason: str) -> None:
        """See ``TurnWatch.turned_away``."""
        self._away.add(1, {"reason": reason})

    def watch(self, serving: Serving, streams: Streams, most_turns: int) -> None:
        """Observe what is there now, whenever somebody asks."""
        application, runner = serving.application, serving.runner
        gauge = partial(observe, self._meter)
        gauge("tta.turns.running", "Turns being played", lambda: [(runner.running, {})])
        gauge("tta.turns.most", "Turns at once at most", lambda: [(most_turns, {})])
        gauge("tta.streams.open", "Readers that follow a turn", lambda: [(streams.open, {})])
        gauge("tta.sessions", "Branches kept at hand", lambda: [(len(serving.sessions), {})])
        gauge("tta.draining", "1 while shutting down", lambda: [(int(runner.is_draining), {})])
        gauge(
            "tta.budget.spent",
            "Spent of each budget when /metrics was last asked, US dollars",
            lambda: [(usd, {"scope": scope}) for scope, usd in self._spent.items()],
            "USD",
        )
        watch_models(self._meter, application)
        watch_process(self._meter, tta.__version__)
        self._cluster.watch(self._meter)

    async def refresh(self, serving: Serving) -> None:
        """Look up what can only be asked for by waiting: a second each at most, all at once."""
        await asyncio.gather(self._cluster.refresh(serving), self._look_up_spent(serving))

    async def keep_fresh(self, serving: Serving) -> None:
        """Look again and again, where figures are also sent and nobody may ask for them here."""
        while self.registry.also is not None:
            await self.refresh(serving)
            await self._clock.sleep(FRESH_S)

    async def _look_up_spent(self, serving: Serving) -> None:
        tracker = serving.application.tracker
        with suppress(tta.StoreError, TimeoutError):
            async with asyncio.timeout(LIMIT_S):
                for budget in tracker.budgets:
                    if budget.scope not in ("story", "call"):
                        self._spent[budget.scope] = await tracker.spent_usd(budget.scope)

    def _since(self, turn: RunningTurn, update: TurnUpdate) -> float:
        """From asking for a turn to an update of it; seconds, and not more than until now."""
        now = self._clock.wall()
        return max(0.0, (min(update.at or now, now) - turn.began_at).total_seconds())


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
