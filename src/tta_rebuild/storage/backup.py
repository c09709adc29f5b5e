"""Backup and restore of the file that holds the stories, by SQLite's online backup.

A backup is one database file: all that was stored when it was begun, whole, while others go on
writing. The cache of replies and the notes of running turns are no part of it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from tta_rebuild.storage import sqlite_file
from tta_rebuild.storage.failures import failure, told_plainly
from tta_rebuild.storage.migrations import HEAD, REVISIONS
from tta_rebuild.storage.revocations import AccessRestored, keep_revocations
from tta_rebuild.storage.turn_journal import FILE_ENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """What is in a backup; ``kept`` is where a restore left what was there before, if anything.

    ``access`` is who may come in after a restore.
    """

    file: Path
    stories: int
    events: int
    bytes: int
    revision: str
    kept: Path | None = None
    access: AccessRestored = field(default_factory=AccessRestored)


def backup(path: Path, into: Path, *, overwrite: bool = False) -> BackedUp:
    """Copy the database at ``path`` into one new file, which appears only when it is whole.

    Nobody is kept from writing meanwhile. Raises StoreMissing (there is nothing), StoreDamaged,
    StoreFull, StoreError (the file is there, or cannot be written).
    """
    if into.exists() and not overwrite:
        raise failure("backup_there", into)
    if not sqlite_file.has_content(path):
        raise failure("backup_none", path)
    with _beside(into) as part, told_plainly(str(path), (sqlite3.Error,)):
        _copied(path, part)
        found = _examined(part)
        _flushed(part)
        part.replace(into)
    return replace(found, file=into)


def restore(path: Path, source: Path, *, now: datetime) -> BackedUp:
    """Put a backup in the place of the database at ``path``.

    What was there is kept beside it; tokens that were revoked and links that were taken back in it
    stay so. Nothing changes unless the backup is whole and of a revision that this program knows;
    an older one is upgraded when it is opened next. Where root restores, the files belong to whom
    the folder does. Raises StoreLocked (it is in use), StoreDamaged, StoreNewer, StoreFull,
    StoreError.
    """
    if not source.is_file():
        raise failure("backup_no_file", source)
    with sqlite_file.hold(path), told_plainly(str(source), (sqlite3.Error,)):
        part = path.with_name(f"{path.name}.new")
        part.unlink(missing_ok=True)
        try:
            _copied(source, part)
            found = _examined(part)
            kept = _set_aside(path, now)
            access = keep_revocations(kept, part, now)
            _flushed(part)
            part.replace(path)
            _flushed(path.parent)
        finally:
            part.unlink(missing_ok=True)
        path.with_name(f"{path.name}{FILE_ENDING}").unlink(missing_ok=True)
        _given_to_owner(path.parent, path, path.with_name(f"{path.name}.lock"))
    return replace(found, file=source, kept=kept, access=access)


@contextmanager
def _beside(into: Path) -> Iterator[Path]:
    """A private file in the same folder, for what is put in place whole or not at all."""
    part = into.with_name(f"{into.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        yield part
    except OSError as error:
        raise failure("unwritable", into.parent, why=error.strerror or error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _copied(source: Path, into: Path) -> None:
    """All of a database as of now: one read, so that a writer never makes it begin anew."""
    into.touch(mode=0o600)
    with (
        closing(_connected(source, "ro")) as reading,
        closing(sqlite3.connect(into, isolation_level=None)) as writing,
    ):
        reading.backup(writing, pages=-1)
        writing.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        writing.execute("PRAGMA user_version = 0")  # closed in order


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(address, uri=True, isolation_level=None)


def _examined(path: Path) -> BackedUp:
    """What is in a database of stories. Raises StoreDamaged, StoreNewer."""
    with closing(_connected(path, "ro")) as connection:

        def one(sql: str) -> object:
            row = connection.execute(sql).fetchone()
            return row[0] if row else None

        if (found := one("PRAGMA quick_check(1)")) != "ok":
            raise failure("damaged", path, found=found)
        table = "SELECT name FROM sqlite_master WHERE name = 'alembic_version'"
        if one(table) is None:
            raise failure("foreign", path)
        revision = str(one("SELECT version_num FROM alembic_version"))
        if revision not in REVISIONS:
            raise failure("newer", path, found=revision, head=HEAD)
        return BackedUp(
            file=path,
            stories=int(str(one("SELECT count(*) FROM stories"))),
            events=int(str(one("SELECT count(*) FROM events"))),
            bytes=path.stat().st_size,
            revision=revision,
        )


def _set_aside(path: Path, now: datetime) -> Path | None:
    """Keep what is there under another name; its write-ahead log is brought into it first."""
    if not path.exists():
        return None
    # it may be damaged, which may be why it is replaced
    with suppress(sqlite3.Error), closing(_connected(path, "rw")) as connection:
        connection.execute("PRAGMA user_version = 0")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    stem = f"{path.name}.replaced.{now:%Y%m%d-%H%M%S}"
    names = (path.with_name(f"{stem}{n}.backup") for n in ("", *(f"-{i}" for i in range(99))))
    kept = next(name for name in names if not name.exists())
    os.link(path, kept)
    for ending in ("-wal", "-shm"):
        log = path.with_name(f"{path.name}{ending}")
        if log.exists():
            log.replace(kept.with_name(f"{kept.name}{ending}"))
    return kept


def _given_to_owner(folder: Path, *files: Path) -> None:
    """Let files that root has made belong to whom the folder does: a server without root opens
    them next.
    """
    if os.name == "nt" or os.geteuid() != 0:
        return
    owner = folder.stat()
    for file in files:
        with suppress(OSError):  # a file system without owners
            os.chown(file, owner.st_uid, owner.st_gid)


def _flushed(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
