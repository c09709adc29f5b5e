"""The story log: append, tail and fork cost the same at any length; beside bare ``sqlite3``."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from sqlite3 import connect
from typing import Any, cast

from benchmarks import Row
from benchmarks.timing import quantile, seconds
from benchmarks.workloads.stored_story import AT, BRANCH, EVENTS_A_TURN, filled, turn_of
from tta_rebuild.storage.story_store import StoryStore

SIZES, QUICK_SIZES = (1_000, 100_000, 1_000_000), (1_000, 10_000, 50_000)
MOST_RATIO = 1.5


async def measure(quick: bool) -> AsyncIterator[Row]:
    sizes = QUICK_SIZES if quick else SIZES
    with tempfile.TemporaryDirectory() as home:
        async with AsyncExitStack() as stack:
            players = []
            for size in sizes:
                store = await stack.enter_async_context(await filled(Path(home) / str(size), size))
                players.append(_Player(store))
            bare = _BareLog(Path(home))
            stack.callback(bare.database.close)
            async for row in _flatness(players, sizes, bare, rounds=60 if quick else 1_000):
                yield row
            yield await _deep_tail(players[0], rounds=50 if quick else 300)
            yield await _long_read(players[-1].store, turns=1_000 if quick else 10_000)


class _Player:
    """Plays on a fork of the measured story, from its end, so that its length stays what it is."""

    def __init__(self, store: StoryStore) -> None:
        self.store = store
        self.branch_id = BRANCH
        self.length = self.turn = 0

    async def fork(self) -> None:
        main = await self.store.branch(BRANCH)
        fork = await self.store.fork(BRANCH, main.length, at=AT)
        self.branch_id, self.length, self.turn = fork.branch_id, fork.length, fork.turn

    async def append(self) -> None:
        self.turn += 1
        self.length = await self.store.append(
            self.branch_id, self.turn, turn_of(self.turn), expected=self.length, at=AT
        )

    async def tail(self) -> None:
        await _last(self.store, self.branch_id)


async def _last(store: StoryStore, branch_id: str, count: int = 50) -> None:
    """Read a branch's last events."""
    length = (await store.branch(branch_id)).length
    read = [event async for event in store.read(branch_id, after=length - count)]
    assert len(read) == count


class _BareLog:
    """The peer: the same events as rows of JSON, a durable transaction each, ``sqlite3`` alone."""

    def __init__(self, home: Path) -> None:
        self.database = connect(home / "bare.db", isolation_level=None)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = FULL")
        self.database.execute("CREATE TABLE events (position INTEGER PRIMARY KEY, body TEXT)")

    def append_ms(self, turn: int) -> float:
        began = time.perf_counter()
        rows = [(json.dumps(asdict(cast(Any, event))),) for event in turn_of(turn)]
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany("INSERT INTO events (body) VALUES (?)", rows)
        self.database.execute("COMMIT")
        return (time.perf_counter() - began) * 1000


async def _flatness(
    players: list[_Player], sizes: tuple[int, ...], bare: _BareLog, *, rounds: int
) -> AsyncIterator[Row]:
    """All sizes take turns in one run, so that the machine's noise falls on each of them alike."""
    works: dict[str, Callable[[_Player], Awaitable[None]]] = {
        "fork": _Player.fork,
        "append of a turn": _Player.append,
        "last 50 events": _Player.tail,
    }
    taken: dict[tuple[str, int], list[float]] = {(w, s): [] for w in works for s in sizes}
    bare_ms = []
    for number in range(-10, rounds):
        bare_ms.append(bare.append_ms(number))
        order = list(zip(sizes, players, strict=True))
        for size, player in order[number % 3 :] + order[: number % 3]:
            for name, work in works.items():
                if name == "fork" and number % (5 if rounds > 100 else 2):
                    continue
                took_s = await seconds(work(player))
                if number >= 0:
                    taken[name, size].append(took_s * 1000)
    for name in works:
        alone = f"sqlite3 alone {quantile(bare_ms, 0.5):.2f} ms" if name.startswith("app") else ""
        for size in sizes:
            spread = taken[name, size]
            yield Row(
                what=f"{name} at {size:,} events, p50 / p99",
                measured=f"{quantile(spread, 0.5):.2f} / {quantile(spread, 0.99):.2f} ms",
                peer=alone,
            )
        for share, label in ((0.5, "p50"), (0.99, "p99")):
            first, last = (quantile(taken[name, size], share) for size in (sizes[0], sizes[-1]))
            yield Row(
                what=f"{name}: {label} at {sizes[-1]:,} over {sizes[0]:,} events",
                measured=f"{last / first:.2f} x",
                # A 99th percentile of few rounds is the machine's, not ours.
                bound=f"<= {MOST_RATIO} x" if label == "p50" or rounds > 100 else "",
                ok=last / first <= MOST_RATIO if label == "p50" or rounds > 100 else None,
            )


async def _deep_tail(player: _Player, *, rounds: int) -> Row:
    """The same last 50 events on one branch, and at the end of 200 branches of one turn each."""
    store = player.store
    flat, deep = [await store.fork(BRANCH, 9, at=AT) for _ in range(2)]
    length = 9
    for turn in range(2, 202):
        for branch in (flat, deep):
            await store.append(branch.branch_id, 500 + turn, turn_of(turn), expected=length, at=AT)
        length += EVENTS_A_TURN
        deep = await store.fork(deep.branch_id, length, at=AT)
    taken: dict[str, list[float]] = {flat.branch_id: [], deep.branch_id: []}
    for _ in range(rounds):
        for branch_id, spread in taken.items():
            spread.append(await seconds(_last(store, branch_id)))
    one, many = (quantile(spread, 0.5) for spread in taken.values())
    return Row(
        what="last 50 events at the end of 200 forks, over one branch (p50)",
        measured=f"{many / one:.2f} x ({many * 1000:.2f} ms)",
    )


async def _long_read(store: StoryStore, *, turns: int) -> Row:
    began = time.perf_counter()
    events = len([None async for _ in store.read(BRANCH, upto=turns * EVENTS_A_TURN)])
    took_s = time.perf_counter() - began
    return Row(
        what=f"reading a story of {turns:,} turns ({events:,} events)",
        measured=f"{took_s:.2f} s, {events / took_s:,.0f} events/s",
    )
