"""SQLite for asyncio: each statement runs in a thread. ``sqlite_file`` says how a file is held."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, ClassVar, TypeVar

from tta_rebuild.storage.connection import Connection
from tta_rebuild.storage.story_rows import Row

T = TypeVar("T")


class SqlitePool:
    """Connections to one SQLite file.

    Args:
        address: a ``file:`` URI.
        pragmas: executed on every new connection.
        most: connections at a time; whoever comes later waits.
    """

    is_sqlite: ClassVar[bool] = True
    errors: ClassVar[tuple[type[Exception], ...]] = (sqlite3.Error,)

    def __init__(self, address: str, pragmas: Sequence[str], *, most: int) -> None:
        self._address = address
        self._pragmas = pragmas
        self._threads = ThreadPoolExecutor(most, "sqlite")
        self._free = asyncio.Semaphore(most)
        self._idle: list[sqlite3.Connection] = []
        self._is_open = True

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Connection]:
        """See ``Pool.connect``."""
        async with self._free:
            held = [self._idle.pop()] if self._idle else []
            try:
                if not held:  # filled even where the caller is cancelled meanwhile
                    await self._run(self._open, held)
                yield Connection(self, held[0])
            finally:
                if self._is_open:
                    self._idle += held
                else:
                    for raw in held:
                        raw.close()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Connection]:
        """See ``Pool.begin``."""
        async with self.connect() as connection:
            try:
                await connection.rows("BEGIN IMMEDIATE")
                yield connection
                await connection.rows("COMMIT")
            except BaseException:
                await self._run(connection.raw.rollback)  # nothing where there is no transaction
                raise

    async def execute(
        self, raw: sqlite3.Connection, sql: str, values: Mapping[str, Any]
    ) -> Sequence[Row]:
        """See ``Pool.execute``."""
        return await self._run(lambda: raw.execute(sql, values).fetchall())

    async def execute_many(
        self, raw: sqlite3.Connection, sql: str, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """See ``Pool.execute_many``."""
        await self._run(raw.executemany, sql, rows)

    async def close(self) -> None:
        """See ``Pool.close``."""
        self._is_open = False
        while self._idle:
            await self._run(self._idle.pop().close)
        self._threads.shutdown(wait=False)

    def _open(self, held: list[sqlite3.Connection]) -> None:
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
        held.append(raw)

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do it in a thread. Whoever is cancelled meanwhile leaves when it is done, not before."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        cancelled = None
        while not future.done():
            try:
                await asyncio.wait([future])
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled from future.exception()
        return future.result()
