"""PostgreSQL through asyncpg, loaded only where an address of a server is given."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import lru_cache
from typing import Any

import asyncpg

from tta_rebuild.storage.database import Connection, Database
from tta_rebuild.storage.migrations import HEAD
from tta_rebuild.storage.server_connections import (
    ServerAddress,
    ServerConnections,
    give_up_when_silent,
)
from tta_rebuild.storage.story_rows import Row

_MIGRATION_LOCK = 7_486_711
"""Key of the advisory lock under which a server is migrated: any number that nobody else uses."""

_CONNECTIONS = 5
_CONNECTING_S = 10.0
"""How long a server may take to answer a new connection, seconds."""

_NAME = re.compile(r"(?<!:):([a-z]\w*)")


class _Pooled(asyncpg.Connection):  # type: ignore[misc]  # it has no types
    """Goes back to its pool without a journey: nothing here sets, listens or locks beyond its
    transaction, and one that is open is still rolled back.
    """

    def __init__(self, protocol: Any, transport: Any, *rest: Any) -> None:
        super().__init__(protocol, transport, *rest)
        give_up_when_silent(transport.get_extra_info("socket"))

    def get_reset_query(self) -> str:
        return ""


class _ServerConnection(Connection):
    is_sqlite, for_update = False, " FOR UPDATE"

    async def stored_rows(self, sql: str, **values: Any) -> Sequence[Row]:
        return await self.rows(sql, **values)  # a statement alone is a transaction

    async def rows(self, sql: str, **values: Any) -> Sequence[Row]:
        text, names = _numbered(sql)
        found: Sequence[Row] = await self.raw.fetch(text, *(values[name] for name in names))
        return found

    async def repeat(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        text, names = _numbered(sql)
        await self.raw.executemany(text, [[row[name] for name in names] for row in rows])

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        transaction = self.raw.transaction()
        await transaction.start()
        try:
            yield
        except asyncio.CancelledError:
            raise  # its connection is given up, and the transaction with it
        except BaseException:
            await transaction.rollback()
            raise
        await transaction.commit()


class ServerDatabase(Database):
    """Connections to the primary of a server, opened when they are needed."""

    dialect = "postgresql"
    tables = "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
    driver_errors = (
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.exceptions.InternalClientError,
    )

    def __init__(self, address: str, *, writes: bool) -> None:
        named = ServerAddress.of(address)
        super().__init__(named.shown, writes=writes)
        self._connections = ServerConnections(named, writes=writes)
        self._pool = asyncpg.create_pool(
            min_size=0,
            max_size=_CONNECTIONS,
            connection_class=_Pooled,
            connect=self._connections.open,
        )

    @property
    def timeline(self) -> str:
        """See ``Database.timeline``."""
        return self._connections.timeline

    async def prepare(self, clock: Callable[[], datetime]) -> None:
        """See ``Database.prepare``."""
        if not self._writes:
            await self._look()
            return
        async with self.writing() as connection:
            await connection.rows(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            found = await self._revision(connection)
            if found != HEAD:
                await self._migrate(connection, found)

    @asynccontextmanager
    async def _connect(self, *, writes: bool) -> AsyncIterator[Connection]:
        await self._pool  # nothing from the second time on
        try:
            async with self._pool.acquire() as raw:
                try:
                    yield _ServerConnection(raw)
                except asyncio.CancelledError:
                    with suppress(asyncpg.InterfaceError):  # the pool has let it go already
                        raw.terminate()  # else the end of the block waits for one that may hang
                    raise
        except asyncpg.ReadOnlySQLTransactionError:  # another machine is the primary by now
            await self._pool.expire_connections()
            raise

    async def _close(self) -> None:
        await self._pool.close()


@lru_cache(maxsize=500)
def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """The statement with ``$1``, ``$2`` … for the names of its values, and the names in order."""
    names = tuple(dict.fromkeys(_NAME.findall(sql)))
    return _NAME.sub(lambda found: f"${names.index(found[1]) + 1}", sql), names
