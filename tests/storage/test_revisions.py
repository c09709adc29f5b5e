"""The revisions of the schema: what they are, and that old files and servers come up to them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.storage.logs import texts_of

from tta_rebuild.core.errors import StoreNewer
from tta_rebuild.storage import migrations
from tta_rebuild.storage.migrations import HEAD, REVISIONS, statements
from tta_rebuild.storage.story_store import StoryStore


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
from tta_rebuild.storage.story_store import StoryStore
async def main():
    await (await StoryStore.open(sys.argv[1])).close()
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

    async with await StoryStore.open(postgresql_database) as store:
        assert [row.title for row in await store.stories()] == ["Old"]
        assert await store.ledger().spent_usd() == 0.0
    async with await StoryStore.open(postgresql_database, read_only=True) as store:
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

    async with await StoryStore.open(tmp_path, clock=told.at) as store:
        assert await texts_of(store, "old.1") == ["I remember"]
        assert await store.ledger().spent_usd() == 0.0

    [backup] = tmp_path.glob("*.backup")
    assert backup.name == "stories.db.revision-0001.20260301-120000.backup"
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT title FROM stories").fetchall() == [("An old story",)]
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == [("0001",)]
    async with await StoryStore.open(tmp_path):
        pass
    assert len(list(tmp_path.glob("*.backup"))) == 1


async def test_a_newer_database_is_left_alone(played: Path) -> None:
    with closing(sqlite3.connect(played / "stories.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = (played / "stories.db").read_bytes()
    with pytest.raises(StoreNewer, match=f"9999, this one knows up to {HEAD}.*upgrade tta"):
        await StoryStore.open(played)
    assert (played / "stories.db").read_bytes() == before
