"""The web application: routes, limits, safety in the browser, problems, and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI

import tta_rebuild as tta
from tta_rebuild.bootstrap.guards import redactor_for
from tta_rebuild.bootstrap.serving import Serving
from tta_rebuild.server import problems, shapes
from tta_rebuild.server.pages import Pages
from tta_rebuild.server.presenting import API
from tta_rebuild.server.routes import branches, stories, turns

WEB = Path(__file__).parent / "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How a server is to be."""

    web: Path = WEB


PROBLEM: dict[str, Any] = {"model": shapes.ProblemOut, "content": {problems.MEDIA_TYPE: {}}}


def create_app(serving: Serving, options: ServerOptions | None = None) -> FastAPI:
    """The application over HTTP, around what it plays with."""
    options = options or ServerOptions()
    app = FastAPI(
        title="TTA",
        version=tta.__version__,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.serving, app.state.options = serving, options
    app.state.redactor = redactor_for(serving.application.settings)
    problems.add_problems(app, app.state.redactor)
    api = APIRouter(prefix=API)
    for router in (stories.router, branches.router, turns.on_branch, turns.router):
        api.include_router(router)
    app.include_router(api)
    if options.web.is_dir():
        app.mount("/", Pages(directory=options.web), name="pages")
    return app
