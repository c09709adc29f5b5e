"""E2B on loopback: create, kill and ``/execute`` as lines of JSON, with its faults.

The kernel is real Python, run in this process: hand it nothing that does harm. ``fault`` names what
goes wrong next; ``CREATE_FAULTS`` hit the creation of a sandbox, ``EXECUTE_FAULTS`` an execution.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import traceback
from collections.abc import Iterator
from typing import Any, Self

from aiohttp import web

CREATE_FAULTS = {"create-401": 401, "create-429": 429, "create-500": 500, "create-404": 404}
EXECUTE_FAULTS = ("404", "502", "500", "cut", "cut-half", "dropped", "hung", "garbage", "not-event")
KERNEL_FAULTS = (
    "ContextRestarting",
    "WebSocketError",
    "UnexpectedEndOfExecution",
    "ExecutionAborted",
)


class E2BServer:
    """Start with ``async with``; ``url`` serves both the API and the sandboxes.

    Attributes:
        key: the only key that is accepted.
        running: ids of sandboxes created and not killed; ``most_running`` at once.
        created, killed: how many, ever.
        requests: (method, path, headers) of every request, in order.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        self.fault = ""
        self.running: set[str] = set()
        self.created = 0
        self.killed = 0
        self.bodies: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.names: dict[str, dict[str, Any]] = {}
        self.most_running = 0
        self.executing = asyncio.Event()
        self._left = asyncio.Event()
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v2/sandboxes", self._create)
        app.router.add_post("/sandboxes", self._create)
        app.router.add_delete("/sandboxes/{id}", self._kill)
        app.router.add_post("/execute", self._execute)
        app.router.add_get("/health", self._health)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._left.set()
        await self._runner.cleanup()

    def _seen(self, request: web.Request) -> None:
        self.requests.append((request.method, request.path, dict(request.headers)))

    async def _create(self, request: web.Request) -> web.Response:
        self._seen(request)
        self.bodies.append(await request.json())
        if request.headers.get("x-api-key") != self.key:
            return web.json_response({"code": 401, "message": "invalid key"}, status=401)
        if status := CREATE_FAULTS.get(self.fault):
            return web.json_response({"code": status, "message": self.fault}, status=status)
        self.created += 1
        sandbox = f"sbx{self.created}"
        self.running.add(sandbox)
        self.most_running = max(self.most_running, len(self.running))
        answer = {
            "sandboxID": sandbox,
            "templateID": "code-interpreter-v1",
            "clientID": "c",
            "envdVersion": "0.2.4",
            "envdAccessToken": "envd-token",
            "trafficAccessToken": "traffic-token",
            "domain": "sandbox.invalid",
        }
        return web.json_response(answer, status=201)

    async def _kill(self, request: web.Request) -> web.Response:
        self._seen(request)
        sandbox = request.match_info["id"]
        if sandbox not in self.running:
            return web.json_response({"code": 404, "message": "gone"}, status=404)
        self.running.discard(sandbox)
        self.killed += 1
        return web.Response(status=204)

    async def _health(self, request: web.Request) -> web.Response:
        self._seen(request)
        return web.Response(status=204 if request.headers.get("E2b-Sandbox-Id") else 502)

    def _refusal(self, request: web.Request) -> web.Response | None:
        if request.headers.get("E2b-Sandbox-Id", "") not in self.running:
            return web.Response(status=502, text="sandbox not found")
        if self.fault in {"404", "502", "500"}:
            return web.Response(status=int(self.fault), text="fault")
        return None

    async def _execute(self, request: web.Request) -> web.StreamResponse:
        self._seen(request)
        self.executing.set()
        if (refusal := self._refusal(request)) is not None:
            return refusal
        asked = await request.json()
        answer = web.StreamResponse()
        await answer.prepare(request)
        if self.fault == "hung" or "while True" in asked["code"]:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(20):
                    await self._left.wait()
            return answer
        names = self.names.setdefault(request.headers["E2b-Sandbox-Id"], {"__name__": "__main__"})
        events = list(self._ran(asked["code"], names))
        if self.fault == "cut":
            events = []
        if self.fault == "cut-half":
            events = events[:1]
        if self.fault in KERNEL_FAULTS:
            events = [_error(self.fault, "the kernel died")]
        for event in events:
            await answer.write(json.dumps(event).encode() + b"\n")
        if self.fault == "garbage":
            await answer.write(b"<html>bad gateway</html>\n")
        if self.fault == "not-event":
            await answer.write(b'["no event"]\n')
        if self.fault == "dropped":
            assert request.transport is not None
            request.transport.abort()
        return answer

    def _ran(self, code: str, names: dict[str, Any]) -> Iterator[dict[str, Any]]:
        def no_input(prompt: str = "") -> str:
            raise type("StdinNotImplementedError", (RuntimeError,), {})("no frontend")

        names.update(input=no_input)
        printed = io.StringIO()
        error = None
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(code, "<cell>", "exec", dont_inherit=True), names)
            except BaseException as raised:  # noqa: BLE001 -- a kernel reports whatever is raised
                error = _error(type(raised).__name__, str(raised), traceback.format_exc())
        yield {"type": "number_of_executions", "execution_count": 1}
        for line in printed.getvalue().splitlines(keepends=True):
            yield {"type": "stdout", "text": line, "timestamp": 0}
        if error is not None:
            yield error
        yield {"type": "end_of_execution"}


def _error(name: str, value: str, trace: str = "") -> dict[str, Any]:
    return {"type": "error", "name": name, "value": value, "traceback": trace}
