"""A database as the stores see it: the same SQL for SQLite and PostgreSQL.

A statement names its values (``:title``); a row gives its columns by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Literal

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import StoreMissing
from tta_rebuild.storage.failures import failure, told_plainly
from tta_rebuild.storage.migrations import HEAD, REVISIONS, statements
from tta_rebuild.storage.story_rows import Row


@lru_cache(maxsize=500)
def query(name: str, **parts: str | int) -> str:
    """The statement of that name in ``data/queries.toml``, with the path and its parts put in."""
    known = packaged_toml("tta_rebuild.storage", "queries")
    text: str = known[name]
    return text.format(path=known["path"], **parts).strip()


class Connection(ABC):
    """One connection over the driver's (``raw``), whose errors ``Database`` tells plainly.

    ``for_update`` ends a query that locks its rows until the transaction ends.
    """

    is_sqlite: ClassVar[bool]
    for_update: ClassVar[str]

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    @abstractmethod
    async def rows(self, sql: str, **values: Any) -> Sequence[Row]:
        """Execute one statement; gives all its rows."""

    @abstractmethod
    async def repeat(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute one statement with each of these values."""

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """Commit what the block does if it ends well; outside, each statement is for itself."""

    async def stored_rows(self, sql: str, **values: Any) -> Sequence[Row]:
        """Execute one statement that writes, outside a transaction; it is stored, or nothing is."""
        async with self.transaction():
            return await self.rows(sql, **values)

    async def row(self, sql: str, **values: Any) -> Row | None:
        """The first row, or None."""
        found = await self.rows(sql, **values)
        return found[0] if found else None

    async def add_all(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows with the same columns, if there are any."""
        if rows:
            await self.repeat(_inserting(table, rows[0]), rows)

    async def insert(self, table: str, **values: Any) -> int:
        """Add one row to a table that numbers its rows; gives the number."""
        [row] = await self.rows(f"{_inserting(table, values)} RETURNING number", **values)
        return int(row["number"])


def _inserting(table: str, columns: Mapping[str, Any]) -> str:
    values = ", ".join(f":{name}" for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"


class Database(ABC):
    """Connections to the ``place`` where stories are kept: a path, or an address without password.

    ``note`` is what the player should know of how it was found; ``tables`` asks for all tables.
    """

    dialect: ClassVar[str]
    tables: ClassVar[str]
    driver_errors: ClassVar[tuple[type[Exception], ...]]

    def __init__(self, place: str, *, writes: bool) -> None:
        self.place, self.note = place, ""
        self._writes, self._is_open = writes, True
        self._transaction: ContextVar[Connection | None] = ContextVar("writing", default=None)

    @property
    def timeline(self) -> str:
        """Which history of the database was seen last.

        It is another one after a failover, which may have lost what was stored last: whoever keeps
        anything of it in memory reads it anew. "" where that cannot be.
        """
        return ""

    @abstractmethod
    async def prepare(self, clock: Callable[[], datetime]) -> None:
        """Make the tables or upgrade them; see that they can be read where nothing is written."""

    @abstractmethod
    def _connect(self, *, writes: bool) -> AbstractAsyncContextManager[Connection]:
        """A connection of the driver's."""

    @abstractmethod
    async def _close(self) -> None:
        """Close all connections."""

    async def tidy(self, mode: Literal["PASSIVE", "TRUNCATE"]) -> None:
        """Bring the write-ahead log into the file (SQLite), as far as no reader is in the way.

        ``TRUNCATE`` leaves nothing in the log, so that no copy of deleted text stays in it.
        """

    async def check(self) -> None:
        """Look for damage (SQLite). Raises StoreDamaged."""

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """A transaction, stored whole or not at all; within one of the same task, a part of it."""
        outer = self._transaction.get()
        if outer is not None:
            yield outer
            return
        async with self._connected(writes=True) as connection, connection.transaction():
            token = self._transaction.set(connection)
            try:
                yield connection
            finally:
                self._transaction.reset(token)

    async def write(self, sql: str, **values: Any) -> Sequence[Row]:
        """One statement, as in ``writing``, with fewer journeys to a server; gives its rows."""
        outer = self._transaction.get()
        if outer is not None:
            return await outer.rows(sql, **values)
        async with self._connected(writes=True) as connection:
            return await connection.stored_rows(sql, **values)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection that sees what is stored at each statement, and what this task writes."""
        within = self._transaction.get()
        if within is not None:
            yield within
            return
        async with self._connected() as connection:
            yield connection

    async def close(self) -> None:
        """Close all connections; safe to call twice."""
        if self._is_open:
            self._is_open = False
            await self._close()

    @asynccontextmanager
    async def _connected(self, *, writes: bool = False) -> AsyncIterator[Connection]:
        if not self._is_open:
            raise failure("closed", self.place)
        if writes and not self._writes:
            raise failure("reading_only", self.place)
        with told_plainly(self.place, self.driver_errors):
            async with self._connect(writes=writes) as connection:
                yield connection

    async def _look(self) -> None:
        """See that it can be read as it is. Raises StoreMissing where there are no tables."""
        async with self.reading() as connection:
            found = await self._revision(connection)
        if found is None:
            raise StoreMissing(self.place)
        if found != HEAD:
            raise failure("older", self.place, found=found)

    async def _revision(self, connection: Connection) -> str | None:
        """The revision, None if it is new and empty. Raises StoreDamaged, StoreNewer."""
        tables = {row["name"] for row in await connection.rows(self.tables)}
        if "alembic_version" not in tables:
            if "stories" in tables or (tables and connection.is_sqlite):
                raise failure("foreign", self.place)
            return None
        row = await connection.row("SELECT version_num FROM alembic_version")
        found = str(row["version_num"]) if row is not None else None
        if found is not None and found not in REVISIONS:
            raise failure("newer", self.place, found=found, head=HEAD)
        return found

    async def _migrate(self, connection: Connection, found: str | None) -> None:
        for statement in statements(self.dialect, found):
            await connection.rows(statement)
