"""A server as a program of its own, to be measured from outside; it says its figures when it ends.

``python -m benchmarks.workloads.served KIND DIRECTORY [NAME=VALUE ...]``, where KIND is

* ``pieces``: our server; its turns are pieces at a steady rate, after ``POST /go``;
* ``bare``: Starlette alone, streaming the same pieces;
* ``stories``: our server with stories told by the embedded storyteller in a model's time.

The first line of output is the address, the last one, after SIGTERM, an object with the figures.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import signal
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

import tta_rebuild as tta
from tta_rebuild.bootstrap.serving import Serving
from tta_rebuild.core.story import Passage
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine import turn_events as seen
from tta_rebuild.engine.in_process_runner import InProcessRunner
from tta_rebuild.engine.turn_runner import RunningTurn, TurnRequest
from tta_rebuild.integrations.llm_provider import (
    Items,
    LLMRequest,
    StreamEnded,
    TextPiece,
)
from tta_rebuild.integrations.prices import Price, Rates
from tta_rebuild.server.app import ServerOptions, create_app
from tta_rebuild.server.limits import RequestLimits
from tta_rebuild.server.metrics import ServerMetrics
from tta_rebuild.server.serving import serve
from tta_rebuild.storyteller import OfflineProvider

PIECE = "The lamp swings and the light goes round. "
TICK_S = 0.01
GIVEN = RequestLimits(requests_a_minute=0, turns_at_once=4_096)


@dataclass(kw_only=True)
class Wanted:
    """What may be given as NAME=VALUE."""

    turns: int = 100
    pieces: int = 100
    apart_s: float = 0.05
    first_s: float = 1.0
    whole_s: float = 4.0
    seed: int = 1


# ----------------------------------------------------------------- pieces at a steady rate


class Steady:
    """A session whose turn is so many pieces, ``apart_s`` seconds from each other."""

    def __init__(self, wanted: Wanted, go: asyncio.Event) -> None:
        self._wanted, self._go = wanted, go
        self.branch = SimpleNamespace(length=1, branch_id="b")
        self.state = SimpleNamespace(names={}, turn=1)

    async def play(
        self, action: tta.Action, *, seen_at: int | None = None
    ) -> AsyncGenerator[seen.TurnEvent, None]:
        await self._go.wait()
        loop = asyncio.get_running_loop()
        due = loop.time() + random.random() * self._wanted.apart_s
        for number in range(self._wanted.pieces):
            await asyncio.sleep(max(0.0, due - loop.time()))
            due += self._wanted.apart_s
            yield seen.PassageReleased(Passage(text=f"{number} {PIECE}"))
        yield seen.TurnStored(1, 1)


class Sessions:
    """Gives every branch a steady session."""

    def __init__(self, wanted: Wanted, go: asyncio.Event) -> None:
        self._wanted, self._go = wanted, go

    async def session(self, story_id: str, branch_id: str) -> Steady:
        return Steady(self._wanted, self._go)

    def __len__(self) -> int:
        return 0


class NoNotes:
    """A journal that keeps nothing."""

    def write(self, turn: RunningTurn) -> None: ...

    def read(self) -> tuple[RunningTurn, ...]:
        return ()

    def forget(self, **which: object) -> None: ...


@asynccontextmanager
async def pieces(directory: Path, wanted: Wanted) -> AsyncIterator[Any]:
    """Our application, with turns that wait for ``POST /go``."""
    go, metrics = asyncio.Event(), ServerMetrics()
    settings = tta.Settings(data_dir=directory)
    async with tta.open_application(settings) as application:
        ids = iter(range(10**9))
        sessions: Any = Sessions(wanted, go)
        async with InProcessRunner(
            application.stories,
            sessions,
            NoNotes(),
            new_id=lambda: f"t{next(ids)}",
            most_turns=wanted.turns,
            watch=metrics,
        ) as runner:
            for number in range(wanted.turns):
                branch = f"b{number}"
                await runner.submit(
                    TurnRequest(key=branch, story_id="s", branch_id=branch, kind="begin")
                )
            serving = Serving(application=application, runner=runner, sessions=sessions)
            app = create_app(serving, ServerOptions(limits=GIVEN, metrics=metrics))

            async def began(request: object) -> Response:
                go.set()
                return Response(status_code=204)

            app.router.routes.insert(0, Route("/go", began, methods=["POST"]))
            yield app


@asynccontextmanager
async def bare(directory: Path, wanted: Wanted) -> AsyncIterator[Any]:
    """What somebody would write who wants nothing but the same pieces as server-sent events."""
    go = asyncio.Event()

    async def told() -> AsyncIterator[bytes]:
        yield b"retry: 1000\n\n"
        await go.wait()
        loop = asyncio.get_running_loop()
        due = loop.time() + random.random() * wanted.apart_s
        for number in range(1, wanted.pieces + 1):
            await asyncio.sleep(max(0.0, due - loop.time()))
            due += wanted.apart_s
            values = {"text": f"{number - 1} {PIECE}", "kind": "prose", "speaker": ""}
            values |= {"speaker_id": "", "emotion": ""}
            data = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
            yield f"id: {number}\nevent: passage\ndata: {data}\n\n".encode()
        last = wanted.pieces + 1
        yield f'id: {last}\nevent: stored\ndata: {{"turn":1}}\n\n'.encode()

    async def follow(request: object) -> Response:
        return StreamingResponse(told(), media_type="text/event-stream")

    async def began(request: object) -> Response:
        go.set()
        return Response(status_code=204)

    yield Starlette(
        routes=[
            Route("/api/v1/turns/{turn}/events", follow),
            Route("/go", began, methods=["POST"]),
        ]
    )


# ----------------------------------------------------------------- stories in a model's time


class Slow(OfflineProvider):
    """The embedded storyteller, whose answers take as long as a model's would.

    ``first_s`` seconds to the first piece, ``whole_s`` to the last, each between half and twice.
    """

    price = Price(rates=Rates(input=0.3, output=2.5))

    def __init__(self, wanted: Wanted) -> None:
        super().__init__()
        self._wanted, self._chance = wanted, random.Random(wanted.seed)
        self.told_s = 0.0

    async def items(self, request: LLMRequest, *, whole: bool = False) -> Items:
        began = time.thread_time()
        async with aclosing(super().items(request, whole=whole)) as found:
            items = [item async for item in found]
        self.told_s += time.thread_time() - began
        share = self._chance.uniform(0.5, 2.0)
        apart_s = share * (self._wanted.whole_s - self._wanted.first_s) / max(1, len(items) - 1)
        await asyncio.sleep(share * self._wanted.first_s)
        for number, item in enumerate(items):
            if number:
                await asyncio.sleep(apart_s)
            if isinstance(item, StreamEnded):
                usage = Usage(input_tokens=1_500, output_tokens=300)
                item = StreamEnded(replace(item.response, usage=usage))
            elif not isinstance(item, TextPiece):
                continue
            yield item


async def stories(directory: Path, wanted: Wanted, figures: dict[str, float]) -> None:
    """Serve until SIGTERM."""
    metrics, teller = ServerMetrics(), Slow(wanted)
    settings = tta.Settings(data_dir=directory, rate_limit_rpm=10**6, max_cost_usd=1e9)
    telemetry = Telemetry(meter_provider=metrics.registry)
    async with tta.open_application(
        settings, provider=teller, has_fallback=False, telemetry=telemetry
    ) as application:
        await application.warm()  # as tta serve does, beside its first requests
        await serve(
            application,
            ServerOptions(limits=GIVEN, metrics=metrics),
            host="127.0.0.1",
            port=0,
            grace_s=10.0,
            telemetry=telemetry,
            on_start=lambda address: print(address, flush=True),
        )
    figures["told_s"] = teller.told_s


# ----------------------------------------------------------------- the program


async def watched(figures: dict[str, float]) -> None:
    """How long the loop was blocked, by the clock and by its own CPU, since the last SIGUSR1."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: figures.update(dict.fromkeys(figures, 0.0)))
    collecting_s = 0.0

    def collected(phase: str, info: dict[str, int]) -> None:
        nonlocal collecting_s
        if phase == "start":
            collecting_s = time.thread_time()
        else:
            took_s = time.thread_time() - collecting_s
            figures["collector_s"] = max(figures["collector_s"], took_s)

    gc.callbacks.append(collected)
    before_s, cpu_s = loop.time(), time.thread_time()
    while True:
        await asyncio.sleep(TICK_S)
        now_s, now_cpu_s = loop.time(), time.thread_time()
        late_s = now_s - before_s - TICK_S
        figures["blocked_s"] = max(figures["blocked_s"], late_s)
        figures["over_100_ms"] += late_s > 0.1
        figures["busy_s"] = max(figures["busy_s"], now_cpu_s - cpu_s)
        figures["busy_over_100_ms"] += now_cpu_s - cpu_s > 0.1
        before_s, cpu_s = now_s, now_cpu_s


async def main(kind: str, directory: Path, wanted: Wanted) -> None:
    names = ("blocked_s", "busy_s", "over_100_ms", "busy_over_100_ms", "collector_s")
    figures = dict.fromkeys(names, 0.0)
    watching = asyncio.create_task(watched(figures))
    if kind == "stories":
        await stories(directory, wanted, figures)
    else:
        opened = pieces if kind == "pieces" else bare
        async with opened(directory, wanted) as app:
            config = uvicorn.Config(
                app, port=0, log_config=None, access_log=False, lifespan="off", backlog=4_096
            )
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 - it has no event to wait for
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            print(f"http://127.0.0.1:{port}", flush=True)
            await serving
    watching.cancel()
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    given = Wanted()
    for word in sys.argv[3:]:
        name, _, value = word.partition("=")
        setattr(given, name, type(getattr(given, name))(value))
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), given))
