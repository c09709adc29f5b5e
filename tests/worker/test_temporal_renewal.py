"""Certificates that are changed under running servers and workers."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import httpx
import pytest
from tools.cluster.servers import free_port

from tests.worker.one_process import THEME, server_and_worker
from tta_rebuild.bootstrap import temporal_renewal

pytest.importorskip("h2")
pytest.importorskip("cryptography")
from tests.worker.tls_endpoint import Authority, tls_before

pytestmark = pytest.mark.cluster


async def told(web: httpx.AsyncClient, key: str) -> str:
    """The events of a new story's first turn, once one can be asked for."""
    while True:
        story = (await web.post("/api/v1/stories", json={"theme": THEME})).json()
        turns = f"/api/v1/stories/{story['story_id']}/branches/main/turns"
        asked = await web.post(turns, json={"kind": "begin"}, headers={"Idempotency-Key": key})
        if asked.status_code == 202:
            events = f"/api/v1/turns/{asked.json()['turn_id']}/events"
            return (await web.get(events)).text
        key += "-again"
        await asyncio.sleep(0.2)


async def test_servers_and_workers_go_on_with_certificates_of_another_authority(
    temporal: str,
    postgresql_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(temporal_renewal, "LOOKS_EVERY_S", 0.2)
    caplog.set_level(logging.INFO, "tta_rebuild.turns")
    before, after = (Authority(tmp_path, name) for name in ("before", "after"))
    files = {name: tmp_path / name for name in ("ca", "cert", "key")}

    def put(authority: Authority) -> None:
        cert, key = authority.certify(f"worker of {authority.name}")
        for name, source in (("ca", authority.file), ("cert", cert), ("key", key)):
            files[name].write_bytes(source.read_bytes())

    put(before)
    settings = {f"temporal_{name}_file": path for name, path in files.items()}
    port = free_port()
    async with asyncio.timeout(55):
        address = f"127.0.0.1:{port}"
        endpoint = tls_before(temporal, before, wants_certificate=True, port=port)
        await endpoint.__aenter__()
        async with server_and_worker(address, postgresql_database, tmp_path, **settings) as web:
            first = await told(web, "first")
            put(after)
            while "cannot be used yet" not in caplog.text:  # noqa: ASYNC110 (of another task)
                await asyncio.sleep(0.05)
            still = await told(web, "still")
            await endpoint.__aexit__(None, None, None)
            async with tls_before(temporal, after, wants_certificate=True, port=port):
                again = await told(web, "again")
                ready = (await web.get("/readyz")).json()

    assert all("event: stored" in one for one in (first, still, again))
    assert ready == {"status": "ok"}
    assert caplog.text.count("connected to Temporal anew") == 2, "the server and the worker"
