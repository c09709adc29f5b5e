"""Questions that were asked before, with their answers, found by how near they lie.

Kept by ``wrappers.semantic``, which decides whether one that is near is the same. In memory, or in
a file of their own that, unlike ``response_cache``'s, holds the questions in plain words;
``redis_semantic_cache`` keeps them for all workers.
"""

from __future__ import annotations

import heapq
import json
import sqlite3
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from operator import mul
from pathlib import Path
from typing import Protocol

from tta_rebuild.core.checks import check_number
from tta_rebuild.core.clock import Clock
from tta_rebuild.integrations.cache_file import CacheFile
from tta_rebuild.integrations.llm_provider import LLMRequest, LLMResponse
from tta_rebuild.integrations.response_cache import response_from

MOST_PER_KEY = 64
"""Questions kept for one key; of more the oldest leave."""

_TABLES = """
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

    async def encode(self, text: str, asked: LLMRequest) -> Sequence[float]:
        """A vector of length 1, always of as many numbers; ``asked`` says whose question it is.

        Raises ProviderError, BudgetExceededError, OSError.
        """

    async def aclose(self) -> None:
        """Release what it holds; safe to call twice."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was asked (``texts``, in order) and what was answered."""

    texts: tuple[str, ...]
    response: LLMResponse


@dataclass(frozen=True, slots=True)
class Kept:
    """One question as it is kept: when (POSIX seconds), where it lies, and its answer."""

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
        self._file = CacheFile(path, _TABLES)
        self._entries = entries
        self._max_age_s = max_age_s
        self._clock = clock or Clock()
        self._kept: OrderedDict[int, tuple[str, Kept]] = OrderedDict()
        self._by_key: dict[str, list[int]] = {}
        self._next = 0

    async def has(self, key: str) -> bool:
        """Whether anything may be kept under this key, of whatever age."""
        if not self._file.is_used:
            return key in self._by_key
        query = "SELECT EXISTS (SELECT 1 FROM questions WHERE key = ?)"
        return bool(await self._file.run(lambda at: at.execute(query, (key,)).fetchone()[0]))

    async def nearest(self, key: str, vector: Sequence[float], most: int) -> list[KeptAnswer]:
        """Up to ``most`` kept answers of this very key, nearest question first."""
        if not self._file.is_used:
            found = [self._kept[number][1] for number in self._by_key.get(key, ())]
        else:
            found = await self._file.run(lambda database: self._rows(database, key)) or []
        return self._ranked(found, vector, most)

    def _ranked(
        self, found: Iterable[Kept], vector: Sequence[float], most: int
    ) -> list[KeptAnswer]:
        oldest, here = self._now() - self._max_age_s, array("f", vector)
        alive = [kept for kept in found if kept.born >= oldest and len(kept.vector) == len(here)]
        near = heapq.nlargest(most, alive, key=lambda kept: sum(map(mul, kept.vector, here)))
        return [kept.answer for kept in near]

    async def put(
        self, key: str, vector: Sequence[float], texts: Sequence[str], response: LLMResponse
    ) -> None:
        """Keep an answer to these texts."""
        kept = Kept(self._now(), array("f", vector), KeptAnswer(tuple(texts), response))
        if not self._file.is_used:
            self._keep(key, kept)
        else:
            await self._file.run(lambda database: self._insert(database, key, kept))

    async def aclose(self) -> None:
        """Close the file; safe to call twice. A closed one has no answers."""
        self._file.close()

    def _now(self) -> float:
        return self._clock.wall().timestamp()

    def _keep(self, key: str, kept: Kept) -> None:
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

    def _rows(self, database: sqlite3.Connection, key: str) -> list[Kept]:
        query = "SELECT born, vector, texts, reply FROM questions WHERE key = ?"
        found = []
        for born, vector, texts, reply in database.execute(query, (key,)):
            if (response := response_from(reply)) is not None:
                answer = KeptAnswer(tuple(json.loads(texts)), response)
                found.append(Kept(born, array("f", vector), answer))
        return found

    def _insert(self, database: sqlite3.Connection, key: str, kept: Kept) -> None:
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
