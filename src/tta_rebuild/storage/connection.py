"""A connection as the stores see it: the same SQL for SQLite and PostgreSQL, values by name.

``sqlite_pool`` and ``server_pool`` make them, ``database`` hands them out. A statement names its
values (``:title``); a row gives its columns by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Protocol

from tta_rebuild.storage.story_rows import Row


class Pool(Protocol):
    """Connections to one place; ``errors`` are what its driver raises."""

    is_sqlite: ClassVar[bool]
    errors: ClassVar[tuple[type[Exception], ...]]

    def connect(self) -> AbstractAsyncContextManager[Connection]:
        """A connection whose every statement is a transaction of its own."""

    def begin(self) -> AbstractAsyncContextManager[Connection]:
        """A connection in a transaction, which is committed if the block ends well."""

    async def execute(self, raw: Any, sql: str, values: Mapping[str, Any]) -> Sequence[Row]:
        """Execute one statement on a driver's connection; gives all its rows."""

    async def execute_many(self, raw: Any, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute one statement with each of these values."""

    async def close(self) -> None:
        """Close all connections; none can be had any more."""


class Connection:
    """One connection. Errors are the driver's; ``database`` tells them plainly.

    Attributes:
        raw: the driver's.
        for_update: what a query ends with to lock its rows until the transaction ends.
    """

    def __init__(self, pool: Pool, raw: Any) -> None:
        self._pool, self.raw, self.is_sqlite = pool, raw, pool.is_sqlite
        self.for_update = "" if pool.is_sqlite else " FOR UPDATE"

    async def rows(self, sql: str, **values: Any) -> Sequence[Row]:
        """Execute one statement; gives all its rows."""
        return await self._pool.execute(self.raw, sql, values)

    async def row(self, sql: str, **values: Any) -> Row | None:
        """The first row, or None."""
        found = await self.rows(sql, **values)
        return found[0] if found else None

    async def add_all(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows with the same columns, if there are any."""
        if rows:
            await self._pool.execute_many(self.raw, _inserting(table, rows[0]), rows)

    async def insert(self, table: str, **values: Any) -> int:
        """Add one row to a table that numbers its rows; gives the number."""
        [row] = await self.rows(f"{_inserting(table, values)} RETURNING number", **values)
        return int(row["number"])


def _inserting(table: str, columns: Mapping[str, Any]) -> str:
    values = ", ".join(f":{name}" for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"
