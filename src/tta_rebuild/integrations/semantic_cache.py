"""Questions that were asked before, with their answers, found by how near they lie.

Kept by ``wrappers.semantic``, which decides whether one that is near is the same. In memory, or in
a file of their own that, unlike ``response_cache``'s, holds the questions in plain words.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import logging
import sqlite3
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from operator import mul
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from tta_rebuild.core.checks import check_number
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.llm_provider import LLMResponse

_log = logging.getLogger("tta_rebuild.cache")

MOST_PER_KEY = 64
"""Questions kept for one key; of more the oldest leave."""

_MADE_READY = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS questions (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, born REAL NOT NULL, texts TEXT NOT NULL,
    vector BLOB NOT NULL, reply TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS questions_key ON questions (key, id);
CREATE INDEX IF NOT EXISTS questions_born ON questions (born);
"""


class Encoder(Protocol):
    """Makes vectors of texts; near ones are of like meaning."""

    name: str
    """Of the encoder and its weights: vectors of two of them are never compared."""

    async def encode(self, text: str) -> Sequence[float]:
        """A vector of length 1, always of as many numbers. Raises ProviderError, OSError."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was asked (``texts``, in order) and what was answered."""

    texts: tuple[str, ...]
    response: LLMResponse


@dataclass(frozen=True, slots=True)
class _Kept:
    born: float
    vector: array[float]
    answer: KeptAnswer


class SemanticCache:
    """Kept answers by exact key, within a key by the nearness of their questions.

    In memory, or in the SQLite file at ``path`` (made where it does not exist, for its owner
    alone). Beyond ``entries`` the oldest leave, and all after ``max_age_s`` seconds. A file that
    cannot be used is logged once, and memory takes over.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        entries: int = 2_048,
        max_age_s: float = 30 * 86_400.0,
        clock: Clock | None = None,
    ) -> None:
        check_number("entries", entries, least=1, whole=True)
        check_number("max_age_s", max_age_s, above=0)
        self._path = path
        self._entries = entries
        self._max_age_s = max_age_s
        self._clock = clock or Clock()
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None
        self._is_closed = False
        self._kept: OrderedDict[int, tuple[str, _Kept]] = OrderedDict()
        self._by_key: dict[str, list[int]] = {}
        self._next = 0

    async def nearest(self, key: str, vector: Sequence[float], most: int) -> list[KeptAnswer]:
        """Up to ``most`` kept answers of this very key, nearest question first."""
        oldest = self._now() - self._max_age_s
        if self._path is None:
            found = [self._kept[number][1] for number in self._by_key.get(key, ())]
        else:
            found = await asyncio.to_thread(self._guarded, self._rows, key) or []
        here = array("f", vector)
        alive = [kept for kept in found if kept.born >= oldest and len(kept.vector) == len(here)]
        near = heapq.nlargest(most, alive, key=lambda kept: sum(map(mul, kept.vector, here)))
        return [kept.answer for kept in near]

    async def put(
        self, key: str, vector: Sequence[float], texts: Sequence[str], response: LLMResponse
    ) -> None:
        """Keep an answer to these texts."""
        kept = _Kept(self._now(), array("f", vector), KeptAnswer(tuple(texts), response))
        if self._path is None:
            self._keep(key, kept)
        else:
            await asyncio.to_thread(self._guarded, self._insert, key, kept)

    async def aclose(self) -> None:
        """Close the file; safe to call twice. A closed one has no answers."""
        with self._lock:
            self._is_closed = True
            if self._database is not None:
                self._database.close()

    def _now(self) -> float:
        return self._clock.wall().timestamp()

    def _keep(self, key: str, kept: _Kept) -> None:
        self._next += 1
        self._kept[self._next] = (key, kept)
        self._by_key.setdefault(key, []).append(self._next)
        if len(numbers := self._by_key[key]) > MOST_PER_KEY:
            self._forget(numbers[0])
        while len(self._kept) > self._entries:
            self._forget(next(iter(self._kept)))

    def _forget(self, number: int) -> None:
        key, _ = self._kept.pop(number)
        self._by_key[key].remove(number)
        if not self._by_key[key]:
            del self._by_key[key]

    def _guarded(self, work: Callable[..., Any], *args: Any) -> Any:
        with self._lock:
            if self._is_closed or self._path is None:
                return None
            try:
                self._database = self._database or _opened(self._path)
                return work(self._database, *args)
            except (sqlite3.Error, OSError) as error:
                said = "the cache file %s cannot be used (%s): going on without it; delete it if "
                _log.warning(f"{said}it is damaged", self._path, error)
                if self._database is not None:
                    self._database.close()
                self._path = None
                return None

    def _rows(self, database: sqlite3.Connection, key: str) -> list[_Kept]:
        query = "SELECT born, vector, texts, reply FROM questions WHERE key = ?"
        found = []
        for born, vector, texts, reply in database.execute(query, (key,)):
            try:
                raw = json.loads(reply)
                response = LLMResponse(**raw | {"usage": Usage(**raw["usage"])})
                answer = KeptAnswer(tuple(json.loads(texts)), response)
                found.append(_Kept(born, array("f", vector), answer))
            except (ValueError, KeyError, TypeError):
                continue  # written by another version
        return found

    def _insert(self, database: sqlite3.Connection, key: str, kept: _Kept) -> None:
        texts, reply = (
            json.dumps(one, default=str)
            for one in (kept.answer.texts, asdict(kept.answer.response))
        )
        row = (key, kept.born, texts, kept.vector.tobytes(), reply)
        oldest = "SELECT id FROM questions {} ORDER BY id DESC LIMIT -1 OFFSET ?"
        columns = "(key, born, texts, vector, reply)"
        with database:  # one transaction
            database.execute("BEGIN IMMEDIATE")
            gone = "DELETE FROM questions WHERE"
            database.execute(f"{gone} born < ?", (kept.born - self._max_age_s,))
            database.execute(f"INSERT INTO questions {columns} VALUES (?, ?, ?, ?, ?)", row)
            of_key = oldest.format("WHERE key = ?")
            database.execute(f"{gone} id IN ({of_key})", (key, MOST_PER_KEY))
            database.execute(f"{gone} id IN ({oldest.format('')})", (self._entries,))


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        with closing(database.executescript(_MADE_READY)):
            return database
    except sqlite3.Error:
        database.close()
        raise
