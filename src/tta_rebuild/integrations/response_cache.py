"""Answers given before, by key: in memory, or in a file of their own.

The file holds keys, which give nothing away, and answers, never prompts. Whatever is wrong with it
is logged once, and then answers are kept in memory.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from pathlib import Path

from cachetools import TLRUCache

from tta_rebuild.core.checks import check_number
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.cache_file import CacheFile
from tta_rebuild.integrations.llm_provider import LLMResponse

_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, born REAL NOT NULL, used REAL NOT NULL, size INTEGER NOT NULL,
    reply TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_used_size ON answers (used, size);
CREATE INDEX IF NOT EXISTS answers_born ON answers (born);
"""


class ResponseCache:
    """Answers by key: in a file that several processes may share, or in memory.

    Beyond ``entries`` in memory and ``max_bytes`` in the file (an SQLite database, made where it
    does not exist) those leave that were least recently used, and any after ``max_age_s`` seconds.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        entries: int = 256,
        max_bytes: int = 64 * 2**20,
        max_age_s: float = 30 * 86_400.0,
        clock: Clock | None = None,
    ) -> None:
        check_number("entries", entries, least=1, whole=True)
        check_number("max_bytes", max_bytes, least=1, whole=True)
        check_number("max_age_s", max_age_s, above=0)
        self._file = CacheFile(path, _TABLES)
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._clock = clock or Clock()
        self._kept: TLRUCache[str, LLMResponse] = TLRUCache(
            entries,
            ttu=lambda _key, _response, now: now + max_age_s,
            timer=self._now,
        )

    @property
    def place(self) -> str:
        """Where answers are: in the ``"file"``, or in ``"memory"`` where it cannot be used."""
        return "file" if self._file.is_used else "memory"

    async def get(self, key: str) -> LLMResponse | None:
        """The answer, where there is one that is not too old."""
        if not self._file.is_used:
            return self._kept.get(key)
        return await self._file.run(lambda database: self._get(database, key))

    async def put(self, key: str, response: LLMResponse) -> None:
        """Keep an answer, and forget those that are too old."""
        if not self._file.is_used:
            self._kept[key] = response
        else:
            reply = json.dumps(asdict(response), default=str)
            await self._file.run(lambda database: self._put(database, key, reply))

    async def begin(self, key: str) -> LLMResponse | None:
        """Leave to ask, or the answer of another process that was asking; ends with ``end``."""

    async def end(self, key: str) -> None:
        """Whoever had leave to ask has put the answer, or will not."""

    async def aclose(self) -> None:
        """Close the file; safe to call twice. A closed one has no answers."""
        self._file.close()

    def _now(self) -> float:
        return self._clock.wall().timestamp()

    def _get(self, database: sqlite3.Connection, key: str) -> LLMResponse | None:
        now = self._now()
        query = "SELECT reply FROM answers WHERE key = ? AND born >= ?"
        row = database.execute(query, (key, now - self._max_age_s)).fetchone()
        if row is None:
            return None
        database.execute("UPDATE answers SET used = ? WHERE key = ?", (now, key))
        return response_from(row[0])

    def _put(self, database: sqlite3.Connection, key: str, reply: str) -> None:
        now = self._now()
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


def response_from(reply: str) -> LLMResponse | None:
    """An answer as it was kept; None if another version wrote it."""
    try:
        raw = json.loads(reply)
        return LLMResponse(**raw | {"usage": Usage(**raw["usage"])})
    except (ValueError, KeyError, TypeError):
        return None
