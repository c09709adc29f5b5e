"""The tables of a new database and of one that an older or newer program made."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.storage.logs import texts_of

from tta_rebuild.core.errors import (
    StoreNewer,
)
from tta_rebuild.storage.migrations import HEAD, REVISIONS, migrate
from tta_rebuild.storage.schema import METADATA
from tta_rebuild.storage.sql_store import SqlStoryStore


def test_the_revisions_that_the_program_knows_are_the_files_of_the_migrations() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "tta_rebuild.storage.migrations:")
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(known)) == REVISIONS


def _differences(connection: sa.Connection) -> list[Any]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    ours = set(METADATA.tables) | {"alembic_version"}
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "table" or name in ours,
        },
    )
    return list(compare_metadata(context, METADATA))


async def test_a_migrated_sqlite_database_has_the_tables_of_the_schema(played: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{played}/stories.db")
    with engine.connect() as connection:
        assert _differences(connection) == []
    engine.dispose()


def _shape(connection: sa.Connection) -> dict[str, Any]:
    """Tables, columns, keys and indexes, however they were made."""
    found = sa.inspect(connection)
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)],
            found.get_pk_constraint(table)["constrained_columns"],
            sorted(str(f["referred_table"]) for f in found.get_foreign_keys(table)),
            sorted(str(u["column_names"]) for u in found.get_unique_constraints(table)),
            sorted(f"{i['name']} {i['column_names']}" for i in found.get_indexes(table)),
        )
        for table in found.get_table_names()
    }


def _by_revisions(connection: sa.Connection) -> None:
    migrate(connection, REVISIONS[0])
    migrate(connection)


def test_a_new_sqlite_database_is_what_the_revisions_lead_to(tmp_path: Path) -> None:
    made = []
    for name, make in (("new", migrate), ("upgraded", _by_revisions)):
        engine = sa.create_engine(f"sqlite:///{tmp_path}/{name}.db")
        with engine.begin() as connection:
            make(connection)
            words = "SELECT sql FROM sqlite_master WHERE name = 'prose'"
            version = "SELECT * FROM alembic_version"
            further = [connection.exec_driver_sql(sql).all() for sql in (words, version)]
            made.append((_shape(connection), further))
        engine.dispose()

    assert made[0] == made[1]


async def test_a_new_postgresql_database_is_what_the_revisions_lead_to(
    postgresql_database: str,
) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    url = postgresql_database.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url)
    indexes = sa.text("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1")
    made = []
    for make in (migrate, _by_revisions):
        async with engine.connect() as connection, connection.begin() as undone:
            await connection.run_sync(make)
            shape = await connection.run_sync(_shape)
            made.append((shape, (await connection.execute(indexes)).all()))
            await undone.rollback()
    await engine.dispose()

    assert made[0] == made[1]
    assert made[0][0]


_OPENED_ANEW = """
import asyncio, sys
from tta_rebuild.storage.sql_store import SqlStoryStore
async def main():
    await (await SqlStoryStore.open(sys.argv[1])).close()
asyncio.run(main())
print(*sorted({name.partition(".")[0] for name in sys.modules}), sep="\\n")
"""


def test_a_new_database_is_made_and_opened_without_alembic(tmp_path: Path) -> None:
    for _ in ("new", "current"):
        run = subprocess.run(
            [sys.executable, "-c", _OPENED_ANEW, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "sqlalchemy" in run.stdout.split()
        assert not {"alembic", "aiosqlite", "greenlet"} & set(run.stdout.split())


async def test_a_migrated_postgresql_database_has_the_tables_of_the_schema(
    postgresql_database: str,
) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    async with await SqlStoryStore.open(postgresql_database):
        pass
    url = postgresql_database.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(_differences)
    await engine.dispose()
    assert [d for d in found if "prose" not in str(d)] == []


async def test_an_older_database_is_backed_up_and_upgraded_in_place(
    tmp_path: Path, told: Any
) -> None:
    path = tmp_path / "stories.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, "0001")
        connection.execute(
            sa.text("INSERT INTO stories VALUES (1, 'old', 'An old story', 0, 0, 1, 0)")
        )
        connection.execute(
            sa.text("INSERT INTO branches VALUES (1, 'old.1', 1, 'main', NULL, 0, 1, 0, 0)")
        )
        connection.execute(
            sa.text(
                "INSERT INTO events VALUES (1, 1, 0, 0, 'player_acted', 1, "
                '\'{"text":"I remember"}\')'
            )
        )
    engine.dispose()

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
