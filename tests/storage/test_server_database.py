"""What goes to a PostgreSQL server, counted: each journey costs both sides processor time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from tta_rebuild.core.errors import StoreError

pytest.importorskip("asyncpg", reason="no driver here: pip install tta-rebuild[postgres]")

from tta_rebuild.storage.server_connections import ServerAddress, ServerConnections
from tta_rebuild.storage.server_database import ServerDatabase

ADD = "INSERT INTO turn_updates (turn_id, number, kind, text) VALUES (:turn_id, 1, 'scene', '{}')"


@pytest.fixture
async def database(postgresql_database: str) -> AsyncIterator[ServerDatabase]:
    database = ServerDatabase(postgresql_database, writes=True)
    await database.prepare(lambda: datetime(2026, 3, 1, tzinfo=UTC))
    yield database
    await database.close()


@asynccontextmanager
async def heard(database: ServerDatabase) -> AsyncIterator[list[str]]:
    """All that the one connection sends, from its pool and back."""
    sent: list[str] = []

    async with database.reading() as connection:
        connection.raw.add_query_logger(lambda said: sent.append(said.query.split()[0]))
        await connection.rows("SELECT 1")
    sent.clear()
    yield sent


async def test_one_statement_that_writes_is_one_journey(database: ServerDatabase) -> None:
    async with heard(database) as sent:
        await database.write(ADD, turn_id="t1")
    assert sent == ["INSERT"]
    async with database.reading() as connection:
        assert await connection.rows("SELECT kind FROM turn_updates WHERE turn_id = 't1'")


async def test_what_is_written_within_a_transaction_goes_with_it(database: ServerDatabase) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.writing():
            await database.write(ADD, turn_id="t2")
            raise ZeroDivisionError
    async with database.reading() as connection:
        assert not await connection.rows("SELECT kind FROM turn_updates WHERE turn_id = 't2'")


async def test_a_connection_goes_back_to_its_pool_without_an_open_transaction(
    database: ServerDatabase,
) -> None:
    async with database.reading() as connection:
        await connection.raw.execute("BEGIN")
        await connection.rows(ADD, turn_id="t3")
    async with database.reading() as connection:
        assert not await connection.rows("SELECT kind FROM turn_updates WHERE turn_id = 't3'")


async def test_a_statement_that_fails_leaves_nothing_and_is_told_plainly(
    database: ServerDatabase,
) -> None:
    await database.write(ADD, turn_id="t4")
    with pytest.raises(StoreError):
        await database.write(ADD, turn_id="t4")
    await database.write(ADD, turn_id="t5")


async def test_who_is_cancelled_while_a_connection_is_looked_at_leaves_none_open(
    postgresql_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: asyncio.Queue[Any] = asyncio.Queue()

    async def is_looked_at(_: ServerConnections, connection: Any) -> None:
        await opened.put(connection)
        await connection.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr(ServerConnections, "_note_timeline", is_looked_at)
    connections = ServerConnections(ServerAddress.of(postgresql_database), writes=True)
    opening = asyncio.create_task(connections.open())
    connection = await opened.get()
    await asyncio.sleep(0)

    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening

    assert connection.is_closed()
