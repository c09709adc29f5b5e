"""Updates of running turns go from worker to server through Redis, by number and for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.redis_server import RedisServer

from tta_rebuild.storage import redis_updates
from tta_rebuild.storage.redis_updates import ENDED_S, RUNNING_S, RedisUpdates

pytest.importorskip("redis")
from redis.asyncio import Redis


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def updates(client: Redis) -> RedisUpdates:
    return RedisUpdates(client, last_kinds=("stored",))


async def test_updates_are_read_in_order_from_wherever_one_was(updates: RedisUpdates) -> None:
    for number, text in enumerate(["{}", '{"text": "Fog – and rain."}', '"x"'], 1):
        await updates.add("t1", number, "text", text)
    await updates.add("t2", 1, "text", "of another turn")

    assert await updates.read("t1", after=0, wait_s=0) == [
        (1, "text", "{}"),
        (2, "text", '{"text": "Fog – and rain."}'),
        (3, "text", '"x"'),
    ]
    assert await updates.read("t1", after=2, wait_s=0) == [(3, "text", '"x"')]
    assert await updates.read("t1", after=3, wait_s=0) == []


async def test_who_waits_is_told_as_soon_as_something_comes(updates: RedisUpdates) -> None:
    waiting = asyncio.create_task(updates.read("t1", after=0, wait_s=20))
    await asyncio.sleep(0)
    await updates.add("t1", 1, "text", "now")

    async with asyncio.timeout(5):
        assert await waiting == [(1, "text", "now")]


async def test_who_waits_in_vain_is_told_nothing_in_the_end(updates: RedisUpdates) -> None:
    async with asyncio.timeout(5):
        assert await updates.read("t1", after=0, wait_s=0.05) == []


async def test_a_reader_who_leaves_spoils_nothing_for_the_next(updates: RedisUpdates) -> None:
    for number in range(1, 6):
        leaves = asyncio.create_task(updates.read("t1", after=number, wait_s=20))
        await updates.add("t1", number, "text", str(number))
        leaves.cancel()
        await asyncio.gather(leaves, return_exceptions=True)

    assert [n for n, _, _ in await updates.read("t1", after=0, wait_s=0)] == [1, 2, 3, 4, 5]


async def test_a_number_that_was_there_is_not_told_twice(updates: RedisUpdates) -> None:
    await updates.add("t1", 1, "text", "first")
    await updates.add("t1", 2, "text", "second")
    await updates.add("t1", 2, "text", "second, by a worker that was thought dead")
    await updates.add("t1", 1, "text", "late")

    texts = [text for _, _, text in await updates.read("t1", after=0, wait_s=0)]
    assert texts == ["first", "second"]
    assert not updates.is_away


async def test_updates_go_ten_minutes_after_the_end(updates: RedisUpdates, client: Redis) -> None:
    await updates.add("t1", 1, "text", "{}")
    (key,) = await client.keys("*")
    running_s = await client.ttl(key)
    await updates.add("t1", 2, "stored", "{}")

    assert RUNNING_S - 60 < running_s <= RUNNING_S
    assert ENDED_S - 60 < await client.ttl(key) <= ENDED_S == 600


async def test_a_turn_without_end_is_trimmed(
    updates: RedisUpdates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_updates, "MOST_UPDATES", 200)
    for number in range(1, 1001):
        await updates.add("t1", number, "text", "{}")

    numbers = [n for n, _, _ in await updates.read("t1", after=0, wait_s=0)]
    assert numbers[-1] == 1000
    assert 200 <= len(numbers) < 500


async def test_a_turn_goes_on_without_redis_and_is_seen_again_with_it(
    own_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with Redis.from_url(own_redis.url, decode_responses=True) as client:
        updates = RedisUpdates(client)
        await updates.add("t1", 1, "text", "seen")
        own_redis.stop()
        for number in (2, 3):
            await updates.add("t1", number, "text", "not seen")
        assert await updates.read("t1", after=1, wait_s=0.01) == []
        assert updates.is_away
        own_redis.start()
        await updates.add("t1", 4, "text", "seen")

        assert await updates.read("t1", after=1, wait_s=0) == [(4, "text", "seen")]
    said = [record.message for record in caplog.records]
    assert len(said) == 2
    assert "cannot be used" in said[0]
    assert "is back" in said[1]


async def test_a_redis_that_is_silent_holds_no_turn_up(
    own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_updates, "ANSWER_S", 0.2)
    monkeypatch.setattr(redis_updates, "PAUSE_S", 60.0)
    async with Redis.from_url(own_redis.url, decode_responses=True) as client:
        updates = RedisUpdates(client)
        await updates.add("t1", 1, "text", "seen")
        own_redis.freeze()
        try:
            async with asyncio.timeout(5):
                for number in range(2, 1000):
                    await updates.add("t1", number, "text", "not seen")
                assert await updates.read("t1", after=0, wait_s=0.01) == []
        finally:
            own_redis.thaw()
        assert updates.is_away
