"""PostgreSQL through asyncpg, loaded only where an address of a server is given."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from tta_rebuild.core.errors import StoreError
from tta_rebuild.storage.database import Connection, Database
from tta_rebuild.storage.migrations import HEAD
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
    """Connections to one server, opened when they are needed."""

    dialect = "postgresql"
    tables = "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
    driver_errors = (asyncpg.PostgresError, asyncpg.InterfaceError)

    def __init__(self, address: str, *, writes: bool) -> None:
        super().__init__(_without_password(address), writes=writes)
        self._pool = asyncpg.create_pool(
            address,
            min_size=0,
            max_size=_CONNECTIONS,
            connection_class=_Pooled,
            timeout=_CONNECTING_S,
        )

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
        async with self._pool.acquire() as raw:
            try:
                yield _ServerConnection(raw)
            except asyncio.CancelledError:
                with suppress(asyncpg.InterfaceError):  # the pool has let it go already
                    raw.terminate()  # else the end of the block waits for a server that may hang
                raise

    async def _close(self) -> None:
        await self._pool.close()


@lru_cache(maxsize=500)
def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """The statement with ``$1``, ``$2`` … for the names of its values, and the names in order."""
    names = tuple(dict.fromkeys(_NAME.findall(sql)))
    return _NAME.sub(lambda found: f"${names.index(found[1]) + 1}", sql), names


def _without_password(address: str) -> str:
    """The address to show. Raises StoreError, without a word of it, where it cannot be one."""
    try:
        parts = urlsplit(address)
        if parts.scheme not in ("postgresql", "postgres"):
            raise ValueError(parts.scheme)
        host = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    except ValueError:  # from None: its message may hold the password
        raise StoreError(
            "the address of the store must be a directory, a file, or postgresql://user@host/name; "
            "in a user's name or password, write / : @ as %2F %3A %40"
        ) from None
    user = f"{parts.username or ''}{':***' if parts.password else ''}"
    return f"postgresql://{user}{'@' if user else ''}{host}{parts.path}"
