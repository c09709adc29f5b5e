"""Turns that workers play, beside the same turns in one process: overhead, waits, CPU, rate.

PostgreSQL, Temporal, servers, workers and a model server that answers at once, all on this machine:
what a turn takes is the programs' own. On two cores they wait for each other, so a rate with more
workers than cores is also said on paper: from the CPU that one turn takes.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
from tools.cluster import programs, servers
from tools.wire import RunningWire

from benchmarks import Row
from benchmarks.server_players import followed
from benchmarks.timing import at_most, quantile
from benchmarks.workloads.serving import load

THEMES = ("A lighthouse keeper finds a door under the stairs.", "Two sisters inherit a bakery.")
MOST_OWN_MS = 195.0
"""At the median, over one process: what Temporal alone took elsewhere on such a machine."""

MOST_CPU_MS = 120.0


@dataclass
class Player:
    """Plays one story through one server, from an address of its own."""

    web: httpx.AsyncClient
    number: int
    branch: str = ""
    played: int = 0
    took_ms: list[float] = field(default_factory=list)
    turn_ids: list[str] = field(default_factory=list)

    async def turn(self) -> None:
        """Ask for a turn and follow it to its end."""
        if not self.branch:
            theme = {"theme": THEMES[self.number % len(THEMES)], "seed": self.number}
            made = (await self.web.post("/stories", json=theme)).json()
            self.branch = f"/stories/{made['story_id']}/branches/main"
        wanted: dict[str, Any] = (
            {"kind": "choose", "choice": 1} if self.played else {"kind": "begin"}
        )
        key = {"Idempotency-Key": f"{self.branch.replace('/', '-')}-{self.played}"}
        began = time.perf_counter()
        asked = await self.web.post(f"{self.branch}/turns", json=wanted, headers=key)
        while asked.status_code == 409:  # the row of a turn follows its last update
            asked = await self.web.post(f"{self.branch}/turns", json=wanted, headers=key)
        asked.raise_for_status()
        turn_id = asked.json()["turn_id"]
        kinds = [kind async for kind in followed(self.web, turn_id, Counter())]
        if kinds[-1] != "stored":
            raise RuntimeError(f"a turn ended as {kinds[-1]}")
        self.took_ms.append((time.perf_counter() - began) * 1000)
        self.turn_ids.append(turn_id)
        self.played += 1

    async def turns(self, many: int) -> None:
        """So many turns, one after the other."""
        for _ in range(many):
            await self.turn()


@asynccontextmanager
async def players(address: str, numbers: Sequence[int]) -> AsyncIterator[list[Player]]:
    """Players of one server; each has an address, as the rate of each is bounded."""
    found = []
    for number in numbers:
        sent = httpx.AsyncHTTPTransport(
            local_address=f"127.0.{1 + number // 200}.{1 + number % 200}"
        )
        web = httpx.AsyncClient(base_url=f"{address}/api/v1", transport=sent, timeout=120)
        found.append(Player(web, number))
    try:
        yield found
    finally:
        for one in found:
            await one.web.aclose()


def cpu_s(process_ids: Sequence[int]) -> float:
    """CPU so far of programs and of those that they began, seconds."""
    found = 0.0
    for process_id in process_ids:
        root = psutil.Process(process_id)
        for one in (root, *root.children(recursive=True)):
            used = one.cpu_times()
            found += used.user + used.system
    return float(found)


@dataclass
class Histories:
    """What Temporal kept of turns: how long each task lay in its queue, and how much it is."""

    ordering_ms: list[float] = field(default_factory=list)
    telling_ms: list[float] = field(default_factory=list)
    events: int = 0
    size: int = 0


async def histories(temporal: str, turn_ids: Sequence[str]) -> Histories:
    """The histories of these turns."""
    from temporalio.client import Client

    client, found = await Client.connect(temporal), Histories()
    for turn_id in turn_ids:
        asked: dict[int, datetime] = {}
        async for event in client.get_workflow_handle(turn_id).fetch_history_events():
            found.events += 1
            found.size += event.ByteSize()
            at = event.event_time.ToDatetime()
            asked[event.event_id] = at
            if event.HasField("workflow_task_started_event_attributes"):
                since = asked[event.workflow_task_started_event_attributes.scheduled_event_id]
                found.ordering_ms.append((at - since).total_seconds() * 1000)
            elif event.HasField("activity_task_started_event_attributes"):
                since = asked[event.activity_task_started_event_attributes.scheduled_event_id]
                found.telling_ms.append((at - since).total_seconds() * 1000)
    return found


async def stored_bytes(database: str) -> int:
    """How large a database is."""
    import asyncpg

    connection = await asyncpg.connect(database)
    try:
        size: int = await connection.fetchval("SELECT pg_database_size(current_database())")
    finally:
        await connection.close()
    return size


def _two(values: Sequence[float]) -> str:
    return f"{quantile(values, 0.5):.0f}, {quantile(values, 0.95):.0f} ms"


async def measure(quick: bool) -> AsyncIterator[Row]:
    alone, many, each = (30, 16, 3) if quick else (200, 64, 10)
    try:
        servers.temporal_program()
        servers.postgresql_module()
    except servers.NotHere as error:
        yield Row(what="turns that workers play", measured=f"not measured: {error}")
        return
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        wire = stack.enter_context(RunningWire(words=130))
        temporal, temporal_process = stack.enter_context(servers.temporal())
        place = programs.Place(
            folder=home,
            database=stack.enter_context(servers.postgresql(home)),
            temporal=temporal,
            more={**programs.at_the_models(home, wire.url), "TTA_LOG_LEVEL": "ERROR"},
        )
        (own := home / "own").mkdir()
        at_home = replace(place, folder=own)
        with (
            programs.server(at_home, runner="process") as (one_process, _),
            programs.server(place) as (elsewhere, server_id),
        ):
            shared = {
                "server": server_id,
                "Temporal": temporal_process.pid,
                "PostgreSQL": int((home / "data" / "postmaster.pid").read_text().split()[0]),
            }
            async with (
                programs.Fleet(place, 1) as fleet,
                players(one_process, [0]) as [near],
                players(elsewhere, [1]) as [far],
            ):
                for row in await _one_after_the_other(near, far, alone, temporal):
                    yield row
                before = await stored_bytes(place.database)
                group = range(10, 10 + many)
                rate_of_one, row = await _together(elsewhere, group, each, fleet, shared)
                yield row
                grown = (await stored_bytes(place.database) - before) / many / (each + 1)
            async with programs.Fleet(place, 4) as fleet:
                group = range(110, 110 + many)
                rate_of_four, row = await _together(elsewhere, group, each, fleet, shared)
                yield row
            yield Row(
                what="four workers over one, on two cores that all programs share",
                measured=f"{rate_of_four / rate_of_one:.2f} times",
                peer=f"the database grows by {grown / 1000:.1f} KB a turn; {load()}",
            )


async def _one_after_the_other(near: Player, far: Player, many: int, temporal: str) -> list[Row]:
    for one in (near, far):
        await one.turns(3)  # what the first ones load
        one.took_ms.clear()
    for _ in range(many):
        await near.turn()
        await far.turn()
    own_ms = quantile(far.took_ms, 0.5) - quantile(near.took_ms, 0.5)
    p95_ms = quantile(far.took_ms, 0.95) - quantile(near.took_ms, 0.95)
    kept = await histories(temporal, far.turn_ids[3:])
    return [
        at_most(
            f"{many} turns one by one: overhead of a worker, median",
            own_ms,
            MOST_OWN_MS,
            "ms",
            f"a worker {_two(far.took_ms)}; one process {_two(near.took_ms)} (median, p95)",
        ),
        Row(what="the same at p95", measured=f"{p95_ms:.0f} ms"),
        Row(
            what="waits in queues, median, p95: steps",
            measured=_two(kept.ordering_ms),
            peer=f"telling {_two(kept.telling_ms)}",
        ),
        Row(
            what="what Temporal keeps of a turn",
            measured=f"{kept.events / many:.0f} events, {kept.size / many / 1000:.1f} KB",
        ),
    ]


async def _together(
    address: str,
    numbers: Sequence[int],
    each: int,
    fleet: programs.Fleet,
    shared: Mapping[str, int],
) -> tuple[float, Row]:
    workers = fleet.process_ids
    async with players(address, numbers) as all_of_them:
        await asyncio.gather(*(one.turn() for one in all_of_them))
        groups = {"worker": workers} | {name: [one] for name, one in shared.items()}
        before = {name: cpu_s(ids) for name, ids in groups.items()}
        began = time.perf_counter()
        await asyncio.gather(*(one.turns(each) for one in all_of_them))
        took_s = time.perf_counter() - began
        used = {name: cpu_s(ids) - before[name] for name, ids in groups.items()}
    turns = len(all_of_them) * each
    cpu_ms = {name: used_s * 1000 / turns for name, used_s in used.items()}
    took_ms = [took for one in all_of_them for took in one.took_ms[1:]]
    rate = turns / took_s
    said = ", ".join(f"{name} {ms:.0f}" for name, ms in cpu_ms.items())
    return rate, at_most(
        f"{len(workers)} worker(s), {len(all_of_them)} players: CPU of worker and server a turn",
        cpu_ms["worker"] + cpu_ms["server"],
        MOST_CPU_MS,
        "ms",
        f"{said} ms; {rate:.1f} turns a second, {_two(took_ms)}; a worker with a core of its own "
        f"{1000 / cpu_ms['worker']:.0f} a second on paper",
    )
