"""Several processes, and killed ones: no finished turn is lost, none is half there."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.storage.logs import path_of

from tta_rebuild.core.errors import PositionConflict
from tta_rebuild.storage.story_store import StoryStore

EVENTS_A_TURN = 5

PLAY = """
import asyncio, sys
from datetime import UTC, datetime
from tta_rebuild.core.events import PlayerActed
from tta_rebuild.storage.story_store import StoryStore

async def main():
    async with await StoryStore.open(sys.argv[1]) as store:
        branch = await store.branch("sea.1")
        length, turn = branch.length, branch.turn
        print("ready", flush=True)
        while True:
            turn += 1
            events = [PlayerActed(text=f"turn {turn} part {n} " + "wave " * 200) for n in range(5)]
            length = await store.append(
                "sea.1", turn, events, expected=length, at=datetime.now(UTC)
            )
            print(length, flush=True)

asyncio.run(main())
"""

OPEN = """
import asyncio, sys
from tta_rebuild.core.errors import StoreLocked
from tta_rebuild.storage.story_store import StoryStore

async def main():
    try:
        async with await StoryStore.open(sys.argv[1]) as store:
            print("opened", len(await store.stories()))
    except StoreLocked as error:
        print("locked", error)

asyncio.run(main())
"""


def start(program: str, home: Path) -> subprocess.Popen[str]:
    source = str(Path(__file__).parents[2] / "src")
    return subprocess.Popen(
        [sys.executable, "-c", program, str(home)],
        env={**os.environ, "PYTHONPATH": source},
        stdout=subprocess.PIPE,
        text=True,
    )


def play_until_killed(home: Path, *, after_turns: int, delay_s: float) -> int:
    """Kill the player in the midst of a turn; gives the last length it was told was stored."""
    with start(PLAY, home) as player:
        assert player.stdout is not None
        assert player.stdout.readline() == "ready\n"
        told = [int(player.stdout.readline()) for _ in range(after_turns)]
        try:
            player.wait(delay_s)
        except subprocess.TimeoutExpired:
            player.send_signal(signal.SIGKILL)
        told += [int(line) for line in player.stdout if line.endswith("\n")]
    return told[-1]


async def kill_at_random_moments(home: Path, told: Any, *, times: int, seed: int) -> None:
    chance = random.Random(seed)
    async with await StoryStore.open(home) as store:
        await store.create_story("sea", "Sea", [], at=told.noon)
    for _ in range(times):
        last = play_until_killed(
            home, after_turns=chance.randint(1, 5), delay_s=chance.uniform(0.001, 0.03)
        )
        async with await StoryStore.open(home) as store:
            branch = await store.branch("sea.1")
            path = [recorded async for recorded in store.read("sea.1")]
            assert last <= branch.length <= last + EVENTS_A_TURN
            assert branch.length == EVENTS_A_TURN * branch.turn == len(path)
            for n, recorded in enumerate(path):
                turn, part = n // EVENTS_A_TURN + 1, n % EVENTS_A_TURN
                assert recorded.event.text.startswith(f"turn {turn} part {part} ")
            found = await store.search("sea.1", [f"turn {branch.turn}"])
            assert len(found) == EVENTS_A_TURN


async def test_a_killed_process_loses_no_finished_turn_and_leaves_no_half_turn(
    tmp_path: Path, told: Any
) -> None:
    await kill_at_random_moments(tmp_path, told, times=4, seed=1)


@pytest.mark.stress
async def test_two_hundred_kills_lose_no_finished_turn(tmp_path: Path, told: Any) -> None:
    await kill_at_random_moments(tmp_path, told, times=200, seed=2)


def test_a_second_process_is_told_that_the_directory_is_in_use(tmp_path: Path) -> None:
    async def hold() -> str:
        async with await StoryStore.open(tmp_path):
            return start(OPEN, tmp_path).communicate(timeout=60)[0]

    assert asyncio.run(hold()).startswith(f"locked {tmp_path}: another process of tta")
    assert start(OPEN, tmp_path).communicate(timeout=60)[0] == "opened 0\n"


async def test_two_writers_on_one_server_never_mix_their_turns(
    postgresql_database: str, told: Any
) -> None:
    async def write(store: StoryStore, who: str) -> int:
        stored = 0
        while (branch := await store.branch("sea.1")).length < 60:
            try:
                await store.append(
                    "sea.1",
                    branch.turn + 1,
                    [told.act(f"{who} {n}") for n in range(3)],
                    expected=branch.length,
                    at=told.noon,
                )
                stored += 1
            except PositionConflict:
                await asyncio.sleep(0)
        return stored

    async with (
        await StoryStore.open(postgresql_database) as one,
        await StoryStore.open(postgresql_database) as other,
    ):
        await one.create_story("sea", "Sea", [], at=told.noon)
        turns = await asyncio.gather(write(one, "one"), write(other, "other"))
        path = [r async for r in one.read("sea.1")]
    assert sum(turns) == 20
    for turn in range(20):
        texts = [r.event.text for r in path[3 * turn : 3 * turn + 3]]
        assert [text.split()[1] for text in texts] == ["0", "1", "2"]
        assert len({text.split()[0] for text in texts}) == 1


async def test_a_cancelled_append_is_stored_whole_or_not_at_all_and_the_store_goes_on(
    sqlite_store: StoryStore, told: Any
) -> None:
    await sqlite_store.create_story("sea", "Sea", told.opening(), at=told.noon)
    length = 1
    for turn in range(1, 41):
        appending = asyncio.ensure_future(
            sqlite_store.append(
                "sea.1", turn, told.turn(f"I {turn}"), expected=length, at=told.noon
            )
        )
        for _ in range(turn):
            await asyncio.sleep(0)
        appending.cancel()
        await asyncio.gather(appending, return_exceptions=True)
        stored = (await sqlite_store.branch("sea.1")).length
        assert stored in (length, length + 3)
        length = stored
    assert await sqlite_store.append("sea.1", 99, [told.act("x")], expected=length, at=told.noon)
    assert len([r async for r in sqlite_store.read("sea.1")]) == length + 1


async def test_a_reader_that_leaves_early_holds_nothing(
    sqlite_store: StoryStore, told: Any
) -> None:
    await sqlite_store.create_story("sea", "Sea", told.opening(), at=told.noon)
    events = [told.act(f"I {n}") for n in range(1_500)]
    await sqlite_store.append("sea.1", 1, events, expected=1, at=told.noon)
    for _ in range(20):
        async for _recorded in sqlite_store.read("sea.1"):
            break
    assert len(await path_of(sqlite_store, "sea.1")) == 1_501


async def test_many_readers_and_a_writer_do_not_wait_for_ever(
    sqlite_store: StoryStore, told: Any
) -> None:
    await sqlite_store.create_story("sea", "Sea", told.opening(), at=told.noon)

    async def write() -> None:
        length = 1
        for turn in range(1, 21):
            length = await sqlite_store.append(
                "sea.1", turn, told.turn("I"), expected=length, at=told.noon
            )

    async def read() -> list[int]:
        return [len(await path_of(sqlite_store, "sea.1")) for _ in range(5)]

    _, *lengths = await asyncio.gather(write(), *(read() for _ in range(20)))
    for seen in lengths:
        assert seen == sorted(seen)
        assert all(n % 3 == 1 for n in seen), "a reader saw half a turn"
