"""What a server and its worker stand on is lost while turns are told, and comes back."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tools.cluster import servers

from tests.full_disk import asked_until_refused, filled, told_turns
from tests.postgresql_server import PostgresqlServer, postgresql_server
from tests.server.serving import Running
from tests.temporal_server import temporal_server
from tests.worker.held_turns import begun, held, served_by, shown, stands
from tta_rebuild.engine.messages import message

pytestmark = pytest.mark.cluster


@pytest.fixture
def own_postgresql() -> Iterator[PostgresqlServer]:
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with folder as home, postgresql_server(Path(home)) as server:
        yield server


async def ready(served: Running) -> tuple[int, str]:
    answer = await served.client.get(f"{served.address}/readyz")
    return answer.status_code, answer.json()["status"]


async def until_ready(served: Running) -> None:
    while (await ready(served))[0] != 200:  # noqa: ASYNC110 (another process has no event)
        await asyncio.sleep(0.1)


async def test_postgresql_is_lost_and_started_again_while_turns_are_told(
    temporal: str, own_postgresql: PostgresqlServer, tmp_path: Path
) -> None:
    async with served_by(temporal, own_postgresql.address, tmp_path) as served:
        assert served.teller is not None
        branches = await begun(served, 3)
        tails = await held(served, branches)
        own_postgresql.stop()
        away = await ready(served)
        refused = await served.client.get(branches[0])
        asked = await served.ask(branches[0], kind="choose", choice=2)
        served.teller.gate.set()
        await asyncio.sleep(2.0)  # the rest is told to nobody
        own_postgresql.start()
        told = [await tail for tail in tails]
        now = [await shown(served, branch) for branch in branches]
        after = await served.play(branches[0], kind="choose", choice=1)

    assert away == (503, "no database")
    assert [one.status_code for one in (refused, asked)] == [503, 503]
    assert refused.json()["detail"], "in words"
    for updates, (turn, passages) in zip(told, now, strict=True):
        assert updates[-1].kind == "stored"
        assert [one.number for one in updates] == list(range(1, len(updates) + 1))
        assert (turn, passages) == (2, stands(updates))
        reasons = {one.data["reason"] for one in updates if one.kind == "restarted"}
        assert reasons <= {message("turn_store_away")}, "no machine was lost"
    assert any(one.kind == "restarted" for updates in told for one in updates)
    assert after[-1].data["turn"] == 3


async def test_temporal_is_lost_and_started_again_while_turns_are_told(
    postgresql_database: str, tmp_path: Path
) -> None:
    port = servers.free_port()
    with temporal_server(port) as (address, process):
        async with served_by(address, postgresql_database, tmp_path) as served:
            assert served.teller is not None
            branches = await begun(served, 2)
            tails = await held(served, branches[:1])
            process.kill()
            process.wait()
            refused = await served.ask(branches[1], "again", kind="choose", choice=1)
            away = await ready(served)
            health = (await served.client.get("/health")).json()
            served.teller.gate.set()
            with servers.temporal(port):  # with nothing of before in its memory
                await until_ready(served)
                runner: Any = served.serving.runner
                while not await runner.recover():  # noqa: ASYNC110 (a server does so every 20 s)
                    await asyncio.sleep(0.2)
                told = await tails[0]
                now = await shown(served, branches[0])
                after = await served.play(branches[1], "again", kind="choose", choice=1)

    assert (refused.status_code, away) == (503, (503, "no Temporal"))
    assert refused.json()["type"] == "urn:tta:problem:NoTemporal"
    assert "limit" not in refused.json(), "an outage is no load"
    assert int(refused.headers["Retry-After"]) > 0
    assert (health["status"], health["queue"]["workers"]) == ("no Temporal", None)
    assert told[-1].kind == "stored"
    assert now == (2, stands(told))
    assert after[-1].data["turn"] == 2, "what was refused was not begun"


async def test_a_healthy_worker_is_not_said_to_be_lost_when_temporal_was_away(
    postgresql_database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port, kept = servers.free_port(), tmp_path / "temporal.db"
    with temporal_server(port, file=kept) as (address, process):
        async with served_by(address, postgresql_database, tmp_path) as served:
            assert served.teller is not None
            tails = await held(served, await begun(served, 1))
            process.kill()
            process.wait()
            while "is given up" not in caplog.text:  # noqa: ASYNC110 (a log has no event)
                await asyncio.sleep(0.1)
            with servers.temporal(port, file=kept):
                served.teller.gate.set()
                told = await tails[0]

    reasons = {one.data["reason"] for one in told if one.kind == "restarted"}
    assert reasons == {message("turn_unheard")}, "no machine was lost"
    assert told[-1].kind == "stored"
    [line] = [one.getMessage() for one in caplog.records if "is given up" in one.getMessage()]
    assert "Temporal did not hear of this worker" in line


@pytest.mark.parametrize("small_disk", ["64m"], indirect=True)
async def test_the_disk_of_postgresql_is_full_for_a_while(
    temporal: str, small_disk: Path, tmp_path: Path
) -> None:
    with postgresql_server(small_disk) as server:
        async with served_by(temporal, server.address, tmp_path) as served:
            assert served.teller is not None
            [held_back, other] = await begun(served, 2)
            [tail] = await held(served, [held_back])
            ballast = filled(small_disk)
            served.teller.gate.set()
            problem = await asked_until_refused(served, other)
            before = await shown(served, held_back)
            ballast.unlink()
            told = await tail
            after = [await served.play(one, kind="choose", choice=1) for one in (held_back, other)]
            turns = [await told_turns(served, one) for one in (held_back, other)]

    assert (problem["status"], problem["type"]) == (507, "urn:tta:problem:StoreFull")
    assert before[0] == 1
    assert told[-1].kind in ("stored", "failed")
    for updates, stored in zip(after, turns, strict=True):
        assert updates[-1].kind == "stored"
        assert stored == list(range(1, updates[-1].data["turn"] + 1)), "each turn once, none half"
