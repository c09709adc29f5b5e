"""SQLite for asyncio: SQLAlchemy's own connections, each statement run in a thread.

``database`` opens one engine that writes and one that reads. They have the shape of SQLAlchemy's
``AsyncEngine`` and ``AsyncConnection`` as far as the stores use it, so that the stores' statements
are the same for PostgreSQL. ``sqlalchemy.ext.asyncio`` itself would load the whole ORM, a third of
what a short command costs, and hop between threads five times for one statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

T = TypeVar("T")


class ThreadedEngine:
    """Connections to one SQLite file.

    Args:
        sync_engine: it opens no more than ``connections`` at a time; whoever comes later waits.
    """

    def __init__(self, sync_engine: sa.Engine, connections: int) -> None:
        self.sync_engine = sync_engine
        self.dialect = sync_engine.dialect
        self._threads = ThreadPoolExecutor(connections, "sqlite")
        self._free = asyncio.Semaphore(connections)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A connection from the pool."""
        async with self._free:
            opened: list[sa.Connection] = []  # filled even where the caller is cancelled meanwhile
            try:
                await self._run(lambda: opened.append(self.sync_engine.connect()))
                yield cast("AsyncConnection", ThreadedConnection(opened[0], self._run))
            finally:
                for connection in opened:
                    await self._run(connection.close)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction, which is committed if the block ends well."""
        async with self.connect() as connection:
            transaction = await connection.run_sync(lambda sync: sync.begin())
            try:
                yield connection
            except BaseException as error:
                await self._run(transaction.__exit__, type(error), error, error.__traceback__)
                raise
            await self._run(transaction.__exit__, None, None, None)

    async def dispose(self) -> None:
        """Close all connections; the engine cannot be used any more."""
        await self._run(self.sync_engine.dispose)
        self._threads.shutdown(wait=False)

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


class ThreadedConnection:
    """One connection; see SQLAlchemy's ``AsyncConnection``. Rows are all read in the thread."""

    def __init__(self, sync_connection: sa.Connection, run: Callable[..., Any]) -> None:
        self._sync = sync_connection
        self._run = run
        self.dialect = sync_connection.dialect

    async def execute(self, statement: sa.Executable, parameters: Any = None) -> sa.Result[Any]:
        """Execute a statement of SQLAlchemy's."""
        return cast(
            "sa.Result[Any]", await self._run(_read, self._sync.execute, statement, parameters)
        )

    async def exec_driver_sql(self, statement: str, parameters: Any = None) -> sa.Result[Any]:
        """Execute a statement in SQLite's words."""
        return cast(
            "sa.Result[Any]",
            await self._run(_read, self._sync.exec_driver_sql, statement, parameters),
        )

    async def run_sync(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do something with the connection of SQLAlchemy's that is behind this one."""
        return cast(T, await self._run(work, self._sync, *arguments))

    async def execution_options(self, **options: Any) -> ThreadedConnection:
        """Set options, such as the level of isolation, for what follows."""
        await self._run(lambda: self._sync.execution_options(**options))
        return self


def _read(execute: Callable[..., sa.CursorResult[Any]], *arguments: Any) -> sa.Result[Any]:
    result = execute(*arguments)
    return result.freeze()() if result.returns_rows else result


def create_threaded_engine(url: sa.URL, *, connections: int, **options: Any) -> AsyncEngine:
    """An engine for a SQLite file; ``options`` are those of ``sqlalchemy.create_engine``."""
    sync_engine = sa.create_engine(url, pool_size=connections, max_overflow=0, **options)
    return cast("AsyncEngine", ThreadedEngine(sync_engine, connections))
