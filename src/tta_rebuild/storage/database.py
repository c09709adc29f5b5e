"""One database, opened: the lock on its directory, one writing connection, several reading ones.

``sql_store`` and ``sql_ledger`` share one of these. In SQLite a single connection writes and
checkpoints (two of them can corrupt a write-ahead log in the versions up to 3.51.2 that Python
ships with), and a lock on the file keeps other processes of this program out; readers are
``query_only``. ``synchronous=FULL`` makes a stored turn survive a loss of power, not only of the
process, for one fsync a turn. PostgreSQL brings all that by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from tta_rebuild.core.errors import (
    StoreDamaged,
    StoreError,
    StoreLocked,
    StoreNewer,
    StoreReadOnly,
)
from tta_rebuild.storage.failures import told_plainly
from tta_rebuild.storage.migrations import HEAD, REVISIONS, migrate
from tta_rebuild.storage.threaded_sqlite import create_threaded_engine

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

FILE_NAME = "stories.db"
"""The database in a data directory."""

_READERS = 4
_BUSY_MS = 2_000
_MIGRATION_LOCK = 7_486_711
"""Key of the advisory lock under which PostgreSQL is migrated: any number that nobody else uses."""

_NO_TRANSACTION = {"without_transaction": True}
"""For the few statements that SQLite refuses inside a transaction."""

_WRITER_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA cache_size = -2000",
    f"PRAGMA busy_timeout = {_BUSY_MS}",
)
_READER_PRAGMAS = (
    "PRAGMA query_only = ON",
    "PRAGMA cache_size = -8000",
    f"PRAGMA busy_timeout = {_BUSY_MS}",
)


class Database:
    """Connections to the place where stories are kept. Made by ``open_database``."""

    def __init__(
        self,
        place: str,
        writer: AsyncEngine | None,
        reader: AsyncEngine,
        *,
        one_writer: bool,
        lock: FileLock | None = None,
    ) -> None:
        self.place = place
        self._writer = writer
        self._reader = reader
        self._one_writer = one_writer
        self._write_turn = asyncio.Lock()
        self._lock = lock
        self._is_open = True

    @property
    def is_sqlite(self) -> bool:
        """True for a file, False for a PostgreSQL server."""
        return self._reader.dialect.name == "sqlite"

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is stored as a whole when the block ends, or not at all."""
        self._require_open()
        if self._writer is None:
            raise StoreReadOnly(f"{self.place}: opened for reading only")
        with told_plainly(self.place):
            if not self._one_writer:
                async with self._writer.begin() as connection:
                    yield connection
                return
            async with self._write_turn, self._writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose every statement sees what is stored at that moment."""
        self._require_open()
        with told_plainly(self.place):
            async with self._reader.connect() as connection:
                yield connection

    async def forget_deleted(self) -> None:
        """Empty the write-ahead log into the file, so that no copy of deleted text stays in it."""
        if not self.is_sqlite or self._writer is None:
            return
        with told_plainly(self.place):
            async with self._write_turn, self._writer.connect() as connection:
                idle = await connection.execution_options(**_NO_TRANSACTION)
                await idle.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Close readers first, so that the writer does the last checkpoint; then the lock."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            await self._reader.dispose()
            if self._writer is not None and self._writer is not self._reader:
                async with self._write_turn:
                    await self._writer.dispose()
        finally:
            if self._lock is not None:
                self._lock.release()

    def _require_open(self) -> None:
        if not self._is_open:
            raise StoreError(f"{self.place}: the store is closed; open it again")


async def open_database(
    where: str | Path, *, clock: Callable[[], datetime], read_only: bool = False
) -> Database:
    """Open a data directory, a database file, or a ``postgresql://`` address.

    A new database is made where there is none; one of an older revision is backed up beside
    itself (SQLite) and upgraded in place.

    Raises:
        StoreLocked: another process holds the data directory.
        StoreReadOnly: it cannot be written.
        StoreNewer: a newer version of this program wrote it.
        StoreDamaged: the file is not a database of stories.
        StoreError: it cannot be reached.
    """
    if isinstance(where, str) and "://" in where and make_url(where).drivername != "sqlite":
        return await _open_server(where)
    return await _open_file(_file_of(where), clock=clock, read_only=read_only)


def _file_of(where: str | Path) -> Path:
    if isinstance(where, str) and where.startswith("sqlite"):
        where = make_url(where).database or FILE_NAME
    path = Path(where).expanduser()
    return path if path.suffix and not path.is_dir() else path / FILE_NAME


# -------------------------------------------------------------------------------- SQLite


async def _open_file(path: Path, *, clock: Callable[[], datetime], read_only: bool) -> Database:
    if read_only:
        return await _open_file_for_reading(path)
    lock = _lock(path)
    writer = _sqlite_engine(_uri(path, "rwc"), _WRITER_PRAGMAS, writes=True)
    reader = _sqlite_engine(_uri(path, "rw"), _READER_PRAGMAS, writes=False)
    database = Database(str(path), writer, reader, one_writer=True, lock=lock)
    try:
        with told_plainly(str(path)):
            await _bring_up_to_date(path, writer, clock)
    except BaseException:
        await database.close()
        raise
    return database


async def _open_file_for_reading(path: Path) -> Database:
    """Without a lock and without writing: beside another process, or on a read-only medium."""
    reader = _sqlite_engine(_uri_for_reading(path), _READER_PRAGMAS, writes=False)
    database = Database(str(path), None, reader, one_writer=True)
    try:
        async with database.reading() as connection:
            found = await connection.run_sync(_revision)
            _require_known(str(path), found)
            if found != HEAD:
                raise StoreReadOnly(
                    f"{path}: must be upgraded from revision {found} first; "
                    "open it once where it can be written"
                )
    except BaseException:
        await database.close()
        raise
    return database


def _lock(path: Path) -> FileLock:
    directory = path.parent
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(path.name + ".lock"), timeout=0, thread_local=False)
        lock.acquire()
    except Timeout:
        raise StoreLocked(
            f"{directory}: another process of tta is using this data directory; "
            "end that one first, or choose another data directory"
        ) from None
    except (FileExistsError, NotADirectoryError) as error:
        raise StoreError(
            f"{directory}: is not a directory; choose another data directory"
        ) from error
    except (OSError, NotImplementedError) as error:
        raise StoreReadOnly(
            f"{directory}: cannot be written ({getattr(error, 'strerror', None) or error}); make "
            "it writable, or choose another data directory"
        ) from error
    return lock


def _uri(path: Path, mode: str, **further: str) -> URL:
    file = f"file:{quote(str(path.absolute()))}"
    query = {"mode": mode, "uri": "true", **further}
    return URL.create("sqlite", database=file, query=query)


def _uri_for_reading(path: Path) -> URL:
    if not path.is_file():
        raise StoreError(f"{path}: there are no stories yet")
    has_log = path.with_name(path.name + "-wal").exists()
    return _uri(path, "ro") if has_log else _uri(path, "ro", immutable="1")


def _sqlite_engine(url: URL, pragmas: tuple[str, ...], *, writes: bool) -> AsyncEngine:
    engine = create_threaded_engine(
        url,
        connections=1 if writes else _READERS,
        pool_reset_on_return="rollback" if writes else None,
        skip_autocommit_rollback=not writes,
        **({} if writes else {"isolation_level": "AUTOCOMMIT"}),
    )

    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin below, not at the driver's whim
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    def begin(connection: sa.Connection) -> None:
        if not connection.get_execution_options().get("without_transaction"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine.sync_engine, "connect", prepare)
    if writes:
        event.listen(engine.sync_engine, "begin", begin)
    return engine


async def _bring_up_to_date(path: Path, writer: AsyncEngine, clock: Callable[[], datetime]) -> None:
    async with writer.connect() as connection:
        found = await connection.run_sync(_revision)
    _require_known(str(path), found)
    if found == HEAD:
        return
    if found is not None:
        backup = _backup_name(path, found, clock())
        async with writer.connect() as connection:
            idle = await connection.execution_options(**_NO_TRANSACTION)
            await idle.exec_driver_sql("VACUUM INTO ?", (str(backup),))
    async with writer.begin() as connection:
        await connection.run_sync(migrate)


def _backup_name(path: Path, revision: str, at: datetime) -> Path:
    stem = f"{path.name}.revision-{revision}.{at:%Y%m%d-%H%M%S}"
    candidates = (path.with_name(f"{stem}{n}.backup") for n in ("", *(f"-{i}" for i in range(99))))
    return next(name for name in candidates if not name.exists())


# -------------------------------------------------------------------------------- PostgreSQL


async def _open_server(where: str) -> Database:
    from sqlalchemy.ext.asyncio import create_async_engine  # loads the whole ORM

    try:
        url = make_url(where)
        if url.get_backend_name() not in ("postgresql", "postgres"):
            raise ArgumentError(url.drivername)
        url = url.set(drivername="postgresql+asyncpg")
        engine = create_async_engine(url, pool_size=_READERS + 1, pool_pre_ping=True)
    except ArgumentError as error:
        raise StoreError(
            "the address of the store must be a directory, a file, or postgresql://user@host/name"
        ) from error
    except ModuleNotFoundError as error:
        raise StoreError(
            "PostgreSQL needs the driver asyncpg: install tta-rebuild[postgres]"
        ) from error
    reader = engine.execution_options(isolation_level="AUTOCOMMIT")
    place = url.render_as_string(hide_password=True)
    database = Database(place, engine, reader, one_writer=False)
    try:
        with told_plainly(place):
            async with engine.begin() as connection:
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
                found = await connection.run_sync(_revision)
                _require_known(place, found)
                if found != HEAD:
                    await connection.run_sync(migrate)
    except BaseException:
        await database.close()
        raise
    return database


# -------------------------------------------------------------------------------- revisions


def _revision(connection: sa.Connection) -> str | None:
    """The revision of the database; None if it is new and empty, "" if it is something else."""
    tables = sa.inspect(connection).get_table_names()
    if "alembic_version" in tables:
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        return str(found) if found is not None else None
    return "" if "stories" in tables or (tables and connection.dialect.name == "sqlite") else None


def _require_known(place: str, found: str | None) -> None:
    if found == "":
        raise StoreDamaged(
            f"{place}: is a database, but not one of stories; choose another data directory"
        )
    if found is not None and found not in REVISIONS:
        raise StoreNewer(
            f"{place}: was written by a newer version of tta (revision {found}, this one knows "
            f"up to {HEAD}); upgrade tta, or choose another data directory"
        )
