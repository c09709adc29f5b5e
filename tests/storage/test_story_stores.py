"""What every story store must do, and each of them doing it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.storage.logs import path_of
from tests.storage.reading_contract import ReadingContract

from tta_rebuild.core.errors import (
    BranchNotFound,
    PositionConflict,
    PositionNotFound,
    StoryError,
    StoryNotFound,
)
from tta_rebuild.core.events import RecordedEvent
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.storage.story_store import Branch, StoryStore


class StoryStoreContract(ReadingContract):
    """Derive, and give a fixture ``store`` that yields an empty store."""

    @pytest.fixture
    async def main(self, store: StoryStore, told: Any) -> Branch:
        """A story of an opening and three turns of three events each."""
        branch = await store.create_story("sea", "By the sea", told.opening(), at=told.at(0))
        for turn in (1, 2, 3):
            events = told.turn(f"I climb stair {turn}")
            await store.append(
                branch.branch_id, turn, events, expected=3 * turn - 2, at=told.at(turn)
            )
        return await store.branch(branch.branch_id)

    # ------------------------------------------------------------------------ stories

    async def test_a_new_story_has_its_opening_on_branch_main(
        self, store: StoryStore, told: Any
    ) -> None:
        branch = await store.create_story("sea", "By the sea", told.opening(), at=told.noon)

        assert (branch.name, branch.parent_id, branch.forked_at) == ("main", None, 0)
        assert (branch.length, branch.turn, branch.created_at) == (1, 0, told.noon)
        row = await store.story("sea")
        assert (row.turns, row.branches, row.updated_at) == (0, 1, told.noon)
        [opening] = await path_of(store, branch.branch_id)
        assert opening == RecordedEvent(
            branch_id=branch.branch_id,
            position=1,
            turn=0,
            at=told.noon,
            event=told.opening()[0],
        )

    async def test_a_story_id_is_taken_once(self, store: StoryStore, told: Any) -> None:
        await store.create_story("sea", "By the sea", told.opening(), at=told.noon)
        with pytest.raises(StoryError, match="exists already"):
            await store.create_story("sea", "Again", told.opening(), at=told.noon)
        assert [row.title for row in await store.stories()] == ["By the sea"]

    async def test_the_list_shows_the_latest_played_first(
        self, store: StoryStore, told: Any
    ) -> None:
        for minute, story_id in enumerate(("one", "two", "three")):
            await store.create_story(story_id, story_id, told.opening(), at=told.at(minute))
        await store.append("one.1", 1, told.turn("I go on"), expected=1, at=told.at(9))

        assert [row.story_id for row in await store.stories()] == ["one", "three", "two"]
        row = await store.story("one")
        assert (row.turns, row.branches, row.updated_at) == (1, 1, told.at(9))
        assert row.created_at == told.at(0)

    async def test_a_story_can_be_renamed(self, store: StoryStore, main: Branch) -> None:
        await store.rename("sea", "The door")
        assert (await store.story("sea")).title == "The door"

    async def test_a_deleted_story_is_gone_with_its_branches_and_the_others_stay(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        other = await store.create_story("hill", "On the hill", told.opening(), at=told.noon)
        child = await store.fork(main.branch_id, 4, at=told.noon)
        await store.append(child.branch_id, 2, told.turn("I swim"), expected=4, at=told.noon)
        await store.save_snapshot(child.branch_id, 6, "fold/1", "a")
        await store.delete("sea")

        assert [row.story_id for row in await store.stories()] == ["hill"]
        for gone in (main, child):
            with pytest.raises(BranchNotFound):
                await store.branch(gone.branch_id)
            with pytest.raises(BranchNotFound):
                await path_of(store, gone.branch_id)
        assert len(await path_of(store, other.branch_id)) == 1

    async def test_a_story_made_again_after_deletion_begins_afresh(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        await store.fork(main.branch_id, 4, at=told.noon)
        await store.delete("sea")
        again = await store.create_story("sea", "Again", told.opening(), at=told.noon)
        await store.append(again.branch_id, 1, told.turn("I whistle"), expected=1, at=told.noon)
        child = await store.fork(again.branch_id, 2, at=told.noon)

        assert [r.event.KIND for r in await path_of(store, child.branch_id)] == [
            "story_opened",
            "player_acted",
        ]
        assert await store.search(child.branch_id, ["stair"]) == []

    async def test_what_is_done_as_a_whole_is_kept_whole_or_not_at_all(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        with pytest.raises(StoryError, match="exists already"):
            async with store.whole():
                hill = await store.create_story("hill", "Hill", told.opening(), at=told.noon)
                child = await store.fork(main.branch_id, 7, at=told.noon)
                await store.append(child.branch_id, 3, told.turn("I"), expected=7, at=told.noon)
                assert len(await path_of(store, child.branch_id)) == 10
                assert len(await path_of(store, hill.branch_id)) == 1
                await store.create_story("sea", "Again", told.opening(), at=told.noon)
        assert [row.story_id for row in await store.stories()] == ["sea"]
        assert [b.branch_id for b in await store.branches("sea")] == [main.branch_id]

        async with store.whole():
            child = await store.fork(main.branch_id, 4, at=told.noon)
            await store.append(child.branch_id, 2, told.turn("I swim"), expected=4, at=told.noon)
        path = await path_of(store, child.branch_id)
        assert [r.branch_id for r in path] == [main.branch_id] * 4 + [child.branch_id] * 3
        hill = await store.create_story("hill", "Hill", told.opening(), at=told.noon)
        assert [r.branch_id for r in await path_of(store, hill.branch_id)] == [hill.branch_id]

    async def test_an_unknown_story_is_named_in_the_error(self, store: StoryStore) -> None:
        for call in (
            store.story("nowhere"),
            store.rename("nowhere", "x"),
            store.delete("nowhere"),
            store.branches("nowhere"),
        ):
            with pytest.raises(StoryNotFound, match="nowhere"):
                await call

    async def test_an_unknown_branch_is_named_in_the_error(
        self, store: StoryStore, told: Any
    ) -> None:
        for call in (
            store.branch("nowhere"),
            store.append("nowhere", 1, told.turn("x"), expected=0, at=told.noon),
            store.fork("nowhere", 1, at=told.noon),
            path_of(store, "nowhere"),
            store.turn_end("nowhere", 1),
            store.search("nowhere", ["x"]),
            store.save_snapshot("nowhere", 1, "s", ""),
            store.latest_snapshot("nowhere", "s"),
        ):
            with pytest.raises(BranchNotFound, match="nowhere"):
                await call

    # ------------------------------------------------------------------------ appending

    async def test_positions_are_dense_from_one_and_events_come_back_as_stored(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        path = await path_of(store, main.branch_id)
        assert [r.position for r in path] == list(range(1, 11))
        assert [r.turn for r in path] == [0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
        assert [r.event for r in path[4:7]] == told.turn("I climb stair 2")
        assert path[4].at == told.at(2)
        assert (main.length, main.turn) == (10, 3)

    async def test_a_wrong_expected_position_stores_nothing(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        for expected in (0, 9, 11):
            with pytest.raises(PositionConflict) as contradiction:
                await store.append(
                    main.branch_id, 4, told.turn("I jump"), expected=expected, at=told.noon
                )
            assert (contradiction.value.expected, contradiction.value.actual) == (expected, 10)
        assert await store.branch(main.branch_id) == main
        assert len(await path_of(store, main.branch_id)) == 10

    async def test_of_many_writers_at_one_position_exactly_one_wins(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        async def write(n: int) -> int:
            return await store.append(
                main.branch_id, 4, told.turn(f"I am writer {n}"), expected=10, at=told.noon
            )

        results = await asyncio.gather(*(write(n) for n in range(8)), return_exceptions=True)

        assert [r for r in results if r == 13] == [13]
        assert sum(isinstance(r, PositionConflict) for r in results) == 7
        path = await path_of(store, main.branch_id)
        assert len(path) == 13
        winner = results.index(13)
        assert path[10].event == told.act(f"I am writer {winner}")

    async def test_a_turn_cannot_go_back(self, store: StoryStore, main: Branch, told: Any) -> None:
        with pytest.raises(StoryError, match="already in turn 3"):
            await store.append(main.branch_id, 2, told.turn("I"), expected=10, at=told.noon)

    async def test_a_turn_without_events_changes_nothing(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        assert await store.append(main.branch_id, 4, [], expected=10, at=told.at(60)) == 10
        assert await store.branch(main.branch_id) == main

    async def test_a_time_without_a_zone_is_refused(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        naive = told.noon.replace(tzinfo=None)
        with pytest.raises(ValueError, match="no time zone"):
            await store.append(main.branch_id, 4, told.turn("I"), expected=10, at=naive)
        assert await store.branch(main.branch_id) == main

    # ------------------------------------------------------------------------ forking

    async def test_a_fork_shares_the_path_and_then_goes_its_own_way(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        child = await store.fork(main.branch_id, 5, at=told.at(10))
        assert (child.parent_id, child.forked_at, child.length) == (main.branch_id, 5, 5)
        assert (child.turn, child.created_at, child.story_id) == (2, told.at(10), "sea")
        await store.append(child.branch_id, 3, told.turn("I turn back"), expected=5, at=told.noon)

        own = await path_of(store, child.branch_id)
        parents = await path_of(store, main.branch_id)
        assert own[:5] == parents[:5]
        assert [r.event for r in own[5:]] == told.turn("I turn back")
        assert {r.branch_id for r in own[5:]} == {child.branch_id}
        assert len(parents) == 10

    async def test_what_the_parent_writes_after_the_fork_is_not_the_childs(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        child = await store.fork(main.branch_id, 10, at=told.noon)
        await store.append(main.branch_id, 4, told.turn("I stay"), expected=10, at=told.noon)
        assert (await store.branch(child.branch_id)).length == 10
        assert len(await path_of(store, child.branch_id)) == 10

    async def test_a_fork_before_the_parents_own_events_skips_the_parent(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        child = await store.fork(main.branch_id, 7, at=told.noon)
        await store.append(child.branch_id, 3, told.turn("I sing"), expected=7, at=told.noon)
        grandchild = await store.fork(child.branch_id, 4, at=told.noon)
        again = await store.fork(child.branch_id, 7, at=told.noon)

        assert grandchild.parent_id == child.branch_id
        assert await path_of(store, grandchild.branch_id) == await path_of(
            store, main.branch_id, upto=4
        )
        assert await path_of(store, again.branch_id) == await path_of(store, main.branch_id, upto=7)

    async def test_a_deep_chain_of_forks_reads_as_one_story(
        self, store: StoryStore, told: Any
    ) -> None:
        branch = await store.create_story("deep", "Deep", told.opening(), at=told.noon)
        actions = []
        for turn in range(1, 231):
            actions.append(f"I take step {turn}")
            await store.append(
                branch.branch_id, turn, [told.act(actions[-1])], expected=turn, at=told.noon
            )
            branch = await store.fork(branch.branch_id, turn + 1, at=told.noon)

        path = await path_of(store, branch.branch_id)
        assert [r.event.text for r in path[1:]] == actions
        assert await store.turn_end(branch.branch_id, 3) == 4
        assert {f.position for f in await store.search(branch.branch_id, ["3", "229"])} == {4, 230}

    async def test_branches_are_listed_in_the_order_they_were_made(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        first = await store.fork(main.branch_id, 3, name="kinder", at=told.noon)
        second = await store.fork(first.branch_id, 2, at=told.noon)
        third = await store.fork(main.branch_id, 8, at=told.noon)
        assert await store.branches("sea") == [main, first, second, third]
        assert [b.branch_id for b in await store.branches("sea")] == [
            "sea.1",
            "sea.2",
            "sea.3",
            "sea.4",
        ]
        assert len({b.name for b in await store.branches("sea")}) == 4
        assert (await store.story("sea")).branches == 4

    async def test_a_branch_name_is_taken_once_in_a_story(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        await store.fork(main.branch_id, 3, name="branch-3", at=told.noon)
        with pytest.raises(StoryError, match="branch-3"):
            await store.fork(main.branch_id, 3, name="branch-3", at=told.noon)
        unnamed = await store.fork(main.branch_id, 3, at=told.noon)
        assert unnamed.name not in {"main", "branch-3"}

    async def test_a_fork_must_lie_on_the_path(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        for position in (-1, 11):
            with pytest.raises(PositionNotFound, match="has 10"):
                await store.fork(main.branch_id, position, at=told.noon)
        assert await store.branches("sea") == [main]

    async def test_closing_twice_is_allowed(self, store: StoryStore) -> None:
        await store.close()
        await store.close()


class TestMemoryStoryStore(StoryStoreContract):
    @pytest.fixture
    async def store(self) -> AsyncIterator[StoryStore]:
        async with MemoryStoryStore() as store:
            yield store


class TestSqliteStoryStore(StoryStoreContract):
    @pytest.fixture
    async def store(self, sqlite_store: StoryStore) -> StoryStore:
        return sqlite_store


class TestPostgresqlStoryStore(StoryStoreContract):
    @pytest.fixture
    async def store(self, postgresql_database: str) -> AsyncIterator[StoryStore]:
        async with await StoryStore.open(postgresql_database) as store:
            yield store
