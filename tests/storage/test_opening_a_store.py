"""Opening: new, old, newer, damaged, locked, full and read-only databases."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tta_rebuild.core.errors import (
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreNewer,
    StoreReadOnly,
    ValidationError,
)
from tta_rebuild.core.events import EVENT_TYPES, EventCodec, PlayerActed
from tta_rebuild.storage import migrations
from tta_rebuild.storage.migrations import HEAD, REVISIONS, statements
from tta_rebuild.storage.sql_store import SqlStoryStore


async def texts_of(store: SqlStoryStore, branch_id: str) -> list[str]:
    return [r.event.text async for r in store.read(branch_id) if isinstance(r.event, PlayerActed)]


@pytest.fixture
async def played(tmp_path: Path, told: Any) -> Path:
    """A data directory with a story of three turns; closed."""
    async with await SqlStoryStore.open(tmp_path) as store:
        branch = await store.create_story("sea", "Sea", told.opening(), at=told.noon)
        for turn in (1, 2, 3):
            await store.append(
                branch.branch_id, turn, told.turn(f"I {turn}"), expected=3 * turn - 2, at=told.noon
            )
    return tmp_path


# ------------------------------------------------------------------------------- where


async def test_a_directory_that_is_missing_is_made(tmp_path: Path) -> None:
    async with await SqlStoryStore.open(tmp_path / "new" / "place") as store:
        assert store.place == str(tmp_path / "new" / "place" / "stories.db")
    assert (tmp_path / "new" / "place" / "stories.db").is_file()


async def test_a_file_can_be_named_as_path_or_address(tmp_path: Path) -> None:
    for where in (tmp_path / "a.db", str(tmp_path / "b.db"), f"sqlite:///{tmp_path}/c.db"):
        async with await SqlStoryStore.open(where) as store:
            assert await store.stories() == []
    assert {p.name for p in tmp_path.glob("*.db")} == {"a.db", "b.db", "c.db"}


async def test_a_path_with_spaces_and_signs_is_only_a_path(tmp_path: Path) -> None:
    home = tmp_path / "müd 100% & so?mode=ro#x"
    async with await SqlStoryStore.open(home) as store:
        assert await store.stories() == []
    assert (home / "stories.db").is_file()


async def test_an_address_of_an_unknown_kind_says_what_is_possible() -> None:
    with pytest.raises(StoreError, match="postgresql://"):
        await SqlStoryStore.open("mysql://localhost/stories")


async def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    password = os.urandom(8).hex()
    with pytest.raises(StoreError, match="cannot be reached") as failure:
        await SqlStoryStore.open(f"postgresql://ana:{password}@127.0.0.1:9/stories")
    assert password not in str(failure.value)


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = await SqlStoryStore.open(tmp_path)
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.stories()


# ------------------------------------------------------------------------------- revisions


def _executed(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_the_revisions_that_the_program_knows_are_the_files_of_the_migrations() -> None:
    there = Path(migrations.__file__).parent.glob("*.sql")
    assert tuple(sorted(file.stem for file in there)) == REVISIONS


def test_a_new_database_is_what_an_upgraded_one_becomes(tmp_path: Path) -> None:
    _executed(tmp_path / "new.db", *statements("sqlite"))
    _executed(tmp_path / "upgraded.db", *statements("sqlite", target=REVISIONS[0]))
    for older in REVISIONS[:-1]:
        later = REVISIONS[REVISIONS.index(older) + 1]
        _executed(tmp_path / "upgraded.db", *statements("sqlite", older, later))

    made = []
    for name in ("new.db", "upgraded.db"):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            made.append(
                (
                    connection.execute("SELECT name, sql FROM sqlite_master").fetchall(),
                    connection.execute("SELECT * FROM alembic_version").fetchall(),
                )
            )
    assert made[0] == made[1]
    assert made[0][1] == [(HEAD,)]


_OPENED_ANEW = """
import asyncio, sys
from tta_rebuild.storage.sql_store import SqlStoryStore
async def main():
    await (await SqlStoryStore.open(sys.argv[1])).close()
