"""Turns that workers play, beside the same turns in one process: overhead, waits, CPU, rate.

PostgreSQL, Temporal, servers, workers and a model server that answers at once, all on this machine:
what a turn takes is the programs' own. On two cores they wait for each other, so a rate with more
workers than cores is also said on paper: from the CPU that one turn takes.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tools.cluster import programs, servers
from tools.wire import RunningWire

from benchmarks import Row
from benchmarks.timing import at_most, quantile
from benchmarks.workloads.cluster import Player, cpu_s, histories, players, stored_bytes
from benchmarks.workloads.serving import load

MOST_OWN_MS = 195.0
"""At the median, over one process: what Temporal alone took elsewhere on such a machine."""

MOST_CPU_MS = 120.0


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
        await one.play(3)  # what the first ones load
    for _ in range(many):
        await near.turn()
        await far.turn()
    far_ms, near_ms = ([turn.took_ms for turn in one.turns[3:]] for one in (far, near))
    own_ms = quantile(far_ms, 0.5) - quantile(near_ms, 0.5)
    p95_ms = quantile(far_ms, 0.95) - quantile(near_ms, 0.95)
    kept = await histories(temporal, [turn.turn_id for turn in far.turns[3:]])
    return [
        at_most(
            f"{many} turns one by one: overhead of a worker, median",
            own_ms,
            MOST_OWN_MS,
            "ms",
            f"a worker {_two(far_ms)}; one process {_two(near_ms)} (median, p95)",
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
        await asyncio.gather(*(one.play(each) for one in all_of_them))
        took_s = time.perf_counter() - began
        used = {name: cpu_s(ids) - before[name] for name, ids in groups.items()}
    turns = len(all_of_them) * each
    cpu_ms = {name: used_s * 1000 / turns for name, used_s in used.items()}
    took_ms = [turn.took_ms for one in all_of_them for turn in one.turns[1:]]
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
