"""Turns that several machines play are kept, in SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from tests.integrations.fakes import ManualClock
from tests.storage.conftest import Told

from tta_rebuild.core.errors import StoryNotFound, TurnNotFound
from tta_rebuild.core.turn_calls import CallAsked, CallPlace, ModelPace
from tta_rebuild.core.turn_records import TurnOutcome, TurnRecord
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.storage.sql_turn_updates import SqlTurnUpdates
from tta_rebuild.storage.story_store import StoryStore

CALL = CallAsked(
    at=Told.at(),
    provider="p",
    model="m",
    task="scene",
    input_tokens=9,
    story_id="s",
    branch_id="s.1",
    turn=1,
)

PACE = ModelPace(written_share=0.0, output_per_char=0.25, output_per_s=90.0, thinking_per_s=0.0)


def asked(turn_id: str = "t1", key: str = "k1", branch: str = "s.1", **more: Any) -> TurnRecord:
    return TurnRecord(
        turn_id=turn_id,
        key=key,
        story_id=branch.partition(".")[0],
        branch_id=branch,
        request={"kind": "say", "text": "I wait."} | more,
        state="running",
        began_at=Told.at(),
    )


class TurnRecordsContract:
    async def test_a_turn_is_known_by_its_id_its_key_and_its_branch(
        self, store: StoryStore
    ) -> None:
        turns = store.turns()
        begun = await turns.begin(asked())

        assert begun == asked()
        assert await turns.turn("t1") == await turns.of_key("k1") == asked()
        assert await turns.latest_on("s.1") == asked()
        assert await turns.turn("none") is await turns.of_key("none") is None

    async def test_a_key_has_one_turn_whoever_asks_first(self, store: StoryStore) -> None:
        turns = store.turns()
        stand = await asyncio.gather(
            *(turns.begin(asked(f"t{n}", branch=f"s.{n}")) for n in range(8))
        )

        assert len({one.turn_id for one in stand}) == 1
        assert await turns.running_count() == 1

    async def test_a_turn_waits_until_its_place_is_noted(self, store: StoryStore) -> None:
        turns = store.turns()
        none = await turns.waiting()
        for n in (1, 2, 3):
            await turns.begin(asked(f"t{n}", f"k{n}", branch=f"s.{n}"))
        all_three = await turns.waiting()
        await turns.place("t1", 4)
        await turns.end("t2", "abandoned", {}, Told.at(1))

        assert none == (0, None)
        assert all_three == (3, asked().began_at)
        assert (await turns.waiting())[0] == 1

    async def test_a_branch_plays_one_turn_and_the_next_once_it_is_over(
        self, store: StoryStore
    ) -> None:
        turns = store.turns()
        stand = await asyncio.gather(*(turns.begin(asked(f"t{n}", f"k{n}")) for n in range(8)))
        first = stand[0].turn_id
        await turns.end(first, "stored", {}, Told.at(1))
        later = await turns.begin(asked("t9", "k9"))

        assert {one.turn_id for one in stand} == {first}
        assert later.turn_id == "t9"
        assert [one.turn_id for one in await turns.running(branch_id="s.1")] == ["t9"]

    async def test_a_turn_ends_once_and_keeps_no_word_of_the_player_s(
        self, store: StoryStore
    ) -> None:
        turns = store.turns()
        await turns.begin(asked())
        ended = await turns.end("t1", "stored", {"turn": 2}, Told.at(1))
        again = await turns.end("t1", "abandoned", {}, Told.at(2))

        assert ended is not None
        assert (ended.state, ended.last, ended.ended_at) == ("stored", {"turn": 2}, Told.at(1))
        assert ended.request == {"kind": "say", "text": ""}
        assert again == ended == await turns.turn("t1")
        assert await turns.end("none", "stored", {}, Told.at()) is None

    async def test_a_turn_that_stored_nothing_gives_its_key_to_another(
        self, store: StoryStore
    ) -> None:
        turns = store.turns()
        await turns.begin(asked())
        still = await turns.begin(asked("t2"), instead_of="t1")
        await turns.end("t1", "failed", {}, Told.at(1))
        anew = await turns.begin(asked("t2"), instead_of="t1")

        assert still.turn_id == "t1", "it runs"
        assert anew.turn_id == "t2"
        assert (old := await turns.turn("t1")) is not None
        assert (old.key, old.state) == ("", "failed")

    async def test_a_turn_may_pause_beside_another_which_then_owes_a_note(
        self, store: StoryStore
    ) -> None:
        turns = store.turns()
        await turns.begin(asked())
        paused = replace(asked("t2", "k2"), state="paused", ended_at=Told.at(1), is_beside=True)

        assert await turns.begin(paused) == paused == await turns.turn("t2")
        assert await turns.latest_on("s.1") == asked()
        assert await turns.owe_note("t1")
        assert await turns.latest_on("s.1") == replace(asked(), owes_note=True)
        await turns.end("t1", "stored", {}, Told.at(2))
        assert not await turns.owe_note("t1")

    async def test_where_a_turn_began_is_what_was_noted_first(self, store: StoryStore) -> None:
        turns = store.turns()
        await turns.begin(asked())

        assert await turns.place("t1", 7) == 7
        assert await turns.place("t1", 9) == 7
        with pytest.raises(TurnNotFound):
            await turns.place("none", 1)

    async def test_what_a_turn_has_come_to_is_kept_until_it_is_over(
        self, store: StoryStore
    ) -> None:
        turns = store.turns()
        await turns.begin(asked())
        assert await turns.outcome("t1") is None
        await turns.keep_outcome("t1", {"events": [1]})
        await turns.keep_outcome("t1", {"events": [2]})

        assert await turns.outcome("t1") == TurnOutcome(values={"events": [1]})
        await turns.outcome_stored("t1")
        assert await turns.outcome("t1") == TurnOutcome(values={"events": [1]}, is_stored=True)
        await turns.end("t1", "stored", {}, Told.at(1))
        await turns.keep_outcome("t1", {"events": [3]})
        assert await turns.outcome("t1") is None

    async def test_a_call_has_its_reply_or_is_open(self, store: StoryStore) -> None:
        await store.turns().begin(asked())
        calls, first, second = store.turn_calls(), CallPlace("f", 1), CallPlace("f", 2)
        for place in (first, second, first):
            await calls.sending("t1", place, CALL)
        again = replace(CALL, model="another", pace=PACE)
        await calls.sending("t1", second, again)
        await calls.keep("t1", first, {"text": "Told."})
        await calls.keep("t1", CallPlace("g", 1), {"text": "From a cache."})
        await calls.drop("t1", first)

        assert await calls.kept("t1") == {
            first: {"text": "Told."},
            CallPlace("g", 1): {"text": "From a cache."},
        }
        assert await calls.open_calls("t1") == [(second, again)]
        assert await calls.kept("t2") == {}
        await store.turns().end("t1", "abandoned", {}, Told.at(1))
        assert await calls.kept("t1") == {}
        assert await calls.open_calls("t1") == [(second, again)], "until it is booked"
        await calls.drop("t1", second)
        assert await calls.open_calls("t1") == []

    async def test_updates_are_read_in_order_and_a_number_is_put_once(
        self, store: StoryStore
    ) -> None:
        await store.turns().begin(asked())
        updates = store.turn_updates()
        put = [await updates.add("t1", n, "passage", f"{n}") for n in (1, 2, 2, 3)]
        await updates.add("t2", 1, "passage", "another's")

        assert put == [True, True, False, True]
        assert await updates.read("t1", after=1, wait_s=0) == [
            (2, "passage", "2"),
            (3, "passage", "3"),
        ]
        assert await updates.read("t1", after=3, wait_s=0) == []

    async def test_old_updates_go_but_for_the_last_and_old_turns_with_everything(
        self, store: StoryStore
    ) -> None:
        turns, updates = store.turns(), store.turn_updates()
        for name in ("t1", "t2", "t3"):
            await turns.begin(asked(name, name, f"s.{name}"))
            for number in (1, 2):
                await updates.add(name, number, "passage", "x")
        await turns.end("t1", "stored", {}, Told.at(1))
        await turns.end("t2", "stored", {}, Told.at(9))
        await updates.trim(before=Told.at(5))

        left = [await updates.read(name, after=0, wait_s=0) for name in ("t1", "t2", "t3")]
        assert [len(one) for one in left] == [1, 2, 2]
        await turns.forget(before=Told.at(5))
        assert await turns.turn("t1") is None
        assert await updates.read("t1", after=0, wait_s=0) == []
        assert [one.turn_id for one in await turns.running()] == ["t3"]

    async def test_the_turns_of_a_story_go_with_it(self, store: StoryStore) -> None:
        turns, updates = store.turns(), store.turn_updates()
        await store.create_story("s", "S", Told.opening(), at=Told.at())
        await turns.begin(asked())
        await turns.begin(asked("t2", "k2", "other.1"))
        await updates.add("t1", 1, "passage", "x")

        await store.delete("s")

        assert await turns.turn("t1") is None
        assert await updates.read("t1", after=0, wait_s=0) == []
        assert [one.turn_id for one in await turns.running()] == ["t2"]
        assert await turns.running(story_id="s") == []

    async def test_a_turn_is_ended_together_with_what_it_stores_or_not_at_all(
        self, store: StoryStore
    ) -> None:
        turns = store.turns()
        await turns.begin(asked())
        with pytest.raises(StoryNotFound):
            async with turns.together():
                await turns.end("t1", "stored", {}, Told.at(1))
                await store.rename("none", "x")

        assert await turns.turn("t1") == asked()


class TestInSqlite(TurnRecordsContract):
    @pytest.fixture
    def store(self, sqlite_store: StoryStore) -> StoryStore:
        return sqlite_store


class TestInMemory(TurnRecordsContract):
    @pytest.fixture
    def store(self) -> StoryStore:
        return MemoryStoryStore()


class TestInPostgresql(TurnRecordsContract):
    @pytest.fixture
    async def store(self, postgresql_database: str) -> AsyncIterator[StoryStore]:
        async with await StoryStore.open(postgresql_database) as store:
            yield store


async def test_who_waits_for_an_update_gets_it_and_who_waits_in_vain_gets_none() -> None:
    store, clock = MemoryStoryStore(), ManualClock()
    updates = SqlTurnUpdates(store._database, clock)
    reading = asyncio.create_task(updates.read("t1", after=0, wait_s=10))
    await clock.advance(1)
    assert not reading.done()
    await updates.add("t1", 1, "passage", "x")
    await clock.advance(1)
    assert await reading == [(1, "passage", "x")]

    in_vain = asyncio.create_task(updates.read("t1", after=1, wait_s=10))
    await clock.advance(11)
    assert await in_vain == []
