"""The web application: routes, limits, safety in the browser, problems, and the pages."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI
from opentelemetry.trace import TracerProvider
from starlette.staticfiles import StaticFiles

import tta_rebuild as tta
from tta_rebuild.bootstrap.guards import redactor_for
from tta_rebuild.bootstrap.serving import Serving
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.server import metrics
from tta_rebuild.server.access import Access, Authentication, allowed
from tta_rebuild.server.browser_safety import BrowserSafety
from tta_rebuild.server.door import DoorErrors
from tta_rebuild.server.door import router as door
from tta_rebuild.server.door_play import DoorPlay
from tta_rebuild.server.kept import KeptAnswers
from tta_rebuild.server.limits import BodyLimit, RateLimit, RequestLimits
from tta_rebuild.server.metrics import Measured, ServerMetrics
from tta_rebuild.server.openapi import openapi_of
from tta_rebuild.server.presenting import API
from tta_rebuild.server.problems import MOST_DEFECTS, add_problems
from tta_rebuild.server.request_spans import RequestSpans
from tta_rebuild.server.resources import ALWAYS, documented
from tta_rebuild.server.routes import access, branches, canon, reports, stories, story_map, turns
from tta_rebuild.server.streaming import Streams

WEB = Path(__file__).parent / "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How a server is to be.

    Attributes:
        hosts: names under which it may be reached, besides this machine's own.
        accounts: whether players show tokens; else whoever comes is the one player.
        accounts_may_begin: other machines may make the first token, which changes that.
        web: the folder of the pages; nothing is served where there is none.
        looked_s: how often it is looked whether the token of who follows a turn is still good.
        metrics: what counts; the runner's watch is to be the same.
        tracer_provider: where the spans of requests go; None is the process's own, if there is one.
    """

    hosts: tuple[str, ...] = ()
    limits: RequestLimits = field(default_factory=RequestLimits)
    web: Path = WEB
    metrics: ServerMetrics | None = None
    tracer_provider: TracerProvider | None = None
    clock: Clock = field(default_factory=Clock)
    accounts: bool = False
    accounts_may_begin: bool = False
    looked_s: float = 5.0


def create_app(serving: Serving, options: ServerOptions | None = None) -> FastAPI:
    """The application over HTTP, around what it plays with; whoever opened that closes it."""
    options = options or ServerOptions()
    app = FastAPI(
        title="TTA",
        version=tta.__version__,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # its scripts would come from elsewhere
        redoc_url=None,
        responses=documented(*ALWAYS),
        dependencies=[Depends(allowed)],
    )
    app.state.serving, app.state.options = serving, options
    app.state.redactor = redactor_for(serving.application.settings)
    app.state.streams = Streams()
    app.state.kept = KeptAnswers(options.clock)
    app.state.began_at, app.state.defects = options.clock.wall(), deque(maxlen=MOST_DEFECTS)
    app.state.access = Access(
        serving.application.access,
        accounts=options.accounts,
        may_begin=options.accounts_may_begin,
        now=options.clock.wall,
    )
    app.state.door = DoorPlay(serving, app.state.access)
    app.state.metrics = options.metrics or ServerMetrics()
    app.state.metrics.watch(serving, app.state.streams, options.limits.turns_at_once)
    app.openapi = lambda: openapi_of(app)  # type: ignore[method-assign]
    add_problems(app, app.state.redactor)
    api = APIRouter(prefix=API)
    for router in (
        story_map.router,  # before stories, whose {story} would take "import"
        stories.router,
        stories.premises,
        branches.router,
        turns.on_branch,
        turns.router,
        canon.router,
        reports.router,
        access.router,
    ):
        api.include_router(router)
    app.include_router(api)
    app.include_router(reports.root)
    app.include_router(door)
    app.include_router(metrics.router)
    if options.web.is_dir():
        app.mount("/", StaticFiles(directory=options.web, html=True), name="pages")
    app.add_middleware(BodyLimit, limits=options.limits)
    app.add_middleware(RateLimit, limits=options.limits, clock=options.clock)
    app.add_middleware(Authentication, access=app.state.access)  # before its sender is counted
    app.add_middleware(BrowserSafety, hosts=options.hosts)
    app.add_middleware(DoorErrors)
    if Telemetry(tracer_provider=options.tracer_provider).is_traced:
        app.add_middleware(RequestSpans, tracer_provider=options.tracer_provider)
    # the outermost: the last added
    app.add_middleware(Measured, metrics=app.state.metrics, clock=options.clock)
    return app
