"""Logs of older programs, foreign files, broken pages and holes: read, or named and left alone."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.storage.logs import texts_of

from tta_rebuild.core.errors import (
    StoreDamaged,
    StoreNewer,
    ValidationError,
)
from tta_rebuild.core.events import EVENT_TYPES, EventCodec
from tta_rebuild.storage.story_store import StoryStore

# ------------------------------------------------------------------------------- event versions


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerActedLater:
    """What ``PlayerActed`` might become: the manner told apart from the words."""

    KIND: ClassVar[str] = "player_acted"
    VERSION: ClassVar[int] = 3
    words: str
    manner: str
    choice: int | None = None


def _renamed(data: dict[str, Any]) -> dict[str, Any]:
    return {"words": data["text"], "choice": data["choice"]}


def _with_manner(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "manner": "loud" if data["words"].isupper() else "plain"}


async def test_an_old_log_loads_after_its_events_have_changed_shape_twice(
    tmp_path: Path, told: Any
) -> None:
    async with await StoryStore.open(tmp_path) as store:
        events = [told.act("I knock"), told.act("OPEN"), told.scene("It opens.")]
        await store.create_story("sea", "Sea", events, at=told.noon)

    later = EventCodec(
        {("player_acted", 1): _renamed, ("player_acted", 2): _with_manner},
        types={**EVENT_TYPES, "player_acted": PlayerActedLater},
    )
    async with await StoryStore.open(tmp_path, codec=later) as store:
        path = [recorded.event async for recorded in store.read("sea.1")]
    assert path == [
        PlayerActedLater(words="I knock", manner="plain"),
        PlayerActedLater(words="OPEN", manner="loud"),
        told.scene("It opens."),
    ]


async def test_an_event_of_a_later_program_says_that_an_upgrade_is_needed(
    tmp_path: Path, told: Any
) -> None:
    later = EventCodec(types={"player_acted": PlayerActedLater})
    async with await StoryStore.open(tmp_path, codec=later) as store:
        event: Any = PlayerActedLater(words="I knock", manner="plain")
        await store.create_story("sea", "Sea", [event], at=told.noon)
    async with await StoryStore.open(tmp_path) as store:
        with pytest.raises(StoreNewer, match="upgrade tta"):
            await texts_of(store, "sea.1")


async def test_broken_unicode_is_refused_and_nothing_of_the_turn_is_stored(
    sqlite_store: StoryStore, told: Any
) -> None:
    await sqlite_store.create_story("sea", "Sea", told.opening(), at=told.noon)
    with pytest.raises(ValidationError, match="no text"):
        await sqlite_store.append(
            "sea.1", 1, [told.act("fine"), told.act("broken \ud800")], expected=1, at=told.noon
        )
    assert (await sqlite_store.branch("sea.1")).length == 1
    odd = "bell \a, null \0, escape \x1b[31m, family \U0001f469\u200d\U0001f467"
    await sqlite_store.append("sea.1", 1, [told.act(odd)], expected=1, at=told.noon)
    assert await texts_of(sqlite_store, "sea.1") == [odd]


# ------------------------------------------------------------------------------- damage


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "stories.db"
    path.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(StoreDamaged, match="not a database"):
        await StoryStore.open(tmp_path)
    assert path.read_bytes() == b"Dear diary, " * 1000


async def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "stories.db")) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.commit()
    with pytest.raises(StoreDamaged, match="not one of stories"):
        await StoryStore.open(tmp_path)


async def test_a_database_with_broken_pages_says_so(played: Path) -> None:
    path = played / "stories.db"
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match=r"damaged.*backup"):
        async with await StoryStore.open(played) as store:
            await texts_of(store, "sea.1")


async def test_a_database_that_was_cut_short_says_so(played: Path) -> None:
    path = played / "stories.db"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])
    with pytest.raises(StoreDamaged):
        async with await StoryStore.open(played) as store:
            await texts_of(store, "sea.1")


def _cut(home: Path, sql: str) -> None:
    with closing(sqlite3.connect(home / "stories.db")) as connection:
        connection.execute(sql)
        connection.commit()


@pytest.mark.parametrize(
    ("sql", "good_upto"),
    [
        ("DELETE FROM events WHERE position = 5", 4),
        ("DELETE FROM events WHERE position > 8", 8),
        ("DELETE FROM events WHERE position = 1", 0),
        ("DELETE FROM events WHERE position BETWEEN 3 AND 9", 2),
        ("UPDATE events SET data = substr(data, 1, 10) WHERE position = 6", 5),
        ("UPDATE events SET position = 99 WHERE position = 7", 6),
    ],
)
async def test_a_log_cut_in_the_middle_says_how_far_it_is_good_and_a_fork_saves_that_part(
    played: Path, told: Any, sql: str, good_upto: int
) -> None:
    _cut(played, sql)
    async with await StoryStore.open(played) as store:
        with pytest.raises(StoreDamaged, match=f"whole up to event {good_upto}") as damage:
            await texts_of(store, "sea.1")
        assert (damage.value.good_upto, damage.value.branch_id) == (good_upto, "sea.1")

        saved = await store.fork("sea.1", good_upto, at=told.noon)
        await store.append(saved.branch_id, 4, told.turn("On"), expected=good_upto, at=told.noon)
        path = [r.position async for r in store.read(saved.branch_id)]
    assert path == list(range(1, good_upto + 4))


async def test_a_fork_at_a_hole_says_how_far_the_story_is_good_and_makes_no_branch(
    played: Path, told: Any
) -> None:
    _cut(played, "DELETE FROM events WHERE position IN (4, 9)")
    async with await StoryStore.open(played) as store:
        for position in (4, 9):
            with pytest.raises(StoreDamaged, match="whole up to event 3") as damage:
                await store.fork("sea.1", position, at=told.noon)
            assert damage.value.good_upto == 3
        assert len(await store.branches("sea")) == 1


async def test_the_good_part_of_a_cut_log_is_given_before_the_error(played: Path) -> None:
    _cut(played, "DELETE FROM events WHERE position = 5")
    seen = []
    async with await StoryStore.open(played) as store:
        with pytest.raises(StoreDamaged):
            async for recorded in store.read("sea.1"):
                seen.append(recorded.position)
    assert seen == [1, 2, 3, 4]
