"""A real server on loopback, in the loop of the test, with a storyteller that can be held back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

import tta_rebuild as tta
from tests.engine.conftest import scene
from tta_rebuild.bootstrap.serving import Serving, open_serving
from tta_rebuild.server.app import ServerOptions, create_app
from tta_rebuild.server.limits import RequestLimits
from tta_rebuild.server.serving import StoryServer, config_of, listening_on

API = "/api/v1"
THEME = "A lighthouse keeper finds a door under the stairs."
PASSAGES = 12
NO_RATE = RequestLimits(requests_a_minute=0)


class HeldTeller(tta.RequestProvider):
    """Tells scenes of twelve passages; while the gate is shut it waits before the seventh."""

    def __init__(self) -> None:
        super().__init__(tta.LLMConfig(model="held"))
        self.gate = asyncio.Event()
        self.gate.set()
        self.calls = 0
        self.errors: list[Exception] = []

    async def complete(self, request: tta.LLMRequest) -> tta.LLMResponse:
        if self.errors:
            raise self.errors.pop(0)
        self.calls += 1
        number = self.calls
        told = [f"Mara counts {number * 100 + n} boats in the harbour." for n in range(PASSAGES)]
        return tta.LLMResponse(
            text=scene(*told, notes={"told": number}),
            tokens_used=150,
            model="held",
            finish_reason="stop",
            usage=tta.Usage(input_tokens=100, output_tokens=50),
            cost_usd=0.001,
            provider="own",
        )

    async def stream(self, request: tta.LLMRequest) -> AsyncGenerator[tta.StreamItem, None]:
        response = await self.complete(request)
        size = max(1, len(response.text) // 24)
        for at in range(0, len(response.text), size):
            if at > len(response.text) // 2:
                await self.gate.wait()
            yield tta.TextPiece(response.text[at : at + size])
            await asyncio.sleep(0)
        yield tta.StreamEnded(response)


class QuietServer(StoryServer):
    """Leaves the signals of the test run alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Running:
    """A server that runs, a client of it, and what it plays with."""

    serving: Serving
    client: httpx.AsyncClient
    server: QuietServer
    address: str
    teller: HeldTeller | None
    keys: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))

    async def story(self, **wanted: Any) -> str:
        """A new story; gives the path of its main branch."""
        made = await self.client.post("/stories", json={"theme": THEME} | wanted)
        assert made.status_code == 201, made.text
        return f"/stories/{made.json()['story_id']}/branches/main"

    async def ask(self, branch: str, key: str = "", **wanted: Any) -> httpx.Response:
        """Ask for a turn."""
        headers = {"Idempotency-Key": key or f"key-{next(self.keys)}"}
        return await self.client.post(f"{branch}/turns", json=wanted, headers=headers)

    async def play(self, branch: str, key: str = "", **wanted: Any) -> list[Update]:
        """Play a turn and read it to its end."""
        asked = await self.ask(branch, key, **wanted)
        assert asked.status_code == 202, asked.text
        return [update async for update in self.follow(asked.json()["turn_id"])]

    async def follow(self, turn_id: str, after: int = 0) -> AsyncGenerator[Update, None]:
        """The events of a turn as they come."""
        headers = {"Last-Event-ID": str(after)} if after else {}
        path = f"/turns/{turn_id}/events"
        async with self.client.stream("GET", path, headers=headers) as stream:
            assert stream.status_code == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines: dict[str, str] = {}
            async for line in stream.aiter_lines():
                if not line and "data" in lines:
                    yield Update(int(lines["id"]), lines["event"], json.loads(lines["data"]))
                    lines = {}
                elif line and not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    lines[name] = value


@dataclass(frozen=True)
class Machines:
    """Where a server and the worker that plays its turns find each other.

    Without ``has_worker`` there is none beside the server.
    """

    temporal: str
    database: str
    has_worker: bool = True

    @property
    def settings(self) -> dict[str, Any]:
        """What both are told."""
        return {
            "runner": "temporal",
            "temporal_address": self.temporal,
            "database_url": self.database,
        }


@asynccontextmanager
async def working(settings: tta.Settings, **how: Any) -> AsyncIterator[None]:
    """A worker, with an application and connections of its own, until the end of the block."""
    from tta_rebuild.worker.worker import work

    stop = asyncio.Event()
    async with tta.open_application(settings, **how) as application:
        worker = asyncio.create_task(work(application, stop, grace_s=0.0))
        try:
            yield
        finally:
            stop.set()
            await worker


@dataclass(frozen=True)
class Update:
    """One server-sent event."""

    number: int
    kind: str
    data: Any


@asynccontextmanager
async def running(
    data_dir: Path,
    *,
    teller: HeldTeller | None = None,
    options: ServerOptions | None = None,
    grace_s: float = 5.0,
    most_turns: int = 64,
    has_fallback: bool = False,
    machines: Machines | None = None,
    **more: Any,
) -> AsyncIterator[Running]:
    """A server on a free port until the end of the block; on ``machines`` a worker plays for it.

    ``more`` are settings.
    """
    there = machines.settings if machines else {}
    settings = tta.Settings(data_dir=data_dir, country="DE", **there, **more)
    how: Any = {"provider": teller, "has_fallback": has_fallback or teller is None}
    async with (
        working(settings, **how) if machines and machines.has_worker else nullcontext(),
        tta.open_application(settings, **how) as application,
        open_serving(
            application, most_turns=most_turns, watch=options and options.metrics
        ) as serving,
    ):
        app = create_app(serving, options or ServerOptions(limits=NO_RATE))
        server = QuietServer(config_of(app), serving.runner, grace_s)
        with listening_on("127.0.0.1", 0) as listening:
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            task = asyncio.create_task(server.serve([listening]))
            base = f"{address}{API}"
            async with httpx.AsyncClient(base_url=base, timeout=20, trust_env=False) as client:
                yield Running(serving, client, server, address, teller)
            server.should_exit = True
            if teller:
                teller.gate.set()
            await task
