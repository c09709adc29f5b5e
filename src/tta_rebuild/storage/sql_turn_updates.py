"""What is seen of turns, in the story database: for readers on other machines than the player's.

Readers look again and again; where Redis is at hand, it carries the same without that.
"""

from __future__ import annotations

from datetime import datetime

from tta_rebuild.core.clock import Clock
from tta_rebuild.storage.database import Database, query
from tta_rebuild.storage.story_rows import to_micros

LOOKED_S, SELDOM_S = 0.05, 0.1
"""How long a reader waits before looking again, at first and at most, seconds."""


class SqlTurnUpdates:
    """The ``engine.turn_updates.TurnUpdates`` of SQLite and PostgreSQL."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database, self._clock = database, clock or Clock()

    async def add(self, turn_id: str, update: int, kind: str, text: str) -> bool:
        """See ``TurnUpdates.add``."""
        values = {"turn_id": turn_id, "number": update, "kind": kind, "text": text}
        return bool(await self._database.write(query("add_update"), **values))

    async def read(self, turn_id: str, *, after: int, wait_s: float) -> list[tuple[int, str, str]]:
        """See ``TurnUpdates.read``."""
        until_s, pause_s = self._clock.now() + wait_s, LOOKED_S
        while True:
            async with self._database.reading() as connection:
                rows = await connection.rows(query("updates_of_turn"), turn_id=turn_id, after=after)
            left_s = until_s - self._clock.now()
            if rows or left_s <= 0:
                return [(row["number"], row["kind"], row["text"]) for row in rows]
            await self._clock.sleep(min(pause_s, left_s))
            pause_s = min(1.5 * pause_s, SELDOM_S)

    async def trim(self, *, before: datetime) -> None:
        """See ``TurnUpdates.trim``."""
        async with self._database.writing() as connection:
            await connection.rows(query("old_updates"), before=to_micros(before))