asyncio.run(main())
print(*sorted({name.partition(".")[0] for name in sys.modules}), sep="\\n")
"""


def test_a_file_is_made_and_opened_without_the_driver_of_a_server(tmp_path: Path) -> None:
    for _ in ("new", "current"):
        run = subprocess.run(
            [sys.executable, "-c", _OPENED_ANEW, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "sqlite3" in run.stdout.split()
        assert not {"asyncpg", "sqlalchemy"} & set(run.stdout.split())


async def test_an_older_database_on_a_server_is_upgraded_in_place(
    postgresql_database: str,
) -> None:
    import asyncpg

    connection = await asyncpg.connect(postgresql_database)
    for statement in statements("postgresql", target="0001"):
        await connection.execute(statement)
    await connection.execute("INSERT INTO stories VALUES (1, 'old', 'Old', 0, 0, 1, 0)")
    await connection.close()

    async with await SqlStoryStore.open(postgresql_database) as store:
        assert [row.title for row in await store.stories()] == ["Old"]
        assert await store.ledger().spent_usd() == 0.0
    async with await SqlStoryStore.open(postgresql_database, read_only=True) as store:
        assert (await store.story("old")).story_id == "old"


async def test_an_older_database_is_backed_up_and_upgraded_in_place(
    tmp_path: Path, told: Any
) -> None:
    path = tmp_path / "stories.db"
    _executed(
        path,
        *statements("sqlite", target="0001"),
        "INSERT INTO stories VALUES (1, 'old', 'An old story', 0, 0, 1, 0)",
        "INSERT INTO branches VALUES (1, 'old.1', 1, 'main', NULL, 0, 1, 0, 0)",
        "INSERT INTO events VALUES (1, 1, 0, 0, 'player_acted', 1, '{\"text\":\"I remember\"}')",
    )

    async with await SqlStoryStore.open(tmp_path, clock=told.at) as store:
        assert await texts_of(store, "old.1") == ["I remember"]
        assert await store.ledger().spent_usd() == 0.0

    [backup] = tmp_path.glob("*.backup")
    assert backup.name == "stories.db.revision-0001.20260301-120000.backup"
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT title FROM stories").fetchall() == [("An old story",)]
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == [("0001",)]
    async with await SqlStoryStore.open(tmp_path):
        pass
    assert len(list(tmp_path.glob("*.backup"))) == 1


async def test_a_newer_database_is_left_alone(played: Path) -> None:
    with closing(sqlite3.connect(played / "stories.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = (played / "stories.db").read_bytes()
    with pytest.raises(StoreNewer, match=f"9999, this one knows up to {HEAD}.*upgrade tta"):
        await SqlStoryStore.open(played)
    assert (played / "stories.db").read_bytes() == before


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
    async with await SqlStoryStore.open(tmp_path) as store:
        events = [told.act("I knock"), told.act("OPEN"), told.scene("It opens.")]
        await store.create_story("sea", "Sea", events, at=told.noon)

    later = EventCodec(
        {("player_acted", 1): _renamed, ("player_acted", 2): _with_manner},
        types={**EVENT_TYPES, "player_acted": PlayerActedLater},
    )
    async with await SqlStoryStore.open(tmp_path, codec=later) as store:
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
    async with await SqlStoryStore.open(tmp_path, codec=later) as store:
        event: Any = PlayerActedLater(words="I knock", manner="plain")
        await store.create_story("sea", "Sea", [event], at=told.noon)
    async with await SqlStoryStore.open(tmp_path) as store:
        with pytest.raises(StoreNewer, match="upgrade tta"):
            await store.tail("sea.1", 1)


async def test_broken_unicode_is_refused_and_nothing_of_the_turn_is_stored(
    sqlite_store: SqlStoryStore, told: Any
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
        await SqlStoryStore.open(tmp_path)
    assert path.read_bytes() == b"Dear diary, " * 1000


async def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "stories.db")) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.commit()
    with pytest.raises(StoreDamaged, match="not one of stories"):
        await SqlStoryStore.open(tmp_path)


async def test_a_database_with_broken_pages_says_so(played: Path) -> None:
    path = played / "stories.db"
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match=r"damaged.*backup"):
        async with await SqlStoryStore.open(played) as store:
            await store.tail("sea.1", 10)


async def test_a_database_that_was_cut_short_says_so(played: Path) -> None:
    path = played / "stories.db"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])
    with pytest.raises(StoreDamaged):
        async with await SqlStoryStore.open(played) as store:
            await store.tail("sea.1", 10)


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
    async with await SqlStoryStore.open(played) as store:
        for reading in (store.tail("sea.1", 10), texts_of(store, "sea.1")):
            with pytest.raises(StoreDamaged, match=f"whole up to event {good_upto}") as damage:
                await reading
            assert (damage.value.good_upto, damage.value.branch_id) == (good_upto, "sea.1")

        saved = await store.fork("sea.1", good_upto, at=told.noon)
        await store.append(saved.branch_id, 4, told.turn("On"), expected=good_upto, at=told.noon)
        path = [r.position async for r in store.read(saved.branch_id)]
    assert path == list(range(1, good_upto + 4))


async def test_the_good_part_of_a_cut_log_is_given_before_the_error(played: Path) -> None:
    _cut(played, "DELETE FROM events WHERE position = 5")
    seen = []
    async with await SqlStoryStore.open(played) as store:
        with pytest.raises(StoreDamaged):
            async for recorded in store.read("sea.1"):
                seen.append(recorded.position)
    assert seen == [1, 2, 3, 4]


async def test_a_hole_before_the_tail_does_not_make_the_tail_lie(played: Path) -> None:
    _cut(played, "DELETE FROM events WHERE position IN (3, 9)")
    async with await SqlStoryStore.open(played) as store:
        with pytest.raises(StoreDamaged, match="whole up to event 2"):
            await store.tail("sea.1", 4)


# ------------------------------------------------------------------------------- held, full, closed


async def test_a_directory_in_use_names_itself_and_what_to_do(tmp_path: Path) -> None:
    async with await SqlStoryStore.open(tmp_path):
        with pytest.raises(StoreLocked, match="another process of tta") as failure:
            await SqlStoryStore.open(tmp_path)
        assert str(tmp_path) in str(failure.value)
    async with await SqlStoryStore.open(tmp_path) as store:
        assert await store.stories() == []


async def test_a_failed_opening_leaves_the_directory_free(tmp_path: Path) -> None:
    path = tmp_path / "stories.db"
    path.write_bytes(b"no database" * 1000)
    for _ in range(2):
        with pytest.raises(StoreDamaged):
            await SqlStoryStore.open(tmp_path)
    path.unlink()
    async with await SqlStoryStore.open(tmp_path) as store:
        assert await store.stories() == []


async def test_a_foreign_program_that_holds_the_file_is_reported(played: Path, told: Any) -> None:
    async with await SqlStoryStore.open(played) as store:
        with closing(sqlite3.connect(played / "stories.db", isolation_level=None)) as foreign:
            foreign.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreLocked, match="another program"):
                await store.append("sea.1", 4, told.turn("I"), expected=10, at=told.noon)
            foreign.execute("ROLLBACK")
        assert await store.append("sea.1", 4, told.turn("I"), expected=10, at=told.noon) == 13


async def test_reading_is_possible_beside_the_process_that_plays(played: Path, told: Any) -> None:
    async with await SqlStoryStore.open(played) as store:
        async with await SqlStoryStore.open(played, read_only=True) as beside:
            await store.append("sea.1", 4, told.turn("I run"), expected=10, at=told.noon)
            assert (await texts_of(beside, "sea.1"))[-1] == "I run"
            with pytest.raises(StoreReadOnly, match="reading only"):
                await beside.rename("sea", "x")
        assert await store.append("sea.1", 5, told.turn("I"), expected=13, at=told.noon) == 16


async def test_reading_only_needs_a_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no stories yet"):
        await SqlStoryStore.open(tmp_path, read_only=True)


async def test_a_file_in_place_of_the_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    for where in (tmp_path / "data" / "deeper", tmp_path / "data" / "stories.db"):
        with pytest.raises(StoreError, match="is not a directory"):
            await SqlStoryStore.open(where)


async def test_a_full_disk_stores_nothing_of_the_turn_and_all_before_it(
    small_disk: Path, told: Any
) -> None:
    async with await SqlStoryStore.open(small_disk) as store:
        await store.create_story("sea", "Sea", told.opening(), at=told.noon)
        length, turn = 1, 0
        with pytest.raises(StoreFull, match=r"no space left.*free some space"):
            for turn in range(1, 200):
                events = [told.act(f"{turn}: " + "wave " * 4_000), told.act("end")]
                length = await store.append("sea.1", turn, events, expected=length, at=told.noon)
        assert turn > 3
        assert (await store.branch("sea.1")).length == length
        assert len([r async for r in store.read("sea.1")]) == length == 2 * turn - 1


async def test_once_there_is_space_again_the_story_goes_on(small_disk: Path, told: Any) -> None:
    ballast = small_disk / "ballast"
    async with await SqlStoryStore.open(small_disk) as store:
        await store.create_story("sea", "Sea", told.opening(), at=told.noon)
        with ballast.open("wb") as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(bytes(65_536))
                file.flush()
        events = [told.act("wave " * 40_000)]
        with pytest.raises(StoreFull):
            await store.append("sea.1", 1, events, expected=1, at=told.noon)
        ballast.unlink()
        assert await store.append("sea.1", 1, events, expected=1, at=told.noon) == 2


async def test_a_read_only_file_system_says_so_and_can_still_be_read(
    small_disk: Path, told: Any
) -> None:
    async with await SqlStoryStore.open(small_disk) as store:
        await store.create_story("sea", "Sea", [told.act("I wait")], at=told.noon)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    with pytest.raises(StoreReadOnly, match=r"cannot be written.*another data directory"):
        await SqlStoryStore.open(small_disk)
    async with await SqlStoryStore.open(small_disk, read_only=True) as store:
        assert await texts_of(store, "sea.1") == ["I wait"]


_AS_NOBODY = """
import asyncio, os, sys
from tta_rebuild.core.errors import StoreError
from tta_rebuild.storage.sql_store import SqlStoryStore
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
async def main():
    try:
        await SqlStoryStore.open(sys.argv[1])
    except StoreError as error:
        print(type(error).__name__, error)
