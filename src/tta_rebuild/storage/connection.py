"""A connection as the stores see it: the same SQL for SQLite and PostgreSQL, values by name.

``sqlite_pool`` and ``server_pool`` make them, ``database`` hands them out. A statement names its
values (``:title``); a row gives its columns by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Protocol

from tta_rebuild.storage.story_rows import Row


class Connection(ABC):
    """One connection. Errors are the driver's; ``database`` tells them plainly.

    Attributes:
        for_update: what a query ends with to lock its rows until the transaction ends.
    """

    is_sqlite: ClassVar[bool]
    for_update: ClassVar[str]

    @abstractmethod
    async def rows(self, sql: str, **values: Any) -> Sequence[Row]:
        """Execute one statement; gives all its rows."""

    async def row(self, sql: str, **values: Any) -> Row | None:
        """The first row, or None."""
        found = await self.rows(sql, **values)
        return found[0] if found else None

    @abstractmethod
    async def run_for_each(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute one statement with each of these values."""

    async def insert(self, table: str, **values: Any) -> int:
        """Add one row to a table that numbers its rows; gives the number."""
        row = await self.row(f"{inserting(table, values)} RETURNING number", **values)
        assert row is not None
        return int(row["number"])


class Pool(Protocol):
    """Connections to one place; ``errors`` are what its driver raises."""

    is_sqlite: ClassVar[bool]
    errors: ClassVar[tuple[type[Exception], ...]]

    def connect(self) -> AbstractAsyncContextManager[Connection]:
        """A connection whose every statement is a transaction of its own."""

    def begin(self) -> AbstractAsyncContextManager[Connection]:
        """A connection in a transaction, which is committed if the block ends well."""

    async def close(self) -> None:
        """Close all connections; none can be had any more."""


def inserting(table: str, columns: Mapping[str, Any]) -> str:
    """The statement that adds a row with a value for each of these columns."""
    values = ", ".join(f":{name}" for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"
