"""Updates of turns are carried by Redis; where it is away or has lost them none is missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.redis_server import RedisServer

from tta_rebuild.storage.live_updates import LiveUpdates
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.storage.redis_updates import RedisUpdates
from tta_rebuild.storage.sql_turn_updates import SqlTurnUpdates

pytest.importorskip("redis")
from redis.asyncio import Redis


class Counted(SqlTurnUpdates):
    """Counts how often the database is asked."""

    def __init__(self, database: Any) -> None:
        super().__init__(database)
        self.asked = 0
        self.was_asked = asyncio.Event()

    async def read(self, turn_id: str, *, after: int, wait_s: float) -> list[tuple[int, str, str]]:
        self.asked += 1
        self.was_asked.set()
        return await super().read(turn_id, after=after, wait_s=wait_s)


class Live:
    """Two machines that share a database and a Redis."""

    def __init__(self, client: Redis) -> None:
        database: Any = MemoryStoryStore().turn_updates()._database
        self.kept = Counted(database)
        self.client = client
        self.writer = LiveUpdates(SqlTurnUpdates(database), RedisUpdates(client))
        self.reader = LiveUpdates(self.kept, RedisUpdates(client))


@pytest.fixture
async def live(own_redis: RedisServer) -> AsyncIterator[Live]:
    async with Redis.from_url(own_redis.url, decode_responses=True) as client:
        yield Live(client)


async def test_who_waits_is_woken_without_looking_again_and_again(live: Live) -> None:
    waiting = asyncio.create_task(live.reader.read("t1", after=0, wait_s=20))
    await live.kept.was_asked.wait()
    await asyncio.sleep(0.3)  # a reader of the database alone would look four times
    assert await live.writer.add("t1", 1, "passage", "now")

    async with asyncio.timeout(5):
        assert list(await waiting) == [(1, "passage", "now")]
    assert live.kept.asked == 1


async def test_the_database_decides_who_was_first(live: Live) -> None:
    assert await live.writer.add("t1", 1, "passage", "first")
    assert not await live.reader.add("t1", 1, "passage", "second")
    assert list(await live.reader.read("t1", after=0, wait_s=0)) == [(1, "passage", "first")]


async def test_without_redis_readers_look_themselves(live: Live, own_redis: RedisServer) -> None:
    await live.writer.add("t1", 1, "passage", "seen")
    own_redis.stop()
    waiting = asyncio.create_task(live.reader.read("t1", after=1, wait_s=20))
    for _ in range(2):  # the second time it waits there
        await live.kept.was_asked.wait()
        live.kept.was_asked.clear()
    assert await live.writer.add("t1", 2, "stored", "{}")

    async with asyncio.timeout(10):
        assert list(await waiting) == [(2, "stored", "{}")]


async def test_what_redis_does_not_have_is_read_from_the_database(live: Live) -> None:
    for number in (1, 2, 3):
        await live.writer.add("t1", number, "passage", str(number))
    await live.client.flushall()
    waiting = asyncio.create_task(live.reader.read("t1", after=3, wait_s=20))
    await live.kept.was_asked.wait()
    await live.kept.add("t1", 4, "passage", "4")  # as while Redis was away
    await live.writer.add("t1", 5, "passage", "5")

    async with asyncio.timeout(5):
        assert [number for number, _, _ in await waiting] == [4, 5]
    assert len(await live.reader.read("t1", after=0, wait_s=0)) == 5
