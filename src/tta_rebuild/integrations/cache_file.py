"""The SQLite file of a cache; whatever is wrong with it is logged once, and memory takes over.

Under ``response_cache`` and ``semantic_cache``, whose tables it makes.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TypeVar

_log = logging.getLogger("tta_rebuild.cache")

_MODES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
"""

T = TypeVar("T")


class CacheFile:
    """A file that several processes may share, made where it does not exist, for its owner alone.

    Args:
        path: None is no file: memory serves from the beginning.
        tables: the statements that make what is not there yet.
    """

    def __init__(self, path: Path | None, tables: str) -> None:
        self._path, self._tables = path, tables
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None
        self._is_closed = False

    @property
    def is_used(self) -> bool:
        """Whether there is a file, and it can be used as far as is known."""
        return self._path is not None

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """What ``work`` gives, done in a thread, one at a time; None where the file is no more."""
        return await asyncio.to_thread(self._guarded, work)

    def close(self) -> None:
        """Close it; safe to call twice."""
        with self._lock:
            self._is_closed = True
            if self._database is not None:
                self._database.close()

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        with self._lock:
            if self._is_closed or self._path is None:
                return None
            try:
                self._database = self._database or self._opened(self._path)
                return work(self._database)
            except (sqlite3.Error, OSError) as error:
                said = "the cache file %s cannot be used (%s): going on without it; delete it if "
                _log.warning(f"{said}it is damaged", self._path, error)
                if self._database is not None:
                    self._database.close()
                self._path = None
                return None

    def _opened(self, path: Path) -> sqlite3.Connection:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            database.executescript(_MODES + self._tables)
        except sqlite3.Error:
            database.close()
            raise
        return database
