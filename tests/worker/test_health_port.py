"""A worker's port says whether it lives and takes turns, tells what it counts, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tta_rebuild.core.errors import SettingsError
from tta_rebuild.worker import health_port
from tta_rebuild.worker.health_port import PortWanted, listening


class Answering:
    """What a worker would say."""

    why_not = ""
    address = ""

    async def ready(self) -> str:
        return self.why_not

    async def figures(self) -> str:
        return "tta_worker_turns_running 3\n"

    def listens(self, address: str) -> None:
        self.address = address

    @asynccontextmanager
    async def open(self, port: int = 0) -> AsyncIterator[httpx.AsyncClient]:
        wanted = PortWanted(
            host="127.0.0.1", port=port, figures=self.figures, on_listening=self.listens
        )
        async with (
            listening(wanted, self.ready),
            httpx.AsyncClient(base_url=self.address, trust_env=False, timeout=5) as client,
        ):
            yield client


async def test_it_lives_and_is_ready_or_says_why_not_and_tells_its_figures() -> None:
    worker = Answering()
    async with worker.open() as client:
        alive, ready = await client.get("/healthz"), await client.get("/readyz?from=kubelet")
        told, head = await client.get("/metrics"), await client.head("/metrics")
        worker.why_not = "no Temporal"
        away, still = await client.get("/readyz"), await client.get("/healthz")

    assert [one.status_code for one in (alive, ready, told, still)] == [200] * 4
    assert ready.json() == {"status": "ok"}
    assert told.text == "tta_worker_turns_running 3\n"
    assert (head.status_code, head.text) == (200, "")
    assert (away.status_code, away.json()) == (503, {"status": "no Temporal"})


async def test_it_answers_for_nothing_else_and_goes_on_after_what_is_no_request() -> None:
    worker = Answering()
    async with worker.open() as client:
        other = [await client.get(path) for path in ("/", "/api/v1/health", "/metrics/x")]
        posted = await client.post("/healthz", content="x")
        for said in (b"\x16\x03\x01\x02\r\n\r\n", b"GET " + b"x" * 100_000, b"GET /healthz", b""):
            reader, writer = await asyncio.open_connection(*worker.address[7:].split(":"))
            writer.write(said)
            writer.write_eof()
            assert b"200" not in await reader.read()
            writer.close()
        after = await client.get("/healthz")

    assert [one.status_code for one in other] == [404] * 3
    assert posted.status_code == 405
    assert after.status_code == 200


async def test_who_sends_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_port, "SENT_S", 0.05)
    worker = Answering()
    async with worker.open():
        reader, writer = await asyncio.open_connection(*worker.address[7:].split(":"))
        writer.write(b"GET /healthz HTTP/1.1\r\n")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_a_port_that_is_taken_is_told_by_its_setting() -> None:
    first = Answering()
    async with first.open():
        with pytest.raises(SettingsError, match=r"TTA_WORKER_PORT.*cannot be listened at"):
            async with Answering().open(int(first.address.rpartition(":")[2])):
                pass
