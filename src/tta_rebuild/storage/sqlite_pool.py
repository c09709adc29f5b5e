"""SQLite for asyncio: each statement runs in a thread. ``sqlite_file`` says how a file is held."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from tta_rebuild.storage.database import Connection
from tta_rebuild.storage.story_rows import Row

T = TypeVar("T")


class SqlitePool:
    """Connections to one SQLite file.

    Args:
        address: a ``file:`` URI.
        pragmas: executed on every new connection.
        most: connections at a time; whoever comes later waits.
    """

    def __init__(self, address: str, pragmas: Sequence[str], *, most: int) -> None:
        self._address, self._pragmas = address, pragmas
        self._free = asyncio.Semaphore(most)
        self._idle: list[sqlite3.Connection] = []
        self._is_open = True

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        """A connection whose every statement is a transaction of its own."""
        async with self._free:
            raw = self._idle.pop() if self._idle else self._opened()
            try:
                yield _SqliteConnection(raw, self)
            finally:
                if self._is_open:
                    self._idle.append(raw)
                else:
                    raw.close()

    async def close(self) -> None:
        """Close all connections, those in use when they come back; none can be had any more."""
        self._is_open = False
        while self._idle:
            await self.run(self._idle.pop().close)

    def _opened(self) -> sqlite3.Connection:
        raw = sqlite3.connect(
            self._address, uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            raw.row_factory = sqlite3.Row
            for pragma in self._pragmas:
                raw.execute(pragma)
        except BaseException:
            raw.close()
            raise
        return raw

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do it in a thread. Whoever is cancelled meanwhile leaves when it is done, not before."""
        future = asyncio.get_running_loop().run_in_executor(None, work, *arguments)
        cancelled = None
        while not future.done():
            try:
                await asyncio.wait([future])
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled from future.exception()
        return future.result()


class _SqliteConnection(Connection):
    is_sqlite, for_update = True, ""

    def __init__(self, raw: sqlite3.Connection, pool: SqlitePool) -> None:
        super().__init__(raw)
        self._run = pool.run

    async def rows(self, sql: str, **values: Any) -> Sequence[Row]:
        return await self._run(lambda: self.raw.execute(sql, values).fetchall())

    async def repeat(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> None:
        await self._run(self.raw.executemany, sql, rows)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        try:
            await self.rows("BEGIN IMMEDIATE")
            yield
            await self.rows("COMMIT")
        except BaseException:
            await self._run(self.raw.rollback)  # nothing where there is no transaction
            raise
