"""A real server and a real Chromium, for tests of the pages.

The server runs in a thread of its own; between it and a browser may stand a proxy that cuts or
holds the connection in the middle of a stream.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from tests.server.web import seeding

from tta_rebuild.bootstrap.application import Application

if TYPE_CHECKING:
    from tests.server.serving import HeldTeller

CHROMIUM = (
    os.environ.get("TTA_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
)
IS_REQUIRED = os.environ.get("TTA_BROWSER") == "required"
"""Whether a Chromium that cannot be started is a failure; else its tests are left out."""
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
SCREENSHOTS = os.environ.get("TTA_SCREENSHOTS", "")

T = TypeVar("T")


@dataclass
class RunningServer:
    """A server over a store of its own, and the application in it."""

    address: str
    application: Application
    loop: asyncio.AbstractEventLoop
    stopped: asyncio.Event
    stories: dict[str, str] = field(default_factory=dict)

    def does(self, work: Coroutine[Any, Any, T]) -> T:
        """Something done by the application, in the server's thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=120)


@contextmanager
def serving_apart(place: Path, **options: Any) -> Iterator[RunningServer]:
    """A server in a thread of its own, with a loop of its own, until the end of the block."""
    from tests.server.serving import running

    ready, made = threading.Event(), list[RunningServer]()

    async def run() -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        async with running(place, **options) as open_server:
            application = open_server.serving.application
            made.append(RunningServer(open_server.address, application, loop, stopped))
            ready.set()
            await stopped.wait()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    assert ready.wait(60), "the server did not start"
    yield made[0]
    made[0].loop.call_soon_threadsafe(made[0].stopped.set)
    thread.join(30)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    pytest.importorskip("fastapi", reason="the server is not installed: tta-rebuild[server]")
    with serving_apart(tmp_path_factory.mktemp("stories")) as one:
        for name, seed in (
            ("played", seeding.a_played_story),
            ("cast", seeding.a_story_with_two_ways),
        ):
            one.stories[name] = one.does(seed(one.application)).story_id
        yield one


class HeldServer(RunningServer):
    """A server whose storyteller waits in the middle of a scene while it is held."""

    teller: HeldTeller

    def hold(self) -> None:
        """Let no scene come to its end."""
        self.loop.call_soon_threadsafe(self.teller.gate.clear)

    def let_go(self) -> None:
        """Let it tell on."""
        self.loop.call_soon_threadsafe(self.teller.gate.set)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[HeldServer]:
    pytest.importorskip("fastapi", reason="the server is not installed: tta-rebuild[server]")
    from tests.server.serving import HeldTeller

    teller = HeldTeller()
    with serving_apart(tmp_path, teller=teller) as one:
        made = HeldServer(one.address, one.application, one.loop, one.stopped)
        made.teller = teller
        made.stories["played"] = made.does(seeding.a_played_story(one.application, 1)).story_id
        yield made
        made.let_go()


@pytest.fixture(scope="module")  # while it is open its loop runs: no other file could run one
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: make browser-test"
    )
    if not CHROMIUM:
        pytest.skip("Chromium is not installed: make browser-test installs it")
    with sync_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        except sync_api.Error:
            if IS_REQUIRED:
                raise
            pytest.skip(f"{CHROMIUM} cannot be started here: make browser-test says why")
        yield browser
        browser.close()


@dataclass
class Seen:
    """What a browser complained of, and asked of whom."""

    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


