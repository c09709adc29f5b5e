"""What a database says when it cannot, in the engine's words; they stand in ``data/failures.toml``.

Every statement runs inside ``told_plainly``: no driver's error leaves this room.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tta_rebuild.core import errors
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import StoreError


def _known() -> Mapping[str, Mapping[str, tuple[str, str]]]:
    return packaged_toml("tta_rebuild.storage", "failures")


def failure(name: str, place: object, *, table: str = "own", **said: object) -> StoreError:
    """The error of that name, about a ``place`` (a path or an address)."""
    kind, advice = _known()[table][name]
    made: StoreError = getattr(errors, kind)(f"{place}: {advice.format(**said)}")
    return made


@contextmanager
def told_plainly(place: str, drivers: tuple[type[Exception], ...]) -> Iterator[None]:
    """Translate a driver's errors into the store's, naming ``place``."""
    try:
        yield
    except drivers as error:
        raise _plain(error, place) from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        name = "away" if place.startswith("postgresql:") else "unreachable"
        raise failure(name, place, why=why) from error


def _plain(error: Exception, place: str) -> StoreError:
    code = str(getattr(error, "sqlite_errorname", "")).removeprefix("SQLITE_")
    state = str(getattr(error, "sqlstate", ""))
    for table, names in (
        ("sqlite", (code, code.partition("_")[0])),
        ("postgresql", (state, state[:2])),
        ("asyncpg", (type(error).__name__,)),
    ):
        for name in names:
            if name in _known()[table]:
                return failure(name, place, table=table, error=error)
    if code or not isinstance(error, sqlite3.Error):  # a server's own words may hold a password
        return failure("failed", place, error=error if code else type(error).__name__)
    # Python's own: what was read is no text
    return failure("damaged", place, found=str(error).partition(" column ")[0])
