"""Answers given before: in memory, and in a file of their own.

A key says what was asked of which model, in a form that gives nothing of it away; the file holds
keys and answers, never prompts. A cache can be lost at any time without harm, so whatever is wrong
with the file is logged once and then there is no file.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import Any

from cachetools import TLRUCache

from tta_rebuild.core.checks import check_number
from tta_rebuild.core.clock import Clock, SystemClock
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.llm_provider import LLMResponse

_log = logging.getLogger("tta_rebuild.cache")

_Found = tuple[float, LLMResponse]
"""When an answer was kept, in seconds since 1970, and the answer."""


class ResponseCache:
    """Answers by key: the latest in memory, all of them in a file if there is one.

    Args:
        entries: how many stay in memory; the least recently used leave first.
        max_age_s: older answers are forgotten, seconds.
        file: keeps them across restarts; closed with this cache.
    """

    def __init__(
        self,
        *,
        entries: int = 256,
        max_age_s: float = 30 * 86_400.0,
        file: CacheFile | None = None,
        clock: Clock | None = None,
    ) -> None:
        check_number("entries", entries, least=1, whole=True)
        check_number("max_age_s", max_age_s, above=0)
        self._max_age_s = max_age_s
        self._file = file
        self._clock: Clock = clock or SystemClock()
        self._kept: TLRUCache[str, _Found] = TLRUCache(
            entries,
            ttu=lambda _key, found, _now: found[0] + max_age_s,
            timer=lambda: self._clock.wall().timestamp(),
        )

    async def find(self, key: str) -> tuple[LLMResponse | None, str]:
        """The answer and where it was (``"memory"``, ``"file"``), or None."""
        now = self._clock.wall().timestamp()
        if key not in self._kept and self._file is not None:
            found = await self._file.get(key, since=now - self._max_age_s, now=now)
            if found is not None:
                self._kept[key] = found
                return found[1], "file"
        found = self._kept.get(key)  # perhaps somebody's answer that has come meanwhile
        return (found[1] if found is not None else None), "memory"

    async def put(self, key: str, response: LLMResponse) -> None:
        """Keep an answer: in memory at once, then in the file."""
        born = self._clock.wall().timestamp()
        self._kept[key] = (born, response)
        if self._file is not None:
            await self._file.put(key, response, now=born, since=born - self._max_age_s)

    async def aclose(self) -> None:
        """Close the file."""
        if self._file is not None:
            await self._file.aclose()


_MADE_READY = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, born REAL NOT NULL, used REAL NOT NULL, size INTEGER NOT NULL,
    reply TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_used ON answers (used);
CREATE INDEX IF NOT EXISTS answers_born ON answers (born);
"""


class CacheFile:
    """Answers as JSON in one SQLite file, which several processes may share.

    Made where it does not exist. Beyond ``max_bytes`` of answers the least recently used leave.
    """

    def __init__(self, path: Path, *, max_bytes: int = 64 * 2**20) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None
        self._is_usable = True

    async def get(self, key: str, *, since: float, now: float) -> _Found | None:
        """The answer if it was kept after ``since``, or None; times in seconds since 1970."""
        return await asyncio.to_thread(self._guarded, self._get, key, since, now)

    async def put(self, key: str, response: LLMResponse, *, now: float, since: float) -> None:
        """Keep an answer, and forget those born before ``since``."""
        reply = json.dumps(asdict(response), default=str)
        await asyncio.to_thread(self._guarded, self._put, key, reply, now, since)

    async def aclose(self) -> None:
        """Close the file; safe to call twice."""
        with self._lock:
            self._is_usable = False
            if self._database is not None:
                self._database.close()
                self._database = None

    def _guarded(self, work: Callable[..., _Found | None], *args: Any) -> _Found | None:
        with self._lock:
            if not self._is_usable:
                return None
            try:
                self._database = self._database or self._open()
                return work(self._database, *args)
            except (sqlite3.Error, OSError) as error:
                _log.warning("the cache file cannot be used (%s): going on without it", error)
                self._is_usable = False
                return None

    def _open(self, *, anew: bool = False) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            database.executescript(_MADE_READY)
        except sqlite3.DatabaseError as error:
            database.close()
            if anew or isinstance(error, sqlite3.OperationalError):
                raise
            _log.warning("the cache file is damaged (%s): beginning a new one", error)
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            return self._open(anew=True)
        return database

    def _get(self, base: sqlite3.Connection, key: str, since: float, now: float) -> _Found | None:
        query = "SELECT born, reply FROM answers WHERE key = ? AND born >= ?"
        row = base.execute(query, (key, since)).fetchone()
        if row is None:
            return None
        base.execute("UPDATE answers SET used = ? WHERE key = ?", (now, key))
        try:
            raw = json.loads(row[1])
            return row[0], LLMResponse(**raw | {"usage": Usage(**raw["usage"])})
        except (ValueError, KeyError, TypeError):
            return None  # written by another version

    def _put(
        self, base: sqlite3.Connection, key: str, reply: str, now: float, since: float
    ) -> None:
        row = (key, now, now, len(reply), reply)
        with base:  # one transaction
            base.execute("BEGIN IMMEDIATE")
            base.execute("DELETE FROM answers WHERE born < ?", (since,))
            base.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", row)
            (size,) = base.execute("SELECT SUM(size) FROM answers").fetchone()
            while size > self._max_bytes:
                oldest = base.execute("SELECT key, size FROM answers ORDER BY used LIMIT 1")
                key, freed = oldest.fetchone()
                base.execute("DELETE FROM answers WHERE key = ?", (key,))
                size -= freed
