"""Opening and leaving: new, held, full, read-only and closed databases."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.storage.logs import texts_of

from tta_rebuild.core.errors import (
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
)
from tta_rebuild.storage import sqlite_file
from tta_rebuild.storage.failures import told_plainly
from tta_rebuild.storage.story_store import StoryStore

# ------------------------------------------------------------------------------- where


async def test_a_directory_that_is_missing_is_made(tmp_path: Path) -> None:
    async with await StoryStore.open(tmp_path / "new" / "place") as store:
        assert store.place == str(tmp_path / "new" / "place" / "stories.db")
    assert (tmp_path / "new" / "place" / "stories.db").is_file()


async def test_what_a_killed_process_left_of_a_new_database_is_no_hindrance(
    tmp_path: Path, told: Any
) -> None:
    (tmp_path / "stories.db.new").write_bytes(b"half a database")
    async with await StoryStore.open(tmp_path) as store:
        await store.create_story("sea", "Sea", told.opening(), at=told.noon)
    assert not (tmp_path / "stories.db.new").exists()


def test_a_database_that_could_not_be_made_leaves_no_piece_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(database: str) -> list[str]:
        raise OSError("no space left")

    monkeypatch.setattr(sqlite_file, "statements", full)
    with pytest.raises(OSError, match="no space"):
        sqlite_file.make_new(tmp_path / "stories.db")
    assert list(tmp_path.iterdir()) == []


def test_a_data_directory_that_one_thread_holds_can_be_released_by_another(tmp_path: Path) -> None:
    path = tmp_path / "stories.db"
    with ThreadPoolExecutor(1) as other:
        held = other.submit(sqlite_file.hold, path).result()
        with pytest.raises(StoreLocked):
            sqlite_file.hold(path)
        held.release()
        sqlite_file.hold(path).release()


async def test_a_file_can_be_named_as_path_or_address(tmp_path: Path) -> None:
    for where in (tmp_path / "a.db", str(tmp_path / "b.db"), f"sqlite:///{tmp_path}/c.db"):
        async with await StoryStore.open(where) as store:
            assert await store.stories() == []
    assert {p.name for p in tmp_path.glob("*.db")} == {"a.db", "b.db", "c.db"}


async def test_a_path_with_spaces_and_signs_is_only_a_path(tmp_path: Path) -> None:
    home = tmp_path / "müd 100% & so?mode=ro#x"
    async with await StoryStore.open(home) as store:
        assert await store.stories() == []
    assert (home / "stories.db").is_file()


async def test_an_address_of_an_unknown_kind_says_what_is_possible() -> None:
    with pytest.raises(StoreError, match="postgresql://"):
        await StoryStore.open("mysql://localhost/stories")


async def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    password = os.urandom(8).hex()
    with pytest.raises(StoreError, match="cannot be reached") as failure:
        await StoryStore.open(f"postgresql://ana:{password}@127.0.0.1:9/stories")
    assert password not in str(failure.value)


def test_an_unknown_error_of_a_server_is_named_without_its_words() -> None:
    password = os.urandom(8).hex()
    plainly = told_plainly("postgresql://host/stories", (ConnectionError,))
    with pytest.raises(StoreError, match="failed") as failure, plainly:
        raise ConnectionError(f"no route for ana:{password}")
    assert password not in str(failure.value)


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = await StoryStore.open(tmp_path)
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.stories()


# ------------------------------------------------------------------------------- held, full, closed


async def test_a_directory_in_use_names_itself_and_what_to_do(tmp_path: Path) -> None:
    async with await StoryStore.open(tmp_path):
        with pytest.raises(StoreLocked, match="another process of tta") as failure:
            await StoryStore.open(tmp_path)
        assert str(tmp_path) in str(failure.value)
    async with await StoryStore.open(tmp_path) as store:
        assert await store.stories() == []


async def test_a_failed_opening_leaves_the_directory_free(tmp_path: Path) -> None:
    path = tmp_path / "stories.db"
    path.write_bytes(b"no database" * 1000)
    for _ in range(2):
        with pytest.raises(StoreDamaged):
            await StoryStore.open(tmp_path)
    path.unlink()
    async with await StoryStore.open(tmp_path) as store:
        assert await store.stories() == []


async def test_a_foreign_program_that_holds_the_file_is_reported(played: Path, told: Any) -> None:
    async with await StoryStore.open(played) as store:
        with closing(sqlite3.connect(played / "stories.db", isolation_level=None)) as foreign:
            foreign.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreLocked, match="another program"):
                await store.append("sea.1", 4, told.turn("I"), expected=10, at=told.noon)
            foreign.execute("ROLLBACK")
        assert await store.append("sea.1", 4, told.turn("I"), expected=10, at=told.noon) == 13


async def test_reading_is_possible_beside_the_process_that_plays(played: Path, told: Any) -> None:
    async with await StoryStore.open(played) as store:
        async with await StoryStore.open(played, read_only=True) as beside:
            await store.append("sea.1", 4, told.turn("I run"), expected=10, at=told.noon)
            assert (await texts_of(beside, "sea.1"))[-1] == "I run"
            with pytest.raises(StoreReadOnly, match="reading only"):
                await beside.rename("sea", "x")
        assert await store.append("sea.1", 5, told.turn("I"), expected=13, at=told.noon) == 16


async def test_reading_only_needs_a_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no stories yet"):
        await StoryStore.open(tmp_path, read_only=True)


async def test_a_file_in_place_of_the_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    for where in (tmp_path / "data" / "deeper", tmp_path / "data" / "stories.db"):
        with pytest.raises(StoreError, match="is not a directory"):
            await StoryStore.open(where)


async def test_a_full_disk_stores_nothing_of_the_turn_and_all_before_it(
    small_disk: Path, told: Any
) -> None:
    async with await StoryStore.open(small_disk) as store:
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
    async with await StoryStore.open(small_disk) as store:
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
    async with await StoryStore.open(small_disk) as store:
        await store.create_story("sea", "Sea", [told.act("I wait")], at=told.noon)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    with pytest.raises(StoreReadOnly, match=r"cannot be written.*another data directory"):
        await StoryStore.open(small_disk)
    async with await StoryStore.open(small_disk, read_only=True) as store:
        assert await texts_of(store, "sea.1") == ["I wait"]


_AS_NOBODY = """
import asyncio, os, sys
from tta_rebuild.core.errors import StoreError
from tta_rebuild.storage import sqlite_file
from tta_rebuild.storage.failures import failure
from tta_rebuild.storage.story_store import StoryStore
failure("full", "")  # loaded while Python's own files may be read
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
async def main():
    try:
        await StoryStore.open(sys.argv[1])
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
    async with await StoryStore.open(tmp_path) as store:
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


async def test_a_new_story_is_in_the_file_itself_and_not_only_in_its_log(
    sqlite_store: StoryStore, tmp_path: Path, told: Any
) -> None:
    await sqlite_store.create_story("sea", "Sea", told.opening(), at=told.noon)

    address = f"{(tmp_path / 'stories.db').as_uri()}?immutable=1"  # reads no log
    with closing(sqlite3.connect(address, uri=True)) as file:
        assert file.execute("SELECT story_id FROM stories").fetchall() == [("sea",)]


async def test_the_database_is_set_up_to_survive_a_loss_of_power(
    sqlite_store: StoryStore,
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
        store = await StoryStore.open(tmp_path / name)
        await store.close()
        assert (tmp_path / name / "stories.db").is_file()
    store = await StoryStore.open(tmp_path / "one.db")
    await store.close()
    assert (tmp_path / "one.db").is_file()
