"""Many players on one worker and on four, with a model's times: what is the program's own?

Players ask for a turn, read it for a while and go on; each turn is a scene and two checks, and each
answer of the model server has times of its own. All programs share this machine. First half
of the players are served by workers that have room, the other half by a server that plays turns
itself, at the same time: what a turn takes without the model. Then all of them by four workers, and
by one, that have few turns at once: there the model's times bind, as they do for real.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from tools.cluster import programs, servers
from tools.wire import RunningWire
from tools.wire.state import Record

from benchmarks import Row
from benchmarks.timing import at_least, at_most, quantile
from benchmarks.workloads.cluster import (
    Histories,
    Played,
    Player,
    connected,
    cpu_s,
    histories,
    players,
    sessions,
)
from benchmarks.workloads.serving import load

MOST_OWN_MS, MOST_CPU_MS, LEAST_TIMES = 195.0, 200.0, 3.2
"""Of a worker over one process, at the median; CPU of worker and server; four workers over one."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured; times in seconds.

    Attributes:
        slots: turns of a worker at once, where they are few.
        first_token_s, tokens_per_s: of the model.
        reads_s: between the end of a turn and the next move.
    """

    players: int
    slots: int
    first_token_s: tuple[float, float]
    tokens_per_s: tuple[float, float]
    reads_s: tuple[float, float]
    settles_s: float
    window_s: float


FULL = Size(
    players=200,
    slots=16,
    first_token_s=(0.6, 2.0),
    tokens_per_s=(40, 90),
    reads_s=(12, 24),
    settles_s=12,
    window_s=45,
)
QUICK = Size(
    players=24,
    slots=2,
    first_token_s=(0.1, 0.3),
    tokens_per_s=(250, 500),
    reads_s=(2, 4),
    settles_s=3,
    window_s=6,
)


@dataclass
class Crowd:
    """Players that play until they are told to stop, and read for so long between turns."""

    reads_s: tuple[float, float]
    turns: list[Played] = field(default_factory=list)
    trouble: Counter[str] = field(default_factory=Counter)
    _playing: list[asyncio.Task[None]] = field(default_factory=list)

    def join(self, newcomers: Sequence[Player]) -> None:
        """More players, who begin one by one while the others read."""
        for one in newcomers:
            self._playing.append(asyncio.create_task(self._play(one)))

    async def underway(self, within_s: float = 90.0) -> None:
        """Wait until each has played a turn."""
        ends_s = time.monotonic() + within_s
        while len({turn.player for turn in self.turns}) < len(self._playing):
            if time.monotonic() > ends_s:
                raise TimeoutError(f"of {len(self._playing)} players not all have played a turn")
            await asyncio.sleep(0.1)

    async def leave(self) -> None:
        """None plays on."""
        for task in self._playing:
            task.cancel()
        await asyncio.gather(*self._playing, return_exceptions=True)
        self._playing.clear()

    async def _play(self, player: Player) -> None:
        chance = random.Random(player.number)
        await asyncio.sleep(chance.uniform(0, self.reads_s[1]))
        while True:
            try:
                self.turns.append(await player.turn())
            except (RuntimeError, httpx.HTTPError) as error:
                self.trouble[f"{error or type(error).__name__}"] += 1
                player.branch = ""
                player.turns.clear()
            await asyncio.sleep(chance.uniform(*self.reads_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What was seen while all went on: turns that ended, and CPU in milliseconds a turn."""

    turns: Sequence[Played]
    took_s: float
    cpu_ms: Mapping[str, float]
    connections: Mapping[str, int]

    @property
    def rate(self) -> float:
        """Turns a second."""
        return len(self.turns) / self.took_s

    @property
    def said(self) -> str:
        """CPU by program."""
        return ", ".join(f"{name} {ms:.0f}" for name, ms in self.cpu_ms.items()) + " ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is there during a run, and whose processes are whose."""

    size: Size
    place: programs.Place
    wire: RunningWire
    processes: Mapping[str, int]

    async def window(self, crowd: Crowd, **more: Sequence[int]) -> Window:
        """Watch a crowd for a while; ``more`` are further processes by name."""
        groups = {**more, **{name: [one] for name, one in self.processes.items()}}
        before = {name: cpu_s(ids) for name, ids in groups.items()}
        began_s, seen = time.monotonic(), len(crowd.turns)
        await asyncio.sleep(self.size.window_s / 2)
        held = await self._connections()
        await asyncio.sleep(began_s + self.size.window_s - time.monotonic())
        took_s, turns = time.monotonic() - began_s, crowd.turns[seen:]
        if not turns:
            raise RuntimeError("no turn ended while it was measured: this machine is too busy")
        used = {name: cpu_s(ids) - before[name] for name, ids in groups.items()}
        cpu_ms = {name: used_s * 1000 / len(turns) for name, used_s in used.items()}
        return Window(turns=turns, took_s=took_s, cpu_ms=cpu_ms, connections=held)

    async def at_rest(self, seconds: float, **more: Sequence[int]) -> Row:
        """What the programs take while nobody plays."""
        groups = {**more, **{name: [one] for name, one in self.processes.items()}}
        before = {name: cpu_s(ids) for name, ids in groups.items()}
        began_s = time.monotonic()
        await asyncio.sleep(seconds)
        took_s = time.monotonic() - began_s
        used = {name: (cpu_s(ids) - before[name]) * 1000 / took_s for name, ids in groups.items()}
        said = ", ".join(f"{name} {ms:.0f}" for name, ms in used.items())
        return Row(
            what="CPU at rest, four workers", measured="see beside", peer=f"{said} ms a second"
        )

    async def _connections(self) -> Mapping[str, int]:
        ports = {
            "Redis": urlsplit(self.place.redis).port or 0,
            "Temporal": int(self.place.temporal.rpartition(":")[2]),
            "the model": urlsplit(self.wire.url).port or 0,
        }
        found = {name: connected(port) for name, port in ports.items()}
        return {"PostgreSQL": await sessions(self.place.database), **found}


