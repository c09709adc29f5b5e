"""A worker's port: whether it lives and takes turns, and what it counts.

For systemd, Kubernetes and Prometheus. It answers GET and HEAD for three paths as the server does,
and nothing else; nobody needs to say who they are. No server's framework is loaded for that.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from tta_rebuild.core.errors import SettingsError

SENT_S = 5.0
"""How long a request may take to come, and its answer to go, seconds."""

LONGEST_LINE = 4_096
MOST_LINES = 100

JSON, PLAIN = "application/json", "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortWanted:
    """Where a worker is to answer.

    Attributes:
        port: 0 for a free one.
        figures: what it counts, as Prometheus reads it; ``content_type`` is that of it.
        on_listening: called with the address.
    """

    host: str
    port: int
    figures: Callable[[], Awaitable[str]]
    content_type: str = PLAIN
    on_listening: Callable[[str], None] = lambda address: None


@asynccontextmanager
async def listening(wanted: PortWanted, ready: Callable[[], Awaitable[str]]) -> AsyncIterator[None]:
    """Answer at a port while the block runs; ``ready`` says why no turns are taken, "" if they are.

    Raises SettingsError: the port cannot be listened at.
    """
    served = partial(_serve, wanted, ready)
    try:
        server = await asyncio.start_server(served, wanted.host, wanted.port, limit=LONGEST_LINE)
    except OSError as error:
        place = f"{wanted.host[:60]}:{wanted.port}"
        said = f"{place} cannot be listened at: {error.strerror or error}"
        raise SettingsError("TTA_WORKER_PORT", said) from error
    async with server:
        host, port, *_ = server.sockets[0].getsockname()
        wanted.on_listening(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        yield


async def _serve(
    wanted: PortWanted,
    ready: Callable[[], Awaitable[str]],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    try:
        async with asyncio.timeout(SENT_S):
            method, path = await _asked(reader)
        status, content_type, text = await _answer(wanted, ready, method, path)
        body = text.encode()
        head = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            f"Content-Type: {content_type}",
            f"Content-Length: {len(body)}",
            "Cache-Control: no-store",
            "Connection: close",
        ]
        writer.write("".join(f"{line}\r\n" for line in [*head, ""]).encode())
        writer.write(b"" if method == "HEAD" else body)
        async with asyncio.timeout(SENT_S):
            await writer.drain()
    except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass  # who asked has gone, or speaks something else; a TimeoutError is an OSError
    finally:
        writer.close()


async def _asked(reader: asyncio.StreamReader) -> tuple[str, str]:
    """Method and path of a request. Raises ValueError: it is none."""
    method, target, _ = (await reader.readuntil()).decode("latin-1").split()
    for _ in range(MOST_LINES):
        if not (await reader.readuntil()).strip():
            return method, target.partition("?")[0]
    raise ValueError(target)


async def _answer(
    wanted: PortWanted, ready: Callable[[], Awaitable[str]], method: str, path: str
) -> tuple[HTTPStatus, str, str]:
    if method not in ("GET", "HEAD"):
        return HTTPStatus.METHOD_NOT_ALLOWED, PLAIN, "only GET and HEAD\n"
    if path == "/metrics":
        return HTTPStatus.OK, wanted.content_type, await wanted.figures()
    if path == "/healthz":
        return HTTPStatus.OK, JSON, json.dumps({"status": "ok"})
    if path == "/readyz":
        why_not = await ready()
        status = HTTPStatus.SERVICE_UNAVAILABLE if why_not else HTTPStatus.OK
        return status, JSON, json.dumps({"status": why_not or "ok"})
    return HTTPStatus.NOT_FOUND, PLAIN, "there are /healthz, /readyz and /metrics\n"
