"""Promises 5 and 6 of the story set, as far as the story log keeps them."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path
from sqlite3 import connect

from benchmarks.figures import Row
from benchmarks.storage_load import AT, BRANCH, EVENTS_A_TURN, STORY, filled, turn_of
from tta_rebuild.core.errors import (
    PositionConflict,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreNewer,
    StoreReadOnly,
    StoryError,
)
from tta_rebuild.storage.sql_store import SqlStoryStore

_SIZES = (1_000, 100_000, 1_000_000)
_QUICK_SIZES = (1_000, 10_000, 50_000)
_RATIO = 1.5


async def measure(quick: bool) -> AsyncIterator[Row]:
    sizes = _QUICK_SIZES if quick else _SIZES
    with tempfile.TemporaryDirectory() as home:
        async with AsyncExitStack() as stack:
            players = []
            for size in sizes:
                store = await stack.enter_async_context(await filled(Path(home) / str(size), size))
                players.append(_Player(store))
            async for row in _flatness(players, sizes, rounds=100 if quick else 1_000):
                yield row
            yield await _deep_tail(players[0], rounds=50 if quick else 300)
            yield await _long_read(players[-1].store, turns=1_000 if quick else 10_000)
    for name, error, says, attempt in _CONDITIONS:
        with tempfile.TemporaryDirectory() as home:
            yield await _condition(name, error, says, attempt, Path(home))


class _Player:
    """Plays on a fork of the measured story, from its end, so that its length stays what it is."""

    def __init__(self, store: SqlStoryStore) -> None:
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
        assert len(await self.store.tail(self.branch_id, 50)) == 50


async def _seconds(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def _flatness(
    players: list[_Player], sizes: tuple[int, ...], *, rounds: int
) -> AsyncIterator[Row]:
    """All sizes take turns in one run, so that the machine's noise falls on each of them alike."""
    works: dict[str, Callable[[_Player], Awaitable[None]]] = {
        "fork": _Player.fork,
        "append of a turn": _Player.append,
        "last 50 events": _Player.tail,
    }
    taken: dict[tuple[str, int], list[float]] = {(w, s): [] for w in works for s in sizes}
    for number in range(-5, rounds):
        order = list(zip(sizes, players, strict=True))
        for size, player in order[number % 3 :] + order[: number % 3]:
            for name, work in works.items():
                if name == "fork" and number % 5:
                    continue
                seconds = await _seconds(work(player))
                if number >= 0:
                    taken[name, size].append(seconds)
    first, last = sizes[0], sizes[-1]
    for name in ("append of a turn", "last 50 events", "fork"):
        number = "5c" if name == "fork" else "5a"
        for size in sizes:
            spread = taken[name, size]
            yield Row(
                number=number,
                what=f"{name} at {size:,} events, p50 / p99",
                measured=f"{_quantile(spread, 0.5):.2f} / {_quantile(spread, 0.99):.2f} ms",
                bound="",
                ok=True,
            )
        for share, label in ((0.5, "p50"), (0.99, "p99")):
            ratio = _quantile(taken[name, last], share) / _quantile(taken[name, first], share)
            yield Row(
                number=number,
                what=f"{name}: {label} at {last:,} over {first:,} events",
                measured=f"{ratio:.2f}",
                bound=f"at most {_RATIO}",
                ok=ratio <= _RATIO,
            )


def _quantile(seconds: list[float], share: float) -> float:
    """In milliseconds."""
    ordered = sorted(seconds)
    return 1_000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


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
        for branch_id, seconds in taken.items():
            seconds.append(await _seconds(store.tail(branch_id, 50)))
    one, many = (_quantile(seconds, 0.5) for seconds in taken.values())
    return Row(
        number="5c",
        what="last 50 events at the end of 200 forks, over one branch (p50)",
        measured=f"{many:.2f} ms, {many / one:.2f} times",
        bound="(reported)",
        ok=True,
    )


async def _long_read(store: SqlStoryStore, *, turns: int) -> Row:
    began = time.perf_counter()
    events = 0
    async for _ in store.read(BRANCH, upto=turns * EVENTS_A_TURN):
        events += 1
    seconds = time.perf_counter() - began
    return Row(
        number="5c",
        what=f"reading a story of {turns:,} turns ({events:,} events)",
        measured=f"{seconds:.2f} s, {events / seconds:,.0f} events/s",
        bound="(reported)",
        ok=events == turns * EVENTS_A_TURN,
    )