def model_s(calls: Sequence[Record], turn: Played) -> float:
    """How long a model was at work on a turn: calls at the same time count once."""
    total, until_s = 0.0, turn.began_s
    for call in sorted(calls, key=lambda call: call.at):
        ended_s = call.ended_at or turn.ended_s
        if turn.began_s <= call.at and ended_s <= turn.ended_s:
            total += max(0.0, ended_s - max(call.at, until_s))
            until_s = max(until_s, ended_s)
    return total


def own_ms(turns: Sequence[Played], records: Sequence[Record]) -> list[float]:
    """Of each turn, what it took without the model."""
    calls = defaultdict[str, list[Record]](list)
    for record in records:
        calls[record.label].append(record)
    return [turn.took_ms - 1000 * model_s(calls[turn.player], turn) for turn in turns]


def two(values: Sequence[float]) -> str:
    """Median and 95th of a hundred; "nothing" if there is none."""
    if not values:
        return "nothing"
    return f"{quantile(values, 0.5):,.0f}, {quantile(values, 0.95):,.0f} ms"


async def measure(quick: bool) -> AsyncIterator[Row]:
    size = QUICK if quick else FULL
    try:
        servers.temporal_program()
        servers.postgresql_module()
        servers.redis_program()
    except servers.NotHere as error:
        yield Row(what="players on workers", measured=f"not measured: {error}")
        return
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        far, scene = await _begun(stack, home, size)
        crowd, half = Crowd(size.reads_s), size.players // 2
        async with AsyncExitStack() as opened:
            roomy = await opened.enter_async_context(AsyncExitStack())
            fleet = await roomy.enter_async_context(programs.Fleet(scene.place, 4))
            everybody = await opened.enter_async_context(players(far, range(size.players)))
            opened.push_async_callback(crowd.leave)
            yield await scene.at_rest(size.settles_s / 2, workers=fleet.process_ids)
            crowd.join(everybody[:half])
            async for row in _with_room(scene, crowd, fleet):
                yield row
            crowd.join(everybody[half:])
            few = programs.Fleet(scene.place, 4, "--turns", f"{size.slots}")
            await opened.enter_async_context(few)
            await roomy.aclose()
            await crowd.underway()
            async for row in _few_at_once(scene, crowd, few):
                yield row
            await crowd.leave()
            few.kill(random.Random(0))  # it would tell on for a while, for nobody
            trouble = dict(crowd.trouble)
            yield Row(
                what=f"{len(crowd.turns):,} turns of workers in all: not stored",
                measured=f"{sum(trouble.values())}",
                bound="0",
                ok=not trouble,
                peer=f"{trouble or ''} {load()}",
            )


async def _begun(stack: ExitStack, home: Path, size: Size) -> tuple[str, Scene]:
    """The address of a server whose turns workers play, and all that it needs but workers."""
    pace = {"first_token_s": size.first_token_s, "tokens_per_s": size.tokens_per_s}
    wire = stack.enter_context(RunningWire(label=r"Wren\d+", words=130, rich=True, **pace))
    temporal, temporal_process = stack.enter_context(servers.temporal())
    place = programs.Place(
        folder=home,
        database=stack.enter_context(servers.postgresql(home)),
        temporal=temporal,
        redis=stack.enter_context(servers.redis()),
        more={
            **programs.at_the_models(home, wire.url),
            "TTA_LOG_LEVEL": "ERROR",
            "TTA_CHECKS": "all",
            "TTA_BUDGET_PER_DAY": "1000",
        },
    )
    address, server_id = stack.enter_context(programs.server(place))
    processes = {
        "server": server_id,
        "Temporal": temporal_process.pid,
        "PostgreSQL": int((home / "data" / "postmaster.pid").read_text().split()[0]),
        "Redis": await _redis_process(place.redis),
    }
    return address, Scene(size=size, place=place, wire=wire, processes=processes)


