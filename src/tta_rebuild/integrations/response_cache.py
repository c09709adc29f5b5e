"""Answers given before, by key, in an SQLite database: in memory, or in a file of their own.

A key says what was asked of which model, in a form that gives nothing of it away; the database
holds keys and answers, never prompts. A cache can be lost at any time without harm, so whatever is
wrong with its file is logged once, and then answers are kept in memory.
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

from tta_rebuild.core.checks import check_number
from tta_rebuild.core.clock import Clock, SystemClock
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.llm_provider import LLMResponse

_log = logging.getLogger("tta_rebuild.cache")

MAX_BYTES_IN_MEMORY, MAX_BYTES_IN_FILE = 2 * 2**20, 64 * 2**20

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

_Work = Callable[[sqlite3.Connection, float], LLMResponse | None]
"""What is done with the database at a time, in seconds since 1970."""


class ResponseCache:
    """Answers as JSON, in a file that several processes may share, or in memory.

    Args:
        path: the file, made where it does not exist; None is memory.
        max_bytes: beyond so much of answers the least recently used leave; None is
            ``MAX_BYTES_IN_FILE`` or ``MAX_BYTES_IN_MEMORY``.
        max_age_s: older answers are forgotten, seconds.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        max_bytes: int | None = None,
        max_age_s: float = 30 * 86_400.0,
        clock: Clock | None = None,
    ) -> None:
        if max_bytes is None:
            max_bytes = MAX_BYTES_IN_MEMORY if path is None else MAX_BYTES_IN_FILE
        check_number("max_bytes", max_bytes, least=1, whole=True)
        check_number("max_age_s", max_age_s, above=0)
        self.place = "memory" if path is None else "file"
        self._path = path
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._clock: Clock = clock or SystemClock()
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None
        self._is_closed = False

    async def get(self, key: str) -> LLMResponse | None:
        """The answer, where there is one that is not too old."""
        return await self._do(lambda database, now: self._get(database, now, key))

    async def put(self, key: str, response: LLMResponse) -> None:
        """Keep an answer, and forget those that are too old."""
        reply = json.dumps(asdict(response), default=str)
        await self._do(lambda database, now: self._put(database, now, key, reply))

    async def aclose(self) -> None:
        """Close the file; safe to call twice. A closed cache has no answers."""
        with self._lock:
            self._is_closed = True
            if self._database is not None:
                self._database.close()

    async def _do(self, work: _Work) -> LLMResponse | None:
        """Work on the database, in a thread where it has a file."""
        now = self._clock.wall().timestamp()

        def guarded() -> LLMResponse | None:
            with self._lock:
                if self._is_closed:
                    return None
                try:
                    self._database = self._database or _opened(self._path)
                    return work(self._database, now)
                except (sqlite3.Error, OSError) as error:
                    said = "the cache file %s cannot be used (%s): going on without it; delete it "
                    _log.warning(f"{said}if it is damaged", self._path, error)
                    if self._database is not None:
                        self._database.close()
                    self.place, self._database = "memory", _opened(None)
                    return None

        return guarded() if self.place == "memory" else await asyncio.to_thread(guarded)

    def _get(self, database: sqlite3.Connection, now: float, key: str) -> LLMResponse | None:
        query = "SELECT reply FROM answers WHERE key = ? AND born >= ?"
        row = database.execute(query, (key, now - self._max_age_s)).fetchone()
        if row is None:
            return None
        database.execute("UPDATE answers SET used = ? WHERE key = ?", (now, key))
        try:
            raw = json.loads(row[0])
            return LLMResponse(**raw | {"usage": Usage(**raw["usage"])})
        except (ValueError, KeyError, TypeError):
            return None  # written by another version

    def _put(self, database: sqlite3.Connection, now: float, key: str, reply: str) -> None:
        row = (key, now, now, len(reply), reply)
        with database:  # one transaction
            database.execute("BEGIN IMMEDIATE")
            database.execute("DELETE FROM answers WHERE born < ?", (now - self._max_age_s,))
            database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)", row)
            (size,) = database.execute("SELECT SUM(size) FROM answers").fetchone()
            while size > self._max_bytes:
                oldest = database.execute("SELECT key, size FROM answers ORDER BY used LIMIT 1")
                key, freed = oldest.fetchone()
                database.execute("DELETE FROM answers WHERE key = ?", (key,))
                size -= freed


def _opened(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
    at = path or ":memory:"
    database = sqlite3.connect(at, isolation_level=None, check_same_thread=False)
    try:
        database.executescript(_MADE_READY)
    except sqlite3.Error:
        database.close()
        raise
    return database
