"""What is seen of turns, kept in the story database and carried live by Redis.

The database decides who has put a number first and has all that was seen; Redis wakes the readers,
who then need not look again and again. Without it they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tta_rebuild.core.turn_records import TimedUpdate
from tta_rebuild.storage.redis_updates import RedisUpdates
from tta_rebuild.storage.sql_turn_updates import SqlTurnUpdates


class LiveUpdates:
    """The ``engine.turn_updates.TurnUpdates`` of servers and workers that share a Redis."""

    def __init__(self, kept: SqlTurnUpdates, carried: RedisUpdates) -> None:
        self._kept, self._carried = kept, carried

    async def add(self, turn_id: str, update: int, kind: str, text: str) -> bool:
        """See ``TurnUpdates.add``."""
        if not await self._kept.add(turn_id, update, kind, text):
            return False
        await self._carried.add(turn_id, update, kind, text)
        return True

    async def read(
        self, turn_id: str, *, after: int, wait_s: float
    ) -> Sequence[tuple[int, str, str]]:
        """See ``TurnUpdates.read``."""
        found: Sequence[tuple[int, str, str]]
        found = await self._kept.read(turn_id, after=after, wait_s=0.0)
        if found or wait_s <= 0:
            return found
        found = await self._carried.read(turn_id, after=after, wait_s=wait_s)
        if found and found[0][0] == after + 1:
            return found
        looks_s = wait_s if self._carried.is_away else 0.0
        return await self._kept.read(turn_id, after=after, wait_s=looks_s)

    async def timed(self, above: Mapping[str, int]) -> Sequence[TimedUpdate]:
        """See ``TurnUpdates.timed``."""
        return await self._kept.timed(above)

    async def trim(self, *, before: datetime) -> None:
        """See ``TurnUpdates.trim``; Redis lets go by itself."""
        await self._kept.trim(before=before)
