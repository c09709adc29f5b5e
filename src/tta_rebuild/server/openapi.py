"""The OpenAPI document: what FastAPI makes of the routes, with problems described as they are."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tta_rebuild.server.base_shapes import ChatErrorOut, ProblemOut
from tta_rebuild.server.presenting import API
from tta_rebuild.server.problems import MEDIA_TYPE

ABOUT = """Branching stories that stay true to themselves.

A turn is posted and runs by itself; its events are followed at `GET /turns/{turn_id}/events` as
server-sent events, from any of them on (`Last-Event-ID`). Every error is a problem (RFC 9457) whose
`do` says what to do about it."""

_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
_CHAT_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ChatErrorOut"}}}


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title, version=app.version, description=ABOUT, routes=app.routes
        )
        shapes = made.setdefault("components", {}).setdefault("schemas", {})
        shapes["ProblemOut"] = ProblemOut.model_json_schema()
        shapes["ChatErrorOut"] = ChatErrorOut.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
        shapes |= shapes["ChatErrorOut"].pop("$defs")
        for unused in ("HTTPValidationError", "ValidationError"):
            shapes.pop(unused, None)
        for name, path in made["paths"].items():
            told = _CHAT_ERROR if name.startswith("/v1/") else _PROBLEM
            for operation in path.values():
                for status, response in operation["responses"].items():
                    if (status >= "400" and "content" not in response) or status == "422":
                        response["content"] = told
        _add_links(made["paths"])
        app.openapi_schema = made
    return app.openapi_schema


_LINKED = {
    f"{API}/stories": ("201", {"story": "$response.body#/story_id", "branch": "main"}),
    f"{API}/stories/import": ("201", {"story": "$response.body#/story_id", "branch": "main"}),
    f"{API}/stories/{{story}}/branches/{{branch}}/turns": (
        "202",
        {"turn_id": "$response.body#/turn_id"},
    ),
}
"""Where something is made: the status of that, and what its answer gives to paths."""


def _add_links(paths: dict[str, Any]) -> None:
    """Say which operations an answer leads to: those whose path has what it gives, and no more."""
    for source, (status, given) in _LINKED.items():
        links = paths[source]["post"]["responses"][status].setdefault("links", {})
        for name, path in paths.items():
            needed = re.findall(r"{(\w+)}", name)
            if not needed or not set(needed) <= set(given):
                continue
            for operation in path.values():
                parameters = {f"path.{one}": given[one] for one in needed}
                link = {"operationId": operation["operationId"], "parameters": parameters}
                links[operation["operationId"]] = link
