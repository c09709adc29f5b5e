"""Errors as problem details (RFC 9457): the one place that knows which error is which status."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import TTAError
from tta_rebuild.core.redaction import Redactor
from tta_rebuild.engine.turn_values import error_values
from tta_rebuild.server.refusals import route_of

MEDIA_TYPE = "application/problem+json"

DO = {
    HTTPStatus.BAD_REQUEST: "Send JSON as the OpenAPI document describes it.",
    HTTPStatus.NOT_FOUND: "GET /api/v1/openapi.json lists the paths that there are.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Use one of the methods in the Allow header.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Send less, or send it in parts.",
}
"""What to do about problems that are no errors of the engine."""

MOST_DEFECTS = 20
"""Defects that are remembered for ``GET /health``."""

_log = logging.getLogger("tta_rebuild.server")


class Problem(Exception):
    """An answer that is a problem of its own, not an error of the engine."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        *,
        do: str = "",
        kind: str = "",
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail or title)
        self.status, self.headers = status, dict(headers or {})
        self.body = body_of(status, title, detail, do=do, kind=kind, **more)


class ProblemOf(Problem):
    """An error of the engine as a problem that says more than the error does."""

    def __init__(self, error: TTAError, **more: Any) -> None:
        body = problem_of(error_values(error), turn_id=getattr(error, "turn_id", None), **more)
        Exception.__init__(self, str(error))
        self.status, self.headers, self.body = body["status"], {}, body


def body_of(
    status: int, title: str, detail: str = "", *, do: str = "", kind: str = "", **more: Any
) -> dict[str, Any]:
    """The body of a problem; ``kind`` names it for programs, ``do`` says what to do about it."""
    about = f"urn:tta:problem:{kind}" if kind else "about:blank"
    body = {"type": about, "title": title, "status": status, "detail": detail or title, "do": do}
    return body | {name: value for name, value in more.items() if value is not None}


def problem_of(
    values: Mapping[str, Any], *, is_of_turn: bool = False, **more: Any
) -> dict[str, Any]:
    """The problem for an error's values, as ``engine.turn_values.error_values`` gives them.

    ``is_of_turn``: a turn was begun and ended with it, so its key means that turn until it is sent
    with ``again``; a request that was refused is simply sent again.
    """
    table = packaged_toml("tta_rebuild.server", "problems")
    names: Sequence[str] = values["errors"]
    for name in names:
        if name in table:
            row = table[name]
            more["retry_after_s"] = values.get("retry_after_s")
            do = row.get("do_again", row["do"]) if is_of_turn else row["do"]
            more |= {"do": do, "kind": names[0], "limit": row.get("limit")}
            return body_of(row["status"], row["title"], values["detail"], **more)
    said = "A defect in the program"
    return body_of(500, said, values["detail"], do="Look at the server's log.", kind="Defect")


def answer(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """A problem as an answer; says when to come again where that is known."""
    sent = dict(headers or {})
    if (wait_s := body.get("retry_after_s")) is not None:
        sent["Retry-After"] = str(max(1, round(wait_s)))
    response = _ProblemAnswer(body, body["status"], headers=sent, media_type=MEDIA_TYPE)
    response.kind = body["type"].rpartition(":")[2]
    return response


class _ProblemAnswer(JSONResponse):
    """Leaves the kind of the problem in the request's state, for the log."""

    kind = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["problem"] = self.kind
        await super().__call__(scope, receive, send)


def _defect(request: Request, error: Exception) -> dict[str, Any]:
    """The body for an error that nobody foresaw; the log has more of it, under the same id."""
    error_id, name = uuid4().hex[:12], type(error).__name__
    route = route_of(request.scope)
    extra = {"error_id": error_id, "route": route, "error": name}
    _log.error(
        "defect %s: %s in %s %s", error_id, name, request.method, route,
        exc_info=error, extra=extra,
    )  # fmt: skip
    request.app.state.defects.append(
        (datetime.now(UTC), f"{request.method} {route}", name, error_id)
    )
    said = f"Nothing was lost; the server's log says more, under {error_id}."
    do = "Tell those who run the server that number."
    return body_of(500, "A defect in the program", said, do=do, kind="Defect", error_id=error_id)


def is_json(request: Request) -> bool:
    """Whether a body says of itself that it is JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind[-5:] == "+json")


NOT_JSON: Mapping[str, Any] = {
    "status": 415,
    "title": "The body is not sent as JSON",
    "detail": "What is sent here is JSON, and says so.",
    "do": "Send the header 'Content-Type: application/json'.",
    "kind": "NotJson",
}


def _methods_at(app: FastAPI, path: str) -> list[str]:
    """The methods that a path has, as the OpenAPI document knows them."""
    found = set[str]()
    for template, operations in app.openapi()["paths"].items():
        parts = re.split(r"\{\w+\}", template)
        if re.fullmatch("[^/]+".join(map(re.escape, parts)), path):
            found |= {method.upper() for method in operations}
    return sorted(found)


def add_problems(app: FastAPI, redactor: Redactor) -> None:
    """Have everything that goes wrong answered as a problem."""

    async def of_engine(request: Request, error: Exception) -> Response:
        assert isinstance(error, TTAError)
        body = problem_of(error_values(error), turn_id=getattr(error, "turn_id", None))
        return answer(redactor.value(body) if body["status"] != 500 else _defect(request, error))

    async def of_ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return answer(error.body, error.headers)

    async def of_input(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        unread = [one for one in error.errors() if one["loc"] == ("body",)]
        if unread and unread[0]["type"] != "missing" and not is_json(request):
            return answer(body_of(**NOT_JSON))
        wrong = [
            {"at": "/".join(str(part) for part in one["loc"]), "says": one["msg"]}
            for one in error.errors()[:20]
        ]
        detail = "; ".join(f"{one['at']}: {one['says']}" for one in wrong[:3])
        title, do = "The input is wrong", "Change what the detail names, and send it again."
        return answer(body_of(422, title, detail, do=do, kind="ValidationError", errors=wrong))

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status, headers = HTTPStatus(error.status_code), dict(error.headers or {})
        is_unknown = status in (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_FOUND)
        if is_unknown and (allowed := _methods_at(app, request.url.path)):
            # also where the pages were asked, which take every GET that no route of ours does
            status, headers["Allow"] = HTTPStatus.METHOD_NOT_ALLOWED, ", ".join(allowed)
        elif is_unknown:
            status = HTTPStatus.NOT_FOUND
            headers.pop("Allow", None)
        said = "" if error.detail == HTTPStatus(error.status_code).phrase else str(error.detail)
        return answer(body_of(status.value, status.phrase, said, do=DO.get(status, "")), headers)

    async def of_defects(request: Request, error: Exception) -> Response:
        return answer(_defect(request, error))

    app.add_exception_handler(TTAError, of_engine)
    app.add_exception_handler(Problem, of_ours)
    app.add_exception_handler(RequestValidationError, of_input)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(Exception, of_defects)
