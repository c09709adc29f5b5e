"""A search on a long path ranks rare words only, however common the others are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tta_rebuild.storage import sql_search
from tta_rebuild.storage.story_store import StoryStore


@pytest.fixture(autouse=True)
def long_from_twenty_events_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_search, "NEAR_EVENTS", 20)
    monkeypatch.setattr(sql_search, "COMMON_EVENTS", 5)


async def test_a_rare_word_is_found_however_long_ago_and_common_ones_only_lately(
    tmp_path: Path, told: Any
) -> None:
    await _searched(tmp_path, told)


async def test_the_same_in_postgresql(postgresql_database: str, told: Any) -> None:
    await _searched(postgresql_database, told)


async def _searched(place: str | Path, told: Any) -> None:
    async with await StoryStore.open(place) as store:
        events = [told.act(f"I greet the keeper {n}") for n in range(60)]
        events[3] = told.act("I hide the astrolabe from the keeper")
        branch = await store.create_story("sea", "Sea", events, at=told.noon)
        child = await store.fork(branch.branch_id, 50, at=told.noon)

        mixed = await store.search(branch.branch_id, ["keeper", "astrolabe"])
        assert [found.position for found in mixed] == [4]
        assert [f.position for f in await store.search(child.branch_id, ["astrolabe"])] == [4]
        common = await store.search(branch.branch_id, ["keeper"], limit=100)
        assert sorted(found.position for found in common) == list(range(41, 61))
        common = await store.search(child.branch_id, ["keeper"], limit=100)
        assert sorted(found.position for found in common) == list(range(31, 51))
        early = await store.search(branch.branch_id, ["keeper"], limit=100, upto=10)
        assert sorted(found.position for found in early) == list(range(1, 11))
