"""A SQLite file, opened: one writing connection and several reading ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock

from tta_rebuild.core import errors
from tta_rebuild.storage import sqlite_file
from tta_rebuild.storage.database import Connection, Database
from tta_rebuild.storage.failures import failure, told_plainly
from tta_rebuild.storage.migrations import HEAD
from tta_rebuild.storage.sqlite_pool import SqlitePool


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
        writer = sqlite_file.connections_to(path, writes=True) if writes else None
        return cls(path, writer, sqlite_file.connections_to(path), lock)

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
            self.note = sqlite_file.log_lost(path)

    async def _look_at(self, path: Path) -> None:
        try:
            await self._look()
        except (errors.StoreDamaged, errors.StoreMissing, errors.StoreNewer, errors.StoreLocked):
            raise
        except errors.StoreError as error:  # no shared memory beside a file that cannot be written
            if sqlite_file.has_log(path):
                raise failure("log_unread", path) from error
            await self._reader.close()
            self._reader = sqlite_file.connections_to(path, immutable=True)
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
        """Each by itself, outside any transaction."""
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


def _backup_name(path: Path, revision: str, at: datetime) -> Path:
    stem = f"{path.name}.revision-{revision}.{at:%Y%m%d-%H%M%S}"
    candidates = (path.with_name(f"{stem}{n}.backup") for n in ("", *(f"-{i}" for i in range(99))))
    return next(name for name in candidates if not name.exists())


async def _is_marked(connection: Connection) -> bool:
    row = await connection.row("PRAGMA user_version")
    return row is not None and bool(row["user_version"])
