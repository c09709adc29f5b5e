"""What a database says when it cannot, in the engine's words.

Every statement of the SQL stores runs inside ``told_plainly``: no driver's error leaves this room,
and each message says what to do next.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from tta_rebuild.core.errors import (
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
)

NO_SPACE = (
    "no space left: nothing of this change was stored, everything before it was; free some space "
    "and repeat. What is there can still be listed and exported"
)

_BACKUP = (
    "restore it from a backup, or move it away to begin with an empty one; 'tta stories export' "
    "saves what can still be read"
)

_SQLITE: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_FULL: (StoreFull, NO_SPACE),
    sqlite3.SQLITE_IOERR_SHMSIZE: (StoreFull, NO_SPACE),
    sqlite3.SQLITE_READONLY: (
        StoreReadOnly,
        "cannot be written: make the directory and the file in it writable, "
        "or choose another data directory",
    ),
    sqlite3.SQLITE_PERM: (StoreReadOnly, "may not be accessed: check its permissions"),
    sqlite3.SQLITE_CANTOPEN: (
        StoreReadOnly,
        "cannot be opened or created: check that the directory is there and writable, "
        "or choose another data directory",
    ),
    sqlite3.SQLITE_NOTADB: (StoreDamaged, f"is not a database of stories; {_BACKUP}"),
    sqlite3.SQLITE_CORRUPT: (StoreDamaged, f"is damaged; {_BACKUP}"),
    sqlite3.SQLITE_BUSY: (
        StoreLocked,
        "another program is writing to it; close that program and repeat",
    ),
    sqlite3.SQLITE_CONSTRAINT: (
        StoreDamaged,
        f"what is in it contradicts itself, nothing of this change was stored; {_BACKUP}",
    ),
    sqlite3.SQLITE_IOERR: (
        StoreError,
        "the disk failed while reading or writing; nothing of this change was stored, "
        "check the disk and repeat",
    ),
}

_POSTGRESQL: dict[str, tuple[type[StoreError], str]] = {
    "53": (
        StoreFull,
        "the server is out of space, memory or connections: nothing of this change was stored",
    ),
    "25006": (StoreReadOnly, "the server is read-only: connect to its primary"),
    "42501": (StoreReadOnly, "this user may not write there: grant it the rights"),
    "23": (StoreError, "another writer was first, nothing was stored; load again and repeat"),
    "40": (StoreError, "the server broke off the change to let another pass; repeat it"),
    "28": (StoreError, "the server refused the user or its password: check the address"),
    "3D000": (StoreError, "no database of that name: create it first"),
    "XX": (StoreDamaged, "the server reports damaged data; restore a backup"),
}


@contextmanager
def told_plainly(place: str, errors: tuple[type[Exception], ...]) -> Iterator[None]:
    """Translate a driver's ``errors`` into the store's, naming ``place`` (a path or an address)."""
    try:
        yield
    except errors as error:
        raise _plain(error, place) from error
    except OSError as error:
        raise StoreError(
            f"{place}: cannot be reached ({error.strerror or type(error).__name__}); "
            "check that it is there and running"
        ) from error


def damaged(place: str, found: str) -> StoreDamaged:
    """The error for a database in which a check has ``found`` something."""
    return StoreDamaged(f"{place}: is damaged ({found}); {_BACKUP}")


def _plain(error: Exception, place: str) -> StoreError:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        other = _SQLITE.get(code & 0xFF, (StoreError, f"failed ({error})"))
        kind, advice = _SQLITE.get(code, other)
        return kind(f"{place}: {advice}")
    if isinstance(error, sqlite3.Error):  # Python's own: what was read is no text
        return damaged(place, str(error).partition(" column ")[0])
    state = str(getattr(error, "sqlstate", None) or "")
    for key in (state, state[:2]):
        if key in _POSTGRESQL:
            kind, advice = _POSTGRESQL[key]
            return kind(f"{place}: {advice}")
    return StoreError(f"{place}: the database failed ({type(error).__name__}); try again")
