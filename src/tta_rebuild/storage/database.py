"""One database, opened: one writing connection and several reading ones (SQLite), or a server's.

``story_store`` and ``sql_ledger`` share one of these.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from filelock import FileLock

from tta_rebuild.core.errors import (
    StoreDamaged,
    StoreError,
    StoreLocked,
    StoreMissing,
    StoreNewer,
)
from tta_rebuild.storage import sqlite_file
from tta_rebuild.storage.connection import Connection, Pool
from tta_rebuild.storage.failures import failure, told_plainly
from tta_rebuild.storage.migrations import HEAD, REVISIONS, statements

_MIGRATION_LOCK = 7_486_711
"""Key of the advisory lock under which PostgreSQL is migrated: any number that nobody else uses."""


class Database:
    """Connections to the place where stories are kept. Made by ``open_database``.

    Attributes:
        place: a path, or an address without its password.
        note: what the player should know of how it was found, "" if nothing.
        is_sqlite: whether it is a file, and no server.
    """

    def __init__(
        self, place: str, writer: Pool | None, reader: Pool, *, lock: FileLock | None = None
    ) -> None:
        self.place, self.note = place, ""
        self.is_sqlite = reader.is_sqlite
        self._writer, self._reader = writer, reader
        self._transaction: ContextVar[Connection | None] = ContextVar("writing", default=None)
        self._lock = lock
        self._is_open, self._is_marked = True, False

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """A transaction that is stored as a whole when the block ends, or not at all.

        A block within a block of the same task is part of the outer one.
        """
        self._require_open()
        if self._writer is None:
            raise failure("reading_only", self.place)
        outer = self._transaction.get()
        if outer is not None:
            yield outer
            return
        with told_plainly(self.place, self._writer.errors):
            async with self._writer.begin() as connection:
                token = self._transaction.set(connection)
                try:
                    yield connection
                finally:
                    self._transaction.reset(token)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection whose every statement sees what is stored at that moment.

        Within ``writing`` of the same task it sees what is being written, too.
        """
        self._require_open()
        within = self._transaction.get()
        if within is not None:
            yield within
            return
        with told_plainly(self.place, self._reader.errors):
            async with self._reader.connect() as connection:
                yield connection

    async def tidy(self, mode: Literal["PASSIVE", "TRUNCATE"]) -> None:
        """Bring what is in the write-ahead log into the file (SQLite).

        ``PASSIVE`` as far as no reader is in the way; ``TRUNCATE`` leaves nothing in the log, so
        that no copy of deleted text stays in it.
        """
        if self.is_sqlite and self._transaction.get() is None:
            await self._run(f"PRAGMA wal_checkpoint({mode})", "PRAGMA user_version = 1")

    async def check(self) -> None:
        """Look for damage (SQLite). Raises StoreDamaged."""
        if self.is_sqlite:
            async with self.reading() as connection:
                found = await connection.row("PRAGMA quick_check(1)")
            if found is None or found["quick_check"] != "ok":
                raise failure("damaged", self.place, found=found and found["quick_check"])

    async def close(self) -> None:
        """Close readers first, so that the writer does the last checkpoint; then the lock."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            await self._reader.close()
            if self._writer is not None and self._writer is not self._reader:
                if self._is_marked:
                    with suppress(StoreError):  # a full disk: the log stays beside it
                        await self._run("PRAGMA user_version = 0")
                await self._writer.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    async def begin_writing(self, clock: Callable[[], datetime]) -> None:
        """Upgrade the file, and mark it as open until ``close`` (SQLite)."""
        assert self._writer is not None
        path = Path(self.place)
        had_log = sqlite_file.has_log(path)
        with told_plainly(self.place, self._writer.errors):
            async with self._writer.connect() as connection:
                found = await _revision(connection, self.place)
                was_open = await _is_marked(connection)
            if found is None:
                raise sqlite_file.was_emptied(path)
            if found != HEAD:
                backup = _backup_name(path, found, clock())
                backup.touch(mode=0o600)
                async with self._writer.connect() as connection:
                    await connection.rows("VACUUM INTO :backup", backup=str(backup))
                async with self._writer.begin() as connection:
                    await _migrate(connection, found)
        await self._run("PRAGMA user_version = 1", "PRAGMA wal_checkpoint(PASSIVE)")
        self._is_marked = True
        if was_open and not had_log:
            self.note = sqlite_file.log_lost(path)

    async def _run(self, *statements: str) -> None:
        """Each by itself, outside any transaction; nothing where nothing may be written."""
        if self._writer is not None:
            with told_plainly(self.place, self._writer.errors):
                async with self._writer.connect() as connection:
                    for statement in statements:
                        await connection.rows(statement)

    def _require_open(self) -> None:
        if not self._is_open:
            raise failure("closed", self.place)


async def open_database(
    where: str | Path, *, clock: Callable[[], datetime], read_only: bool = False
) -> Database:
    """Open a data directory, a database file (``.db``), or a ``postgresql://`` address.

    A new database is made where there is none; one of an older revision is backed up beside
    itself (SQLite) and upgraded in place.

    Args:
        read_only: only look: beside the process that plays, on a read-only or a full disk, with
            a user of PostgreSQL who may only read. Raises StoreMissing if nothing was kept yet.

    Raises StoreLocked, StoreReadOnly, StoreFull, StoreNewer, StoreDamaged; StoreError where it
    cannot be reached.
    """
    address = str(where)
    if "://" in address and not address.startswith("sqlite:"):
        return await _open_server(address, read_only=read_only)
    path = sqlite_file.file_of(where)
    return await (_look_at_file(path) if read_only else _open_file(path, clock))


@asynccontextmanager
async def _closed_on_failure(database: Database) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        await database.close()
        raise


async def _open_file(path: Path, clock: Callable[[], datetime]) -> Database:
    lock = sqlite_file.hold(path)
    writer, reader = (sqlite_file.connections_to(path, writes=writes) for writes in (True, False))
    database = Database(str(path), writer, reader, lock=lock)
    async with _closed_on_failure(database):
        if not sqlite_file.has_content(path):
            with told_plainly(str(path), (sqlite3.Error,)):
                sqlite_file.make_new(path)
        await database.begin_writing(clock)
    return database


async def _look_at_file(path: Path) -> Database:
    if not sqlite_file.has_content(path):
        raise StoreMissing(str(path))
    try:
        database = await _looking(Database(str(path), None, sqlite_file.connections_to(path)))
    except (StoreDamaged, StoreNewer, StoreLocked):
        raise
    except StoreError as error:  # no shared memory beside a file that cannot be written
        if sqlite_file.has_log(path):
            raise failure("log_unread", path) from error
        unshared = sqlite_file.connections_to(path, immutable=True)
        database = await _looking(Database(str(path), None, unshared))
    async with database.reading() as connection:
        if await _is_marked(connection) and not sqlite_file.has_log(path):
            database.note = sqlite_file.log_lost(path)
    return database


async def _looking(database: Database) -> Database:
    """See that it can be read as it is, or close it again."""
    async with _closed_on_failure(database), database.reading() as connection:
        found = await _revision(connection, database.place)
        if found is None and database.is_sqlite:
            raise sqlite_file.was_emptied(Path(database.place))
        if found is None:
            raise StoreMissing(database.place)
        if found != HEAD:
            raise failure("older", database.place, found=found)
    return database


def _backup_name(path: Path, revision: str, at: datetime) -> Path:
    stem = f"{path.name}.revision-{revision}.{at:%Y%m%d-%H%M%S}"
    candidates = (path.with_name(f"{stem}{n}.backup") for n in ("", *(f"-{i}" for i in range(99))))
    return next(name for name in candidates if not name.exists())


async def _open_server(address: str, *, read_only: bool) -> Database:
    try:
        from tta_rebuild.storage.server_pool import ServerPool
    except ModuleNotFoundError as error:
        raise StoreError(
            "PostgreSQL needs the driver asyncpg: install tta-rebuild[postgres]"
        ) from error
    place = _without_password(address)
    pool = ServerPool(address, most=sqlite_file.READERS + 1)
    if read_only:
        return await _looking(Database(place, None, pool))
    database = Database(place, pool, pool)
    async with _closed_on_failure(database), database.writing() as connection:
        await connection.rows(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
        found = await _revision(connection, place)
        if found != HEAD:
            await _migrate(connection, found)
    return database


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


async def _migrate(connection: Connection, found: str | None) -> None:
    for statement in statements("sqlite" if connection.is_sqlite else "postgresql", found):
        await connection.rows(statement)


async def _is_marked(connection: Connection) -> bool:
    row = await connection.row("PRAGMA user_version")
    return row is not None and bool(row["user_version"])


async def _revision(connection: Connection, place: str) -> str | None:
    """The revision of the database, None if it is new and empty.

    Raises StoreDamaged if it is something else, StoreNewer if it is not known.
    """
    named = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if connection.is_sqlite
        else "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()"
    )
    tables = {row["name"] for row in await connection.rows(named)}
    if "alembic_version" not in tables:
        if "stories" in tables or (tables and connection.is_sqlite):
            raise failure("foreign", place)
        return None
    row = await connection.row("SELECT version_num FROM alembic_version")
    found = str(row["version_num"]) if row is not None else None
    if found is not None and found not in REVISIONS:
        raise failure("newer", place, found=found, head=HEAD)
    return found