async def _with_room(scene: Scene, crowd: Crowd, fleet: programs.Fleet) -> AsyncIterator[Row]:
    """Four workers beside one process: half of the players each."""
    size, place = scene.size, scene.place
    (own := place.folder / "own").mkdir()
    numbers = range(size.players, size.players + size.players // 2)
    at_home, beside = replace(place, folder=own), Crowd(size.reads_s)
    with programs.server(at_home, runner="process") as (near, near_id):
        async with players(near, numbers) as neighbours:
            beside.join(neighbours)
            try:
                await asyncio.gather(crowd.underway(), beside.underway())
                await asyncio.sleep(size.settles_s)
                seen = len(beside.turns)
                window = await scene.window(crowd, workers=fleet.process_ids, process=[near_id])
                at_home_turns = beside.turns[seen:]
            finally:
                await beside.leave()
            records = await asyncio.to_thread(scene.wire.records)
            kept = await histories(place.temporal, [turn.turn_id for turn in window.turns])
    far_ms, near_ms = (own_ms(turns, records) for turns in (window.turns, at_home_turns))
    process_ms = window.cpu_ms["process"] * len(window.turns) / max(1, len(at_home_turns))
    took = [turn.took_ms for turn in window.turns]
    half = size.players // 2
    yield at_most(
        f"{half} players on four workers, {half} on one process: more of a turn's own time, median",
        quantile(far_ms, 0.5) - quantile(near_ms, 0.5),
        MOST_OWN_MS,
        "ms",
        f"workers {two(far_ms)}; one process {two(near_ms)} (median, p95, without the model)",
    )
    yield Row(
        what="asked → began, median, p95",
        measured=two(kept.began_ms),
        peer=f"{len(took)} and {len(at_home_turns)} turns that took {two(took)} with the model",
    )
    yield at_most(
        "CPU of worker and server a turn",
        window.cpu_ms["workers"] + window.cpu_ms["server"],
        MOST_CPU_MS,
        "ms",
        f"{_without(window, 'process')}; one process {process_ms:.0f} ms; PostgreSQL for both",
    )


def _without(window: Window, name: str) -> str:
    cpu_ms = {one: ms for one, ms in window.cpu_ms.items() if one != name}
    return replace(window, cpu_ms=cpu_ms).said


async def _few_at_once(scene: Scene, crowd: Crowd, fleet: programs.Fleet) -> AsyncIterator[Row]:
    """Four workers, then one, each with few turns at once."""
    size, found = scene.size, list[Window]()
    for workers in (4, 1):
        await fleet.shrink(workers)
        await asyncio.sleep(size.settles_s)
        window = await scene.window(crowd, workers=fleet.process_ids)
        records = await asyncio.to_thread(scene.wire.records)
        ids = [turn.turn_id for turn in window.turns]
        kept = await histories(scene.place.temporal, ids)
        found.append(window)
        yield _rate(f"{workers} worker(s) of {size.slots} turns, {size.players} players", window)
        yield Row(
            what="asked → began, median, p95",
            measured=two(kept.began_ms),
            peer=f"without model and wait {two(_unwaited(window, records, kept))}",
        )
        held = ", ".join(f"{name} {many}" for name, many in window.connections.items())
        yield Row(what="connections held", measured=held)
    four, one = found
    yield at_least("four workers over one", four.rate / one.rate, LEAST_TIMES, "times")
    a_core = {name: 1000 / w.cpu_ms["workers"] for name, w in (("one", one), ("four", four))}
    yield at_least(
        "the same where CPU binds, on paper: a core for each worker",
        4 * a_core["four"] / a_core["one"],
        LEAST_TIMES,
        "times",
        f"a worker with a core of its own {a_core['one']:.1f} turns a second, each of four "
        f"{a_core['four']:.1f}",
    )


def _rate(name: str, window: Window) -> Row:
    return Row(
        what=f"{name}: turns a second",
        measured=f"{window.rate:.2f}",
        peer=f"{len(window.turns)} turns; CPU a turn: {window.said}; {load()}",
    )


def _unwaited(window: Window, records: Sequence[Record], kept: Histories) -> list[float]:
    own = zip(window.turns, own_ms(window.turns, records), strict=True)
    return [ms - kept.began[turn.turn_id] for turn, ms in own if turn.turn_id in kept.began]


async def _redis_process(url: str) -> int:
    from redis.asyncio import Redis

    client: Any = Redis.from_url(url)
    async with client:
        return int((await client.info("server"))["process_id"])
