"""Who lives on sees when a worker was gone, however it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.storage.test_turn_records import CALL, asked

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.turn_calls import CallPlace
from tta_rebuild.core.workers import WorkerAbout
from tta_rebuild.storage.story_store import StoryStore


@pytest.fixture
async def stores(postgresql_database: str) -> AsyncIterator[list[StoryStore]]:
    """Three programs' views of one database."""
    async with (
        await StoryStore.open(postgresql_database) as one,
        await StoryStore.open(postgresql_database) as two,
        await StoryStore.open(postgresql_database) as three,
    ):
        yield [one, two, three]


async def alive(store: StoryStore, name: str) -> asyncio.Task[None]:
    is_there = asyncio.Event()
    living = asyncio.create_task(
        store.worker_lives().live(WorkerAbout(name=name), Clock(), is_there.set)
    )
    await asyncio.wait_for(is_there.wait(), 10)
    return living


async def gone_at(store: StoryStore, name: str) -> datetime:
    async with asyncio.timeout(10):
        while (found := await store.worker_lives().gone_at(name)) is None:  # noqa: ASYNC110 (a row has no event)
            await asyncio.sleep(0.02)
    return found


async def test_a_worker_that_lost_its_connection_is_seen_to_be_gone_and_when(
    stores: list[StoryStore],
) -> None:
    one, two, other = stores
    dies, lives = await alive(one, "dies"), await alive(two, "lives")
    before = datetime.now(UTC)
    one._database._pool.terminate()  # type: ignore[attr-defined] # as the end of its process does
    dies.cancel()
    gone = await gone_at(other, "dies")

    assert before - timedelta(seconds=0.05) <= gone <= before + timedelta(seconds=2)
    assert await other.worker_lives().gone_at("lives") is None
    assert await other.worker_lives().gone_at("unknown") is None
    lives.cancel()
    await asyncio.gather(dies, lives, return_exceptions=True)


async def test_calls_of_a_worker_that_is_gone_are_orphans_once_their_turn_is_over(
    stores: list[StoryStore],
) -> None:
    one, two, other = stores
    dies, lives = await alive(one, "dies"), await alive(two, "lives")
    calls, place = other.turn_calls(), CallPlace("f", 1)
    for turn_id, branch in (("t1", "s.1"), ("t2", "s.2")):
        await other.turns().begin(asked(turn_id, turn_id, branch))
        await calls.sending(turn_id, place, replace(CALL, worker="dies"))
    await calls.sending("t1", CallPlace("g", 1), replace(CALL, worker="lives"))
    await other.turns().end("t1", "abandoned", {}, datetime.now(UTC))
    assert await calls.orphans() == []
    dies.cancel()
    await asyncio.wait([dies])
    await one.close()
    await gone_at(other, "dies")

    assert await calls.orphans() == [("t1", place, replace(CALL, worker="dies"))]
    lives.cancel()
    await asyncio.wait([lives])
