"""The file that holds the stories: held by one process, private, and never quietly empty.

A single connection writes and checkpoints (two of them can corrupt a write-ahead log in SQLite up
to 3.51.2, which Python ships with), and a lock beside the file keeps other processes of this
program from writing. ``synchronous=FULL`` makes a stored turn survive a loss of power.

The file's ``user_version`` is 1 from opening to closing: where it is 1 and no write-ahead log lies
beside the file, the log has been lost, and perhaps turns with it.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from tta_rebuild.core.errors import StoreError
from tta_rebuild.storage.failures import failure
from tta_rebuild.storage.migrations import statements
from tta_rebuild.storage.sqlite_list import FILE_NAME

_CACHE = "replies.db"

_LEAST_FREE_BYTES = 256 * 1024


def file_of(where: str | Path) -> Path:
    """The file meant by a data directory, a file ending in ``.db``, or a ``sqlite:///`` address."""
    if isinstance(where, str) and where.startswith("sqlite:"):
        return Path(where.removeprefix("sqlite:///") or FILE_NAME).expanduser()
    path = Path(where).expanduser()
    return path if path.suffix == ".db" and not path.is_dir() else path / FILE_NAME


def hold(path: Path) -> FileLock:
    """Make the directory, keep others out of it, and let nobody else read what is in it.

    Raises StoreLocked, StoreReadOnly, StoreFull, StoreError.
    """
    directory = path.parent
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(f"{path}.lock", timeout=0, thread_local=False, mode=0o600)
        lock.acquire()
    except Timeout:
        raise failure("taken", directory) from None
    except (FileExistsError, NotADirectoryError) as error:
        raise failure("no_directory", directory) from error
    except (OSError, NotImplementedError) as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
            raise failure("full", directory) from error
        why = getattr(error, "strerror", None) or error
        raise failure("unwritable", directory, why=why) from error
    with suppress(OSError):  # a file system without permissions
        _make_private(path)
    return lock


def check_writable(path: Path) -> None:
    """Raise what ``hold`` raises, or StoreFull, if no story could be played here now."""
    hold(path).release()
    if shutil.disk_usage(path.parent).free < _LEAST_FREE_BYTES:
        raise failure("full", path.parent)


def _make_private(path: Path) -> None:
    """Our files for their owner alone, and the directory too where nothing else lies in it."""
    if os.name == "nt":
        return
    entries = list(path.parent.iterdir())
    ours = [entry for entry in entries if entry.name.startswith((path.name, _CACHE))]
    for place in (*ours, path.parent) if len(ours) == len(entries) else ours:
        found = place.lstat()
        if found.st_mode & 0o077 and found.st_uid == os.geteuid() and not place.is_symlink():
            place.chmod(stat.S_IMODE(found.st_mode) & 0o700)


def has_content(path: Path) -> bool:
    """Whether anything was kept here yet. Raises StoreDamaged if the file was emptied since.

    Comes before SQLite sees the file: it would delete the write-ahead log of an empty one.
    """
    if path.is_file() and path.stat().st_size:
        return True
    if path.exists() or has_log(path):
        raise was_emptied(path)
    if path.parent.exists() and not path.parent.is_dir():
        raise failure("no_directory", path.parent)
    return False


def was_emptied(path: Path) -> StoreError:
    """The error for a file without tables: it is put in place whole, so it was not always so."""
    return failure("emptied" if path.exists() else "log_alone", path, log=f"{path.name}-wal")


def has_log(path: Path) -> bool:
    """Whether a write-ahead log with something in it lies beside the file."""
    log = path.with_name(f"{path.name}-wal")
    return log.is_file() and log.stat().st_size > 0


def make_new(path: Path) -> None:
    """Put an empty database in place, whole or not at all."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    beside.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(beside, isolation_level=None)) as connection:
            for statement in ("BEGIN", *statements("sqlite"), "COMMIT"):
                connection.execute(statement)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
