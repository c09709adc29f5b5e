"""The memory store finds what SQLite finds and weighs it alike."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.storage.sql_store import SqlStoryStore
from tta_rebuild.storage.story_store import Found, StoryStore

WORDS = "lantern harbour gull keeper rope stair letter storm candle anchor".split()


@pytest.mark.parametrize("seed", range(3))
async def test_the_memory_store_ranks_as_sqlite_does(
    sqlite_store: SqlStoryStore, told: Any, seed: int
) -> None:
    drawn = random.Random(seed)
    texts = [" ".join(drawn.choices(WORDS, range(10, 0, -1), k=n % 9 + 3)) for n in range(40)]

    async def found(store: StoryStore, *words: str) -> list[Found]:
        return await store.search("sea.1", words, limit=100)

    async with MemoryStoryStore() as memory:
        for store in (sqlite_store, memory):
            await store.create_story("sea", "Sea", told.opening(), at=told.noon)
            await store.append("sea.1", 1, [told.act(x) for x in texts], expected=1, at=told.noon)
        for words in (["anchor"], ["gull", "candle"], ["storm letter", "rope"], ["lantern"]):
            ours = {x.position: x.rank for x in await found(memory, *words)}
            theirs = {x.position: x.rank for x in await found(sqlite_store, *words)}
            # SQLite counts the word for the branch into each text's length
            assert ours == pytest.approx(theirs, rel=0.05)
