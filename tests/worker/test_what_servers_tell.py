"""What servers tell of all machines: real times of turns, who lives, what is away; promptly."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.postgresql_server import PostgresqlServer
from tests.server.accounts import accounts
from tests.server.serving import NO_RATE, HeldTeller, Machines, Running, running
from tests.server.test_metrics import of, samples
from tests.temporal_server import temporal_server
from tests.worker.test_kill import Cluster
from tests.worker.test_outages import own_postgresql  # noqa: F401
from tta_rebuild.engine import turn_upkeep
from tta_rebuild.server.app import ServerOptions
from tta_rebuild.server.metrics import ServerMetrics

pytestmark = pytest.mark.cluster

FIRST = "tta_turn_time_to_first_piece_seconds"
WHOLE = "gen_ai_workflow_duration_seconds"
SOON_S = 4.0


@pytest.fixture
def temporal() -> Iterator[str]:
    """A server of the test's own: it lists workers of other tests for 75 seconds."""
    with temporal_server() as (address, _):
        yield address


def counting() -> ServerOptions:
    return ServerOptions(limits=NO_RATE, metrics=ServerMetrics())


@pytest.fixture
async def two(
    temporal: str, postgresql_database: str, tmp_path: Path
) -> AsyncIterator[tuple[Running, Running]]:
    """Two servers, and one worker for both."""
    machines = Machines(temporal=temporal, database=postgresql_database)
    others = Machines(temporal=temporal, database=postgresql_database, has_worker=False)
    async with (
        running(
            tmp_path / "1", teller=HeldTeller(), machines=machines, options=counting()
        ) as first,
        running(tmp_path / "2", machines=others, options=counting()) as second,
    ):
        yield first, second


async def figures(server: Running) -> str:
    answer = await server.client.get(f"{server.address}/metrics")
    assert answer.status_code == 200
    return answer.text


async def health(server: Running) -> Any:
    answer = await server.client.get("/health")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def asked_here_told_there(here: Running, there: Running) -> tuple[float, float]:
    """A turn asked for at one server and followed at another; seconds to its first text and end."""
    branch = await here.story()
    at = time.monotonic()
    turn_id = (await here.ask(branch, key=branch, kind="begin")).json()["turn_id"]
    first_s = 0.0
    async for update in there.follow(turn_id):
        if update.kind == "passage":
            first_s = first_s or time.monotonic() - at
    return first_s, time.monotonic() - at


async def test_a_turn_followed_at_another_server_is_counted_once_soon_and_with_its_real_time(
    two: tuple[Running, Running],
) -> None:
    here, there = two
    first_s, whole_s = await asked_here_told_there(here, there)
    async with asyncio.timeout(SOON_S):
        while of(await figures(here), f"{FIRST}_count") == 0:  # noqa: ASYNC110 (no event)
            await asyncio.sleep(0.1)
    text, other = await figures(here), await figures(there)

    assert [of(text, f"{name}_count") for name in (FIRST, WHOLE)] == [1, 1]
    assert of(text, "tta_turns_total") == 1
    assert of(text, f"{FIRST}_sum") <= first_s
    assert of(text, f"{WHOLE}_sum") <= whole_s
    assert [of(other, f"{name}_count") for name in (FIRST, WHOLE)] == [0, 0]
    assert of(other, "tta_turns_total") == 0


