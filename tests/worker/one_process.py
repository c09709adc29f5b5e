"""A server that has its turns played by a worker, both in this process, on a real Temporal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

import tta_rebuild as tta
from tests.worker.program import FolderTeller, settings_of
from tta_rebuild.bootstrap.serving import open_serving
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.server.app import ServerOptions, create_app
from tta_rebuild.worker.worker import work

THEME = "A lighthouse keeper finds a door under the stairs."


@asynccontextmanager
async def server_and_worker(
    address: str,
    database: str,
    folder: Path,
    *,
    telemetry: Telemetry | None = None,
    **settings: Any,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the server; ``settings`` are beside those of ``program.settings_of``."""
    told = telemetry or Telemetry()
    wanted = settings_of(address, database, folder).model_copy(update=settings)
    async with AsyncExitStack() as stack:

        async def opened(name: str) -> tta.Application:
            teller = FolderTeller(folder, name)
            return await stack.enter_async_context(
                tta.open_application(wanted, provider=teller, telemetry=told, has_fallback=False)
            )

        stop, begun = asyncio.Event(), asyncio.Event()
        playing = asyncio.create_task(
            work(await opened("worker"), stop, on_start=begun.set, grace_s=0.0, telemetry=told)
        )
        stack.push_async_callback(asyncio.wait, [playing])
        stack.callback(stop.set)
        await asyncio.wait(
            [playing, asyncio.create_task(begun.wait())], return_when=asyncio.FIRST_COMPLETED
        )
        serving = await stack.enter_async_context(
            open_serving(await opened("server"), telemetry=told)
        )
        app = create_app(serving, ServerOptions(tracer_provider=told.tracer_provider))
        yield await stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", timeout=30
            )
        )


async def first_turn(web: httpx.AsyncClient, **headers: str) -> str:
    """The events of a new story's first turn."""
    story = (await web.post("/api/v1/stories", json={"theme": THEME})).json()
    turns = f"/api/v1/stories/{story['story_id']}/branches/main/turns"
    asked = await web.post(
        turns, json={"kind": "begin"}, headers={"Idempotency-Key": "k"} | headers
    )
    return (await web.get(f"/api/v1/turns/{asked.json()['turn_id']}/events")).text
