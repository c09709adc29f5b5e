"""Stories kept in memory: for tests, experiments and play that leaves nothing behind."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from tta_rebuild.storage.migrations import statements
from tta_rebuild.storage.sqlite_database import SqliteDatabase, SqlitePool
from tta_rebuild.storage.story_store import StoryStore

T = TypeVar("T")


class MemoryStoryStore(StoryStore):
    """A ``StoryStore`` in a SQLite database that ends with the object; ``place`` is its name."""

    def __init__(self, place: str = "memory") -> None:
        pool = _MemoryPool()
        super().__init__(SqliteDatabase(place, pool, pool))

    async def close(self) -> None:
        """Nothing is held; the stories stay until the object goes."""


class _MemoryPool(SqlitePool):
    """One connection, used where it is asked for: nothing in memory is worth a thread."""

    def __init__(self) -> None:
        super().__init__(":memory:", (*statements("sqlite"),), most=1)
        self._idle.append(self._opened())
        weakref.finalize(self, self._idle[0].close)

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        return work(*arguments)