asyncio.run(main())
"""


async def test_a_directory_without_the_right_to_write_says_so(played: Path) -> None:
    if not hasattr(os, "setuid"):
        pytest.skip("needs the permissions of a Unix file system")
    for parent in (*reversed(played.parents[:3]), played):
        parent.chmod(parent.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH | stat.S_IROTH)
    played.chmod(0o555)
    source = str(Path(__file__).parents[2] / "src")
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(played)],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=False,
    )
    played.chmod(0o755)
    assert done.stdout.startswith("StoreReadOnly"), done.stderr
    assert str(played) in done.stdout


# ------------------------------------------------------------------------------- leaving


async def test_a_deleted_storys_words_are_nowhere_in_the_files(tmp_path: Path, told: Any) -> None:
    secret = "zanzibarian"
    async with await SqlStoryStore.open(tmp_path) as store:
        await store.create_story("kept", "Kept", told.opening(), at=told.noon)
        await store.create_story("gone", "Gone", told.opening(secret), at=told.noon)
        length = 1
        for turn in range(1, 40):
            events = told.turn(f"I say {secret} {turn}", f"The {secret} answered.")
            length = await store.append("gone.1", turn, events, expected=length, at=told.noon)
        await store.save_snapshot("gone.1", 4, "fold/1", secret)
        assert _files_with(tmp_path, secret)
        await store.delete("gone")
        assert _files_with(tmp_path, secret) == []
    assert _files_with(tmp_path, secret) == []


def _files_with(home: Path, word: str) -> list[str]:
    return [p.name for p in home.iterdir() if word.encode() in p.read_bytes().lower()]


async def test_the_database_is_set_up_to_survive_a_loss_of_power(
    sqlite_store: SqlStoryStore,
) -> None:
    database = sqlite_store._database
    async with database.writing() as connection:
        asked = {
            name: next(iter(await connection.rows(f"PRAGMA {name}")), {name: 0})[name]
            for name in ("journal_mode", "synchronous", "foreign_keys", "mmap_size")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "mmap_size": 0}
    with pytest.raises(StoreReadOnly):
        async with database.reading() as connection:
            await connection.rows("UPDATE stories SET title = 'x'")


async def test_a_new_data_directory_may_have_a_dot_in_its_name(tmp_path: Path) -> None:
    for name in ("my.stories", "v1.2", ".hidden", "a.b/c.d"):
        store = await SqlStoryStore.open(tmp_path / name)
        await store.close()
        assert (tmp_path / name / "stories.db").is_file()
    store = await SqlStoryStore.open(tmp_path / "one.db")
    await store.close()
    assert (tmp_path / "one.db").is_file()