class Reader:
    """A browser with its own storage; ``page`` is its first tab."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.address = address.rstrip("/") + "/"
        self.context = browser.new_context(
            **({"viewport": {"width": 1280, "height": 900}} | options)
        )
        self.context.set_default_timeout(15_000)
        self.seen = Seen()
        self.page = self.tab()

    def tab(self) -> Any:
        """Another tab, watched like the first."""
        page = self.context.new_page()
        page.on("console", lambda one: self._complain(one) if one.type == "error" else None)
        page.on("pageerror", lambda error: self.seen.errors.append(str(error)))
        page.on("request", self._asked)
        return page

    def _complain(self, message: Any) -> None:
        self.seen.errors.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.seen.foreign.append(request.url)

    def open(self, place: str = "", page: Any = None) -> Any:
        """Go to an address below the server's; gives the page once it is quiet."""
        page = page or self.page
        page.goto(f"{self.address}#/{place}")
        page.locator("main h1").first.wait_for()
        return page


@pytest.fixture
def reader(chromium: Any, server: RunningServer) -> Iterator[Reader]:
    one = Reader(chromium, server.address)
    yield one
    one.context.close()


@pytest.fixture
def story(server: RunningServer) -> str:
    """The letter, one scene told, for this test alone."""
    return server.does(seeding.a_played_story(server.application, 1)).story_id


def until(page: Any, expression: str, argument: Any = None) -> None:
    """Wait until something is so on a page; its policy forbids what ``wait_for_function`` does."""
    deadline = time.monotonic() + 15
    while not page.evaluate(expression, argument):
        assert time.monotonic() < deadline, (
            f"it never came to this: {expression}\n{page.locator('main').inner_text()[-1500:]}"
        )
        page.wait_for_timeout(15)


def assert_nobody_is_left_out(page: Any) -> None:
    """What axe finds on a page as it is now: nothing."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    said = [
        (one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found["violations"]
    ]
    assert said == [], json.dumps(said, indent=1)


class Proxy:
    """Stands between browser and server; cuts or holds a stream after so many passages."""

    def __init__(self, upstream: str) -> None:
        host, _, port = upstream.removeprefix("http://").rpartition(":")
        self._upstream = (host, int(port))
        self.cut_after: int | None = None
        self.hold_after: int | None = None
        self.cuts = 0
        self._let_go = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.address = ""

    async def open(self) -> None:
        """Listen; again where it listened before, if it did."""
        port = int(self.address.rpartition(":")[2] or 0)
        self._server = await asyncio.start_server(self._join, "127.0.0.1", port)
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Stop listening, and let everybody go."""
        assert self._server
        self._server.close()
        for task in self._tasks:
            task.cancel()
        self._let_go.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def let_go(self) -> None:
        """What was held goes on."""
        self.hold_after = None
        self._let_go.set()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        up_reader, up_writer = await asyncio.open_connection(*self._upstream)
        asking = asyncio.ensure_future(self._pass_on(reader, up_writer, is_answer=False))
        try:
            with suppress(asyncio.CancelledError):  # it ends with the proxy
                await self._pass_on(up_reader, writer, is_answer=True)
        finally:
            asking.cancel()
            for one in (writer, up_writer):
                one.close()
                with suppress(OSError):
                    await one.wait_closed()

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        passages, mark = 0, b"event: passage"
        with suppress(OSError):
            while piece := await source.read(65_536):
                limit = self.cut_after if self.cut_after is not None else self.hold_after
                if is_answer and limit is not None and mark in piece:
                    parts = piece.split(mark)
                    if passages + len(parts) - 1 > limit:
                        kept = mark.join(parts[: limit - passages + 1])
                        rest = piece[len(kept) :]
                        sink.write(kept)
                        await sink.drain()
                        if self.cut_after is not None:
                            self.cut_after = None
                            self.cuts += 1
                            break
                        await self._let_go.wait()
                        piece = rest
                    passages += piece.count(mark)
                sink.write(piece)
                await sink.drain()


@pytest.fixture
def proxy(server: RunningServer) -> Iterator[Proxy]:
    one = Proxy(server.address)
    server.does(one.open())
    yield one
    server.does(one.close())


def keep_screenshot(page: Any, name: str) -> None:
    """Keep a picture, where the run asks for them (``TTA_SCREENSHOTS``)."""
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)
