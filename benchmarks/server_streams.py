"""Many streams at once through one worker at 20 pieces a second, beside a bare Starlette stream."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from benchmarks import Row
from benchmarks.timing import at_most, quantile
from benchmarks.workloads.serving import Program, Reader, load, program

PIECES_A_SECOND = 20
MOST_MB, MOST_RATIO = 250, 1.5


@dataclass(kw_only=True)
class Found:
    """What came of one run."""

    lost: int
    cpu_ms: float
    resident_mb: float
    late_s: float


async def read_all(server: Program, streams: int, pieces: int) -> Found:
    """Follow every turn to its end; CPU is from the first piece to the last, for each stream."""
    loop, done = asyncio.get_running_loop(), asyncio.Queue[Reader]()
    readers = []
    for number in range(streams):
        reader = Reader(f"/api/v1/turns/t{number}/events", done)
        await loop.create_connection(lambda reader=reader: reader, "127.0.0.1", server.port)  # type: ignore[misc]
        readers.append(reader)
    await asyncio.gather(*(reader.answered for reader in readers))
    before_s, began = server.cpu_s(), time.monotonic()
    go = Request(f"{server.address}/go", method="POST")
    await asyncio.to_thread(lambda: urlopen(go).close())
    resident_mb = 0.0
    for _ in readers:
        await asyncio.wait_for(done.get(), 120 + pieces / PIECES_A_SECOND)
        resident_mb = max(resident_mb, server.resident_mb()) if done.qsize() < 3 else resident_mb
    took_s, cpu_s = time.monotonic() - began, server.cpu_s() - before_s
    wanted = list(range(1, pieces + 2))
    return Found(
        lost=sum(reader.numbers() != wanted for reader in readers),
        cpu_ms=cpu_s * 1000 / streams,
        resident_mb=max(resident_mb, server.resident_mb()),
        late_s=took_s - pieces / PIECES_A_SECOND,
    )


async def measure(quick: bool) -> AsyncIterator[Row]:
    streams, seconds, runs = (200, 5, 2) if quick else (1_000, 20, 3)
    pieces = seconds * PIECES_A_SECOND
    found: dict[str, list[Found]] = {"pieces": [], "bare": []}
    with tempfile.TemporaryDirectory() as home:
        for number in range(runs):
            for kind, runs_of_it in found.items():
                directory = Path(home) / f"{kind}-{number}"
                with program(kind, directory, turns=streams, pieces=pieces) as server:
                    runs_of_it.append(await read_all(server, streams, pieces))
    ours, theirs = found["pieces"], found["bare"]
    name = f"{streams:,} streams at {PIECES_A_SECOND} pieces a second for {seconds} s"
    lost = sum(run.lost for run in ours)
    yield Row(what=f"{name}: lost or out of order", measured=f"{lost}", bound="0", ok=lost == 0)
    bare_mb = max(run.resident_mb for run in theirs)
    most_mb = max(run.resident_mb for run in ours)
    yield at_most("resident memory of the worker", most_mb, MOST_MB, "MB", f"bare {bare_mb:.0f} MB")
    own_ms, bare_ms = (min(run.cpu_ms for run in runs) for runs in (ours, theirs))
    told = f"bare {bare_ms:.1f} ms, ours {own_ms:.1f} ms ({load()})"
    yield at_most("CPU of a stream, times a bare one", own_ms / bare_ms, MOST_RATIO, "times", told)
    late = quantile([run.late_s for run in ours], 0.5)
    bare_late = quantile([run.late_s for run in theirs], 0.5)
    yield Row(
        what="the last piece after its time, median of the runs",
        measured=f"{late:.2f} s",
        peer=f"bare {bare_late:.2f} s",
    )
