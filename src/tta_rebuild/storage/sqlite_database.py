"""A SQLite file, opened: one writing connection and several reading ones, used in threads."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from filelock import FileLock

from tta_rebuild.core import errors
from tta_rebuild.storage import sqlite_file
from tta_rebuild.storage.database import Connection, Database
from tta_rebuild.storage.failures import failure, told_plainly
from tta_rebuild.storage.migrations import HEAD
from tta_rebuild.storage.story_rows import Row

T = TypeVar("T")

_READERS = 4
_BUSY = "PRAGMA busy_timeout = 2000"
_WRITER = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA cache_size = -2000",
    _BUSY,
)
_READER = ("PRAGMA query_only = ON", "PRAGMA cache_size = -8000", _BUSY)


class SqlitePool:
    """Connections to a ``file:`` URI, at most ``most`` at a time, each begun with the pragmas."""

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


class SqliteDatabase(Database):
    """Connections to one file; without a ``writer`` it is only looked at."""

    dialect = "sqlite"
    tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    driver_errors = (sqlite3.Error,)

    def __init__(
        self,
        place: Path | str,
        writer: SqlitePool | None,
        reader: SqlitePool,
        lock: FileLock | None = None,
    ) -> None:
        super().__init__(str(place), writes=writer is not None)
        self._writer, self._reader, self._lock = writer, reader, lock
        self._is_marked = False

    @classmethod
    def at(cls, path: Path, *, writes: bool) -> SqliteDatabase:
        """A file; one that is written is held until it is closed. Raises as ``hold`` does."""
        lock = sqlite_file.hold(path) if writes else None
        writer = SqlitePool(_address(path, "rw"), _WRITER, most=1) if writes else None
        reader = SqlitePool(_address(path, "ro"), _READER, most=_READERS)
        return cls(path, writer, reader, lock)

    async def prepare(self, clock: Callable[[], datetime]) -> None:
        """See ``Database.prepare``; the file is marked as open until it is closed."""
        path = Path(self.place)
        has_content = sqlite_file.has_content(path)
        if self._writer is None:
            if not has_content:
                raise errors.StoreMissing(self.place)
            try:
                await self._look_at(path)
            except errors.StoreMissing as error:
                raise sqlite_file.was_emptied(path) from error
            async with self.reading() as connection:
                log_is_lost = await _is_marked(connection) and not sqlite_file.has_log(path)
        else:
            if not has_content:
                with told_plainly(self.place, self.driver_errors):
                    sqlite_file.make_new(path)
            had_log = sqlite_file.has_log(path)
            log_is_lost = await self._upgrade(path, clock) and not had_log
            await self._execute("PRAGMA user_version = 1", "PRAGMA wal_checkpoint(PASSIVE)")
            self._is_marked = True
        if log_is_lost:
            self.note = str(failure("log_lost", path, log=f"{path.name}-wal"))

    async def _look_at(self, path: Path) -> None:
        try:
            await self._look()
        except (errors.StoreDamaged, errors.StoreMissing, errors.StoreNewer, errors.StoreLocked):
            raise
        except errors.StoreError as error:  # no shared memory beside a file that cannot be written
            if sqlite_file.has_log(path):
                raise failure("log_unread", path) from error
            await self._reader.close()
            unlocked = _address(path, "ro&immutable=1")  # nobody can write there
            self._reader = SqlitePool(unlocked, _READER, most=_READERS)
            await self._look()

    async def tidy(self, mode: Literal["PASSIVE", "TRUNCATE"]) -> None:
        """See ``Database.tidy``."""
        if self._transaction.get() is None:
            await self._execute(f"PRAGMA wal_checkpoint({mode})", "PRAGMA user_version = 1")

    async def check(self) -> None:
        """See ``Database.check``."""
        async with self.reading() as connection:
            found = await connection.row("PRAGMA quick_check(1)")
        if found is None or found["quick_check"] != "ok":
            raise failure("damaged", self.place, found=found and found["quick_check"])

    async def _close(self) -> None:
        """Close readers first, so that the writer does the last checkpoint; then the lock."""
        try:
            await self._reader.close()
            if self._writer is not None:
                if self._is_marked:
                    with suppress(errors.StoreError), told_plainly(self.place, self.driver_errors):
                        async with self._writer.connect() as connection:  # a full disk: it fails
                            await connection.rows("PRAGMA user_version = 0")
                await self._writer.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    def _connect(self, *, writes: bool) -> AbstractAsyncContextManager[Connection]:
        pool = self._writer if writes and self._writer is not None else self._reader
        return pool.connect()

    async def _execute(self, *statements: str) -> None:
        async with self._connected(writes=True) as connection:
            for statement in statements:
                await connection.rows(statement)

    async def _upgrade(self, path: Path, clock: Callable[[], datetime]) -> bool:
        """Bring the file to the latest revision; tells whether it was not closed in order."""
        async with self._connected(writes=True) as connection:
            found = await self._revision(connection)
            was_open = await _is_marked(connection)
            if found is None:
                raise sqlite_file.was_emptied(path)
            if found != HEAD:
                backup = _backup_name(path, found, clock())
                backup.touch(mode=0o600)
                await connection.rows("VACUUM INTO :backup", backup=str(backup))
                async with connection.transaction():
                    await self._migrate(connection, found)
        return was_open


def _address(path: Path, mode: str) -> str:
    return f"file:{quote(str(path.absolute()))}?mode={mode}"


def _backup_name(path: Path, revision: str, at: datetime) -> Path:
    stem = f"{path.name}.revision-{revision}.{at:%Y%m%d-%H%M%S}"
    candidates = (path.with_name(f"{stem}{n}.backup") for n in ("", *(f"-{i}" for i in range(99))))
    return next(name for name in candidates if not name.exists())


async def _is_marked(connection: Connection) -> bool:
    row = await connection.row("PRAGMA user_version")
    return row is not None and bool(row["user_version"])
