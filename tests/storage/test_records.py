"""Ratings, experiments and plays are kept, in SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.storage.conftest import Told

from tta_rebuild.core.errors import StoryError, StoryNotFound
from tta_rebuild.core.records import ExperimentRecord, PlayRecord, SceneRating
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.storage.story_store import StoryStore

KIND = SceneRating(
    story_id="s", branch_id="s.1", turn=1, rating=4, at=Told.at(5), comment="lovely \U0001f600"
)
TRIAL = ExperimentRecord(name="brief", digest="d1", plan='{"turns": 3}', created_at=Told.at())
PLAY = PlayRecord(
    variant="plain",
    premise="p1",
    seed=1,
    player="varied",
    at=Told.at(1),
    story_id="x",
    outcome={"quality": 0.25, "cost_usd": 0.0},
)


class RecordsContract:
    async def test_a_rating_is_kept_and_a_later_one_takes_its_place(
        self, store: StoryStore, told: type[Told]
    ) -> None:
        await store.create_story("s", "S", told.opening(), at=told.at())
        records = store.records()
        await records.rate(KIND)
        await records.rate(replace(KIND, turn=2, rating=1, comment=""))
        await records.rate(replace(KIND, player_id="other", rating=2))
        await records.rate(replace(KIND, rating=5, at=told.at(9)))

        found = await records.ratings("s")

        assert sorted((r.turn, r.player_id, r.rating) for r in found) == [
            (1, "other", 2),
            (1, "player", 5),
            (2, "player", 1),
        ]
        assert replace(KIND, rating=5, at=told.at(9)) in found
        assert await records.ratings("t") == []
        assert await records.ratings() == found

    async def test_a_rating_goes_with_its_story(self, store: StoryStore, told: type[Told]) -> None:
        await store.create_story("s", "S", told.opening(), at=told.at())
        await store.records().rate(KIND)

        await store.delete("s")

        assert await store.records().ratings() == []
        with pytest.raises(StoryNotFound):
            await store.records().rate(KIND)

    async def test_an_experiment_is_begun_once_and_keeps_its_plays(
        self, store: StoryStore, told: type[Told]
    ) -> None:
        records = store.records()
        assert await records.begin(TRIAL) == TRIAL
        await records.keep("brief", PLAY)
        await records.keep("brief", replace(PLAY, variant="short", outcome={"quality": 1.0}))

        again = await records.begin(replace(TRIAL, digest="d2", created_at=told.at(9)))

        assert again == replace(TRIAL, plays=2), "the first is kept, and says what it was"
        assert await records.plays("brief") == [
            PLAY,
            replace(PLAY, variant="short", outcome={"quality": 1.0}),
        ]
        with pytest.raises(StoryError, match="no experiment 'other'"):
            await records.keep("other", PLAY)

    async def test_a_forgotten_experiment_leaves_nothing(self, store: StoryStore) -> None:
        records = store.records()
        await records.begin(TRIAL)
        await records.keep("brief", PLAY)

        await records.forget("brief")

        assert await records.experiments() == []
        assert await records.plays("brief") == []


class TestInSqlite(RecordsContract):
    @pytest.fixture
    def store(self, sqlite_store: StoryStore) -> StoryStore:
        return sqlite_store


class TestInMemory(RecordsContract):
    @pytest.fixture
    def store(self) -> StoryStore:
        return MemoryStoryStore()


class TestInPostgresql(RecordsContract):
    @pytest.fixture
    async def store(self, postgresql_database: str) -> AsyncIterator[StoryStore]:
        async with await StoryStore.open(postgresql_database) as store:
            yield store


async def test_nothing_of_a_comment_stays_in_the_file_of_a_deleted_story(
    tmp_path: Path, told: type[Told]
) -> None:
    async with await StoryStore.open(tmp_path) as store:
        await store.create_story("s", "S", told.opening(), at=told.at())
        await store.records().rate(replace(KIND, comment="zanzibar wept"))
        await store.delete("s")

    for file in tmp_path.iterdir():
        assert b"zanzibar" not in file.read_bytes()
