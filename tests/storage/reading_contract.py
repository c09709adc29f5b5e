"""What every story store must do: reading, searching and snapshots."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.storage.logs import path_of

from tta_rebuild.core.errors import (
    PositionNotFound,
)
from tta_rebuild.core.events import CareShown, StoryEnded
from tta_rebuild.storage.story_store import SNAPSHOT_CHARS_AN_EVENT, Branch, StoryStore

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


class ReadingContract:
    """Derived by the contract of a whole store, which gives ``store`` and the story ``main``."""

    # ------------------------------------------------------------------------ reading

    async def test_a_reading_gives_the_positions_asked_for(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        child = await store.fork(main.branch_id, 5, at=told.noon)
        await store.append(child.branch_id, 3, told.turn("I wait"), expected=5, at=told.noon)
        whole = await path_of(store, child.branch_id)
        for after, upto in ((0, None), (3, 7), (5, None), (4, 5), (8, None), (3, 3), (-2, 99)):
            part = await path_of(store, child.branch_id, after=after, upto=upto)
            assert part == whole[max(after, 0) : upto]

    async def test_a_turn_ends_at_its_last_event_on_the_path(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        assert [await store.turn_end(main.branch_id, t) for t in range(4)] == [1, 4, 7, 10]
        child = await store.fork(main.branch_id, 5, at=told.noon)
        assert await store.turn_end(child.branch_id, 2) == 5
        await store.append(child.branch_id, 2, [told.act("I linger")], expected=5, at=told.noon)
        assert await store.turn_end(child.branch_id, 2) == 6
        for missing in (3, -1):
            with pytest.raises(PositionNotFound, match=f"no turn {missing}"):
                await store.turn_end(child.branch_id, missing)

    async def test_a_map_says_of_every_branch_where_it_parts_and_what_is_its_own(
        self, store: StoryStore, main: Branch
    ) -> None:
        at, opening = NOON, [CareShown()]
        story = await store.create_story("map", "Map", opening, at=at)
        length = 1
        for turn in (1, 2, 3):
            events = [CareShown(), CareShown()]
            length = await store.append(story.branch_id, turn, events, expected=length, at=at)
        late = await store.fork(story.branch_id, await store.turn_end("map.1", 2), at=at)
        # from before its parent's own first event: the event belongs to the parent's parent
        early = await store.fork(late.branch_id, await store.turn_end("map.1", 1), at=at)
        await store.append(late.branch_id, 3, [StoryEnded()], expected=late.length, at=at)
        # written after a turn that it shares: no turn of its own
        await store.append(early.branch_id, 1, [CareShown()], expected=early.length, at=at)

        rows = [
            (b.name, b.parent_id, b.fork_turn, b.first_turn, b.last_turn, b.has_ended)
            for b in await store.map("map")
        ]

        assert rows == [
            ("main", None, 0, 1, 3, False),
            ("branch-2", "map.1", 2, 3, 3, True),
            ("branch-3", "map.2", 1, None, 1, False),
        ]

    async def test_a_long_path_is_read_whole(self, store: StoryStore, told: Any) -> None:
        branch = await store.create_story("long", "Long", told.opening(), at=told.noon)
        events = [told.act(f"I count {n}") for n in range(2_499)]
        await store.append(branch.branch_id, 1, events, expected=1, at=told.noon)
        path = await path_of(store, branch.branch_id)
        assert [r.position for r in path] == list(range(1, 2_501))
        assert [r.event for r in path[1:]] == events

    # ------------------------------------------------------------------------ searching

    async def test_a_search_finds_scenes_and_the_players_words(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        scene = "A brass lantern hung by the door."
        await store.append(
            main.branch_id, 4, [told.act("I wait"), told.scene(scene)], expected=10, at=told.noon
        )
        [found] = await store.search(main.branch_id, ["lantern"])
        assert (found.position, found.turn, found.text) == (12, 4, scene)
        assert [f.position for f in await store.search(main.branch_id, ["wait"])] == [11]

    async def test_case_accents_plurals_and_possessives_do_not_matter(
        self, store: StoryStore, told: Any
    ) -> None:
        branch = await store.create_story("w", "W", told.opening(), at=told.noon)
        text = "Élodie's stories of the witches and the old lighthouses"
        await store.append(branch.branch_id, 1, [told.act(text)], expected=1, at=told.noon)
        for word in ("elodie", "STORY", "Lighthouse", "lighthouses", "Old Lighthouse"):
            assert len(await store.search(branch.branch_id, [word])) == 1, word
        for word in ("light", "lighthouse old", "b1", "scope", ""):
            assert await store.search(branch.branch_id, [word]) == [], word

    async def test_any_of_the_words_is_enough_and_the_best_comes_first(
        self, store: StoryStore, told: Any
    ) -> None:
        branch = await store.create_story("w", "W", told.opening(), at=told.noon)
        texts = [
            "the harbour lay still",
            "a key, and a lantern",
            "a lantern",
            "the gulls cried",
            "rain on the roof",
            "bread and salt",
            "she slept",
        ]
        events = [told.act(text) for text in texts]
        await store.append(branch.branch_id, 1, events, expected=1, at=told.noon)
        found = await store.search(branch.branch_id, ["key", "lantern", "dragon"])
        assert [f.position for f in found] == [3, 4]
        assert found[0].rank < found[1].rank
        assert len(await store.search(branch.branch_id, ["key", "lantern"], limit=1)) == 1
        assert await store.search(branch.branch_id, ["key"], limit=0) == []

    async def test_a_sibling_never_shows_in_a_search(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        left = await store.fork(main.branch_id, 7, at=told.noon)
        right = await store.fork(main.branch_id, 7, at=told.noon)
        await store.append(left.branch_id, 3, [told.act("a dragon")], expected=7, at=told.noon)
        await store.append(main.branch_id, 4, [told.act("a griffin")], expected=10, at=told.noon)
        assert len(await store.search(left.branch_id, ["dragon"])) == 1
        for branch in (right, main):
            assert await store.search(branch.branch_id, ["dragon"]) == []
        assert await store.search(left.branch_id, ["griffin"]) == []
        assert {f.position for f in await store.search(left.branch_id, ["climb"])} == {2, 5}

    async def test_a_search_can_end_at_a_position(self, store: StoryStore, main: Branch) -> None:
        found = await store.search(main.branch_id, ["climb"], upto=5)
        assert sorted(f.position for f in found) == [2, 5]

    async def test_signs_of_a_query_language_are_only_text(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        for word in ('"', "climb OR", "NEAR(", "*", "'", "-climb", "a:b", "\x00", "climb'); --"):
            await store.search(main.branch_id, [word])
        assert len(await store.search(main.branch_id, ["-climb"])) == 3

    # ------------------------------------------------------------------------ snapshots

    async def test_the_nearest_snapshot_on_the_path_is_given(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        assert await store.latest_snapshot(main.branch_id, "fold/1") is None
        for position in (4, 7):
            await store.save_snapshot(main.branch_id, position, "fold/1", f"Mára\n\t{position}")
        child = await store.fork(main.branch_id, 5, at=told.noon)

        assert await store.latest_snapshot(main.branch_id, "fold/1") == (7, "Mára\n\t7")
        assert (await store.latest_snapshot(main.branch_id, "fold/1", upto=6) or (0,))[0] == 4
        assert (await store.latest_snapshot(child.branch_id, "fold/1") or (0,))[0] == 4
        assert await store.latest_snapshot(main.branch_id, "fold/2") is None
        assert await store.latest_snapshot(main.branch_id, "fold/1", upto=3) is None

    async def test_a_childs_snapshot_of_the_shared_path_serves_its_siblings_too(
        self, store: StoryStore, main: Branch, told: Any
    ) -> None:
        child = await store.fork(main.branch_id, 7, at=told.noon)
        await store.append(child.branch_id, 3, told.turn("I run"), expected=7, at=told.noon)
        await store.save_snapshot(child.branch_id, 6, "fold/1", "six")
        await store.save_snapshot(child.branch_id, 9, "fold/1", "nine")
        assert await store.latest_snapshot(main.branch_id, "fold/1") == (6, "six")
        assert await store.latest_snapshot(child.branch_id, "fold/1") == (9, "nine")

    async def test_a_snapshot_can_be_replaced(self, store: StoryStore, main: Branch) -> None:
        for text in ("one", "two"):
            await store.save_snapshot(main.branch_id, 4, "fold/1", text)
        assert await store.latest_snapshot(main.branch_id, "fold/1") == (4, "two")

    async def test_large_snapshots_stay_further_apart_than_small_ones_and_the_latest_always_stays(
        self, store: StoryStore, told: Any
    ) -> None:
        events = [told.act(f"I {n}") for n in range(30)]
        for story, size in (("small", 1), ("large", 4 * SNAPSHOT_CHARS_AN_EVENT)):
            branch = await store.create_story(story, story, events, at=told.noon)
            for position in range(1, 31):
                await store.save_snapshot(branch.branch_id, position, "fold/1", "x" * size)
            kept = set()
            for upto in range(1, 31):
                found = await store.latest_snapshot(branch.branch_id, "fold/1", upto=upto)
                kept.add(found[0] if found else None)
            wanted = range(1, 31) if size == 1 else (1, 5, 9, 13, 17, 21, 25, 29, 30)
            assert kept == set(wanted)

    async def test_a_snapshot_that_grows_makes_room_as_a_new_one_does(
        self, store: StoryStore, main: Branch
    ) -> None:
        for position, size in ((1, 1), (2, 1), (3, 1), (3, 4 * SNAPSHOT_CHARS_AN_EVENT)):
            await store.save_snapshot(main.branch_id, position, "fold/1", "x" * size)
        assert await store.latest_snapshot(main.branch_id, "fold/1", upto=2) == (1, "x")

    async def test_snapshots_of_another_shape_make_room(
        self, store: StoryStore, main: Branch
    ) -> None:
        await store.save_snapshot(main.branch_id, 4, "fold/1", "old")
        await store.save_snapshot(main.branch_id, 7, "fold/2", "new")
        assert await store.latest_snapshot(main.branch_id, "fold/1") is None
        assert await store.latest_snapshot(main.branch_id, "fold/2") == (7, "new")

    async def test_a_snapshot_must_lie_on_the_path(self, store: StoryStore, main: Branch) -> None:
        with pytest.raises(PositionNotFound):
            await store.save_snapshot(main.branch_id, 11, "fold/1", "")