async def test_who_looks_late_tells_the_time_at_which_it_was_told(
    two: tuple[Running, Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_upkeep, "LOOKED_EVERY_S", 3_600.0)
    here, there = two
    await asyncio.sleep(1.1)  # from now on nobody looks
    first_s, whole_s = await asked_here_told_there(here, there)
    unseen = await figures(here)
    await asyncio.sleep(2.0)
    runner: Any = here.serving.runner
    await runner._followed.look()
    text = await figures(here)

    assert of(unseen, f"{FIRST}_count") == 0
    assert of(text, f"{FIRST}_count") == of(text, f"{WHOLE}_count") == 1
    assert of(text, f"{FIRST}_sum") <= first_s
    assert of(text, f"{WHOLE}_sum") <= whole_s


async def test_turns_of_two_servers_are_counted_once_each(two: tuple[Running, Running]) -> None:
    here, there = two
    await asyncio.gather(
        *(asked_here_told_there(*pair) for pair in ((here, there), (there, here), (here, here)))
    )
    async with asyncio.timeout(SOON_S):
        counts = [0.0, 0.0]
        while counts != [2, 1]:
            await asyncio.sleep(0.1)
            counts = [of(await figures(one), "tta_turns_total") for one in two]


@asynccontextmanager
async def alone(temporal: str, database: str, folder: Path, **more: Any) -> AsyncIterator[Running]:
    """A server beside which there is no worker, but those that a test begins."""
    machines = Machines(temporal=temporal, database=database, has_worker=False)
    async with running(folder, machines=machines, options=counting(), **more) as server:
        yield server


async def until(server: Running, is_so: Any, within_s: float = SOON_S) -> Any:
    """The health of a server, once it is as wished for."""
    async with asyncio.timeout(within_s):
        while not is_so(found := await health(server)):  # noqa: ASYNC110 (no event)
            await asyncio.sleep(0.1)
    return found


def states(found: Any) -> list[str]:
    return sorted(one["state"] for one in found["workers"])


async def test_a_killed_worker_is_not_counted_any_more_and_is_said_to_be_gone(
    temporal: str, postgresql_database: str, tmp_path: Path
) -> None:
    cluster = Cluster(temporal, postgresql_database, tmp_path)
    async with alone(temporal, postgresql_database, tmp_path) as server:
        with cluster.worker("first") as first, cluster.worker("second"):
            both = await until(server, lambda one: one["queue"]["workers"] == 2)
            first.kill()
            killed_at = time.monotonic()
            left = await until(server, lambda one: one["queue"]["workers"] == 1)
            took_s = time.monotonic() - killed_at
            text = await figures(server)

    assert states(both) == ["alive", "alive"]
    assert took_s < SOON_S
    assert states(left) == ["alive", "gone"]
    gone = next(one for one in left["workers"] if one["state"] == "gone")
    assert f"-{first.pid}-" in gone["name"]
    assert gone["version"]
    assert (datetime.fromisoformat(gone["seen_at"]).tzinfo, gone["turns"]) != (None, None)
    assert of(text, "tta_cluster_workers") == 1
    assert of(text, "tta_cluster_workers_lost") == 1


async def test_a_frozen_worker_is_silent_and_a_stopped_one_has_ended(
    temporal: str, postgresql_database: str, tmp_path: Path
) -> None:
    cluster = Cluster(temporal, postgresql_database, tmp_path)
    async with alone(temporal, postgresql_database, tmp_path) as server:
        with cluster.worker("frozen") as frozen:
            await until(server, lambda one: states(one) == ["alive"])
            frozen.send_signal(signal.SIGSTOP)
            silent = await until(server, lambda one: states(one) == ["silent"], 15.0)
            ready = await server.client.get(f"{server.address}/readyz")
            frozen.send_signal(signal.SIGCONT)
            back = await until(server, lambda one: states(one) == ["alive"])

    assert silent["queue"]["workers"] == 0
    assert (ready.status_code, ready.json()["status"]) == (503, "no worker")
    assert back["queue"]["workers"] == 1


async def test_a_worker_says_how_many_turns_it_tells_and_that_it_ends(
    temporal: str, postgresql_database: str, tmp_path: Path
) -> None:
    machines = Machines(temporal=temporal, database=postgresql_database)
    teller = HeldTeller()
    async with running(tmp_path, teller=teller, machines=machines, options=counting()) as server:
        teller.gate.clear()
        turn = (await server.ask(await server.story(), kind="begin")).json()["turn_id"]
        following = server.follow(turn)
        await anext(following)
        found = await until(server, lambda one: [w["turns"] for w in one["workers"]] == [1])
        text = await figures(server)
        teller.gate.set()
        await following.aclose()
    async with alone(temporal, postgresql_database, tmp_path) as server:
        after = await health(server)

    assert found["workers"][0]["most_turns"] == 100
    where = [found["workers"][0][name] for name in ("queue", "namespace")]
    assert where == ["tta-turns", "default"]
    assert of(text, "tta_cluster_turns_running") == 1
    assert of(text, "tta_cluster_turns_waiting") == 0
    assert states(after) == ["ended"]
    assert after["queue"]["workers"] == 0


async def test_a_turn_that_no_worker_takes_is_said_to_wait_and_how_long(
    temporal: str, postgresql_database: str, tmp_path: Path
) -> None:
    async with alone(temporal, postgresql_database, tmp_path) as server:
        runner: Any = server.serving.runner
        asked = await server.story()
        waits = asyncio.create_task(server.ask(asked, kind="begin"))
        await asyncio.wait([waits])
        await asyncio.sleep(0.5)
        text = await figures(server)
        assert await runner.queue()

    assert of(text, "tta_cluster_workers") == 0
    assert of(text, "tta_cluster_turns_waiting") == 1
    assert 0.4 < of(text, "tta_cluster_turns_waiting_oldest_seconds") < 20


def reachable(text: str) -> dict[str, float]:
    return {
        dict(labels)["part"]: value
        for (name, labels), value in samples(text).items()
        if name == "tta_reachable"
    }


async def quick(look: Any, within_s: float = 3.0) -> Any:
    """What a look gives, which must not hang."""
    return await asyncio.wait_for(look, within_s)


@pytest.fixture
def frozen_postgresql(own_postgresql: PostgresqlServer) -> Iterator[PostgresqlServer]:  # noqa: F811
    yield own_postgresql
    own_postgresql.thaw()


@pytest.mark.parametrize("how", ["stop", "freeze"])
async def test_without_its_database_a_server_says_what_it_knows_and_hangs_nowhere(
    temporal: str, frozen_postgresql: PostgresqlServer, tmp_path: Path, how: str
) -> None:
    database = frozen_postgresql
    machines = Machines(temporal=temporal, database=database.address)
    options = {"machines": machines, "metrics": ServerMetrics()}
    async with accounts(tmp_path, **options) as there:
        olga = there.of("olga")
        before = await health(olga)
        await figures(olga)
        getattr(database, how)()
        found, text = await quick(health(olga)), await quick(figures(olga))
        again = await quick(health(olga))
        ready = await quick(there.nobody.get(f"{there.server.address}/readyz"))
        alive = await quick(there.nobody.get(f"{there.server.address}/healthz"))
        unknown = await quick(there.of("anna").client.get("/health"))
        {"stop": database.start, "freeze": database.thaw}[how]()
        back = await until(olga, lambda one: one["status"] == "ok", 20.0)

    assert before["reached"] == {"database": True, "temporal": True}
    assert found["reached"] == again["reached"] == {"database": False, "temporal": True}
    assert found["status"] == "no database"
    assert found["version"]
    assert found["queue"]["waiting"] is None
    assert found["queue"]["workers"] == 1, "Temporal still knows of it"
    assert reachable(text) == {"database": 0, "temporal": 1}
    assert "\ntta_cluster_turns_waiting " not in text, "not known is no number"
    assert (ready.status_code, ready.json()["status"]) == (503, "no database")
    assert alive.status_code == 200
    assert unknown.status_code == 503
    assert back["reached"]["database"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_without_temporal_a_server_says_so_and_hangs_nowhere(
    postgresql_database: str, tmp_path: Path, how: signal.Signals
) -> None:
    with temporal_server() as (address, process):
        async with alone(address, postgresql_database, tmp_path) as server:
            before = await health(server)
            process.send_signal(how)
            await until(server, lambda one: one["status"] == "no Temporal")
            found, text = await quick(health(server)), await quick(figures(server))
        process.send_signal(signal.SIGCONT)

    assert before["status"] == "no worker"
    assert found["status"] == "no Temporal"
    assert found["reached"] == {"database": True, "temporal": False}
    assert found["queue"]["workers"] is None
    assert reachable(text) == {"database": 1, "temporal": 0}
    assert of(text, "tta_cluster_turns_waiting") == 0
    assert "\ntta_cluster_workers " not in text