# ------------------------------------------------------------------------------- conditions


async def _condition(
    name: str,
    expected: type[StoreError | StoryError],
    says: str,
    attempt: Callable[[Path], Awaitable[None]],
    home: Path,
) -> Row:
    try:
        await attempt(home)
        measured, ok = "no error at all", False
    except (StoreError, StoryError) as error:
        ok = type(error) is expected and says in str(error)
        measured = type(error).__name__ if ok else f"{type(error).__name__}: {error}"
    except PermissionError as error:
        measured, ok = f"not measured: {error}", False
    return Row(number="6", what=name, measured=measured, bound=f"says '{says}'", ok=ok)


async def _newer(home: Path) -> None:
    await _edit(home, "UPDATE alembic_version SET version_num = '9999'")
    await SqlStoryStore.open(home)


async def _unreadable(home: Path) -> None:
    (home / "stories.db").write_bytes(b"no database " * 999)
    await SqlStoryStore.open(home)


async def _cut(home: Path) -> None:
    await _edit(home, "DELETE FROM events WHERE position = 5")
    async with await SqlStoryStore.open(home) as store:
        try:
            await store.tail(BRANCH, 100)
        except StoreDamaged as error:
            saved = await store.fork(BRANCH, error.good_upto or 0, at=AT)
            if len([r async for r in store.read(saved.branch_id)]) != 4:
                raise AssertionError("the good part was not saved") from error
            raise


async def _edit(home: Path, sql: str) -> None:
    await (await filled(home, 17)).close()
    with closing(connect(home / "stories.db")) as connection:
        connection.execute(sql)
        connection.commit()


async def _second(home: Path) -> None:
    async with await SqlStoryStore.open(home):
        await SqlStoryStore.open(home)


async def _wrong_position(home: Path) -> None:
    async with await filled(home, 17) as store:
        try:
            await store.append(BRANCH, 9, turn_of(9), expected=5, at=AT)
        finally:
            if (await store.branch(BRANCH)).length != 17:
                raise AssertionError("something was stored")


async def _full(home: Path) -> None:
    await _mounted(home, "size=2m")
    try:
        async with await filled(home, 17) as store:
            length, turn = 17, 100
            while turn < 10_000:
                bulk = turn_of(turn) * 20
                try:
                    length = await store.append(BRANCH, turn, bulk, expected=length, at=AT)
                except StoreFull:
                    if len([r async for r in store.read(BRANCH)]) != length:
                        raise AssertionError("a stored turn was lost") from None
                    raise
                turn += 1
    finally:
        await _command("umount", "--lazy", str(home))


async def _read_only(home: Path) -> None:
    await _mounted(home, "size=2m")
    try:
        await (await filled(home, 17)).close()
        await _command("mount", "-o", "remount,ro", str(home))
        async with await SqlStoryStore.open(home, read_only=True) as store:
            if (await store.story(STORY)).turns != 2:
                raise AssertionError("cannot be read")
        await SqlStoryStore.open(home)
    finally:
        await _command("umount", "--lazy", str(home))


async def _mounted(home: Path, options: str) -> None:
    if await _command("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(home)):
        raise PermissionError("needs root, to mount a small file system")


async def _command(*words: str) -> int:
    done = await asyncio.to_thread(subprocess.run, words, capture_output=True, check=False)
    return done.returncode


_CONDITIONS: tuple[
    tuple[str, type[StoreError | StoryError], str, Callable[[Path], Awaitable[None]]], ...
] = (
    ("a database of a newer version", StoreNewer, "upgrade tta", _newer),
    ("a file that is no database", StoreDamaged, "is not a database", _unreadable),
    ("an event log cut in the middle, its good part saved", StoreDamaged, "up to event 4", _cut),
    ("a full disk (2 MB file system), no stored turn lost", StoreFull, "no space left", _full),
    ("a read-only file system, still readable", StoreReadOnly, "cannot be written", _read_only),
    ("a second process on the data directory", StoreLocked, "another process", _second),
    (
        "a wrong expected position, nothing stored",
        PositionConflict,
        "load the story",
        _wrong_position,
    ),
)
