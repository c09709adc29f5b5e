"""Backup while others write, and restore: whole or not at all; nothing that was there is lost."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tta_rebuild.core.errors import (
    StoreDamaged,
    StoreError,
    StoreLocked,
    StoreMissing,
    StoreNewer,
)
from tta_rebuild.core.events import StoryOpened
from tta_rebuild.core.story import Premise
from tta_rebuild.storage.backup import backup, restore
from tta_rebuild.storage.migrations import HEAD, statements
from tta_rebuild.storage.story_store import StoryStore

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


async def write_stories(store: StoryStore, numbers: range) -> None:
    for number in numbers:
        opened = [StoryOpened(premise=Premise(theme=f"Story {number}"))]
        await store.create_story(f"s{number}", f"Story {number}", opened, at=NOON)


async def titles(directory: Path) -> list[str]:
    async with await StoryStore.open(directory) as store:
        assert store.note == ""
        return sorted(row.title for row in await store.stories())


async def test_a_backup_is_what_was_stored_when_it_was_made(tmp_path: Path) -> None:
    here, file = tmp_path / "here", tmp_path / "copy.db"
    async with await StoryStore.open(here) as store:
        await write_stories(store, range(3))
        made = backup(here / "stories.db", file)
        await write_stories(store, range(3, 5))
    restore(tmp_path / "there" / "stories.db", file, now=NOON)

    assert (made.stories, made.revision) == (3, HEAD)
    assert await titles(tmp_path / "there") == ["Story 0", "Story 1", "Story 2"]
    assert len(await titles(here)) == 5


async def test_backups_while_stories_are_written_are_whole_and_in_their_order(
    tmp_path: Path,
) -> None:
    here, counts = tmp_path / "here", list[int]()
    async with await StoryStore.open(here) as store:
        await write_stories(store, range(1))
        writing = asyncio.create_task(write_stories(store, range(1, 120)))
        while not writing.done():
            file = tmp_path / f"copy-{len(counts)}.db"
            made = await asyncio.to_thread(backup, here / "stories.db", file)
            counts.append(made.stories)
        await writing

    assert len(counts) > 3
    assert counts == sorted(counts)
    assert 1 < counts[-1] <= 120
    for number, count in enumerate(counts):
        place = tmp_path / f"there-{number}"
        restore(place / "stories.db", tmp_path / f"copy-{number}.db", now=NOON)
        async with await StoryStore.open(place) as store:
            rows = await store.stories()
            # one story after the other was written: a copy has the first ones, without a gap
            assert {row.story_id for row in rows} == {f"s{n}" for n in range(count)}


async def test_what_a_restore_replaces_is_kept_and_can_be_restored_itself(tmp_path: Path) -> None:
    here, file = tmp_path / "here", tmp_path / "copy.db"
    async with await StoryStore.open(here) as store:
        await write_stories(store, range(1))
    backup(here / "stories.db", file)
    async with await StoryStore.open(here) as store:
        await write_stories(store, range(1, 3))
    first = restore(here / "stories.db", file, now=NOON)
    assert await titles(here) == ["Story 0"]
    assert first.kept is not None
    second = restore(here / "stories.db", first.kept, now=NOON)

    assert len(await titles(here)) == 3
    assert second.kept != first.kept


async def test_a_store_that_was_not_closed_is_kept_with_its_log(tmp_path: Path) -> None:
    here, file = tmp_path / "here", tmp_path / "copy.db"
    async with await StoryStore.open(here) as store:
        await write_stories(store, range(2))
        backup(here / "stories.db", file)
        await write_stories(store, range(2, 4))
        copied = tmp_path / "killed"
        copied.mkdir()
        for name in ("stories.db", "stories.db-wal"):
            (copied / name).write_bytes((here / name).read_bytes())
    made = restore(copied / "stories.db", file, now=NOON)

    assert len(await titles(copied)) == 2
    assert made.kept is not None
    restore(tmp_path / "again" / "stories.db", made.kept, now=NOON)
    assert len(await titles(tmp_path / "again")) == 4


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives away")
async def test_what_root_restores_belongs_to_whom_the_directory_does(tmp_path: Path) -> None:
    async with await StoryStore.open(tmp_path / "here") as store:
        await write_stories(store, range(2))
    backup(tmp_path / "here" / "stories.db", tmp_path / "copy.db")
    there = tmp_path / "there"
    there.mkdir(mode=0o700)
    os.chown(there, 12_345, 12_346)

    for _ in range(2):  # into an empty directory, and in the place of what is there
        restore(there / "stories.db", tmp_path / "copy.db", now=NOON)

    owners = {(file.stat().st_uid, file.stat().st_gid) for file in there.iterdir()}
    assert len(list(there.iterdir())) == 3
    assert owners == {(12_345, 12_346)}


async def test_a_damaged_store_is_replaced_and_kept(tmp_path: Path) -> None:
    here, file = tmp_path / "here", tmp_path / "copy.db"
    async with await StoryStore.open(here) as store:
        await write_stories(store, range(2))
    backup(here / "stories.db", file)
    (here / "stories.db").write_bytes(b"no database at all")
    made = restore(here / "stories.db", file, now=NOON)

    assert len(await titles(here)) == 2
    assert made.kept is not None
    assert made.kept.read_bytes() == b"no database at all"


async def test_nothing_is_restored_while_the_stories_are_in_use(tmp_path: Path) -> None:
    here, file = tmp_path / "here", tmp_path / "copy.db"
    async with await StoryStore.open(here) as store:
        await write_stories(store, range(1))
        backup(here / "stories.db", file)
        with pytest.raises(StoreLocked):
            restore(here / "stories.db", file, now=NOON)
        await write_stories(store, range(1, 2))

    assert len(await titles(here)) == 2


@pytest.mark.parametrize("what", ["cut", "text", "foreign", "newer", "missing"])
async def test_a_file_that_is_no_backup_changes_nothing(tmp_path: Path, what: str) -> None:
    here, file = tmp_path / "here", tmp_path / "copy.db"
    async with await StoryStore.open(here) as store:
        await write_stories(store, range(40))
    backup(here / "stories.db", file)
    wanted: type[StoreError] = StoreDamaged
    if what == "cut":
        with file.open("r+b") as opened:
            opened.truncate(file.stat().st_size // 2)
    elif what == "text":
        file.write_text("no database")
    elif what == "foreign":
        file.unlink()
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE birds (name TEXT)")
    elif what == "newer":
        wanted = StoreNewer
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.commit()
    else:
        file.unlink()
        wanted = StoreError
    with pytest.raises(wanted):
        restore(here / "stories.db", file, now=NOON)

    assert len(await titles(here)) == 40
    assert [p.name for p in here.iterdir() if "replaced" in p.name or p.suffix == ".new"] == []


async def test_a_backup_of_an_older_program_is_upgraded_when_it_is_opened(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        for statement in statements("sqlite", target="0001"):
            connection.execute(statement)
    made = restore(tmp_path / "here" / "stories.db", old, now=NOON)

    assert made.revision == "0001"
    assert await titles(tmp_path / "here") == []
    upgraded = [p.name for p in (tmp_path / "here").iterdir() if "revision-0001" in p.name]
    assert len(upgraded) == 1, "what was there before the upgrade is kept for a way back"


async def test_a_backup_overwrites_nothing_unasked_and_leaves_no_half_file(tmp_path: Path) -> None:
    here, file = tmp_path / "here", tmp_path / "copy.db"
    with pytest.raises(StoreMissing):
        backup(here / "stories.db", file)
    async with await StoryStore.open(here) as store:
        await write_stories(store, range(1))
    file.write_text("mine")
    with pytest.raises(StoreError, match="--force"):
        backup(here / "stories.db", file)
    assert file.read_text() == "mine"
    backup(here / "stories.db", file, overwrite=True)
    with pytest.raises(StoreError):
        backup(here / "stories.db", tmp_path / "no folder" / "copy.db")

    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy.db", "here"]
    if os.name != "nt":
        assert file.stat().st_mode & 0o077 == 0
