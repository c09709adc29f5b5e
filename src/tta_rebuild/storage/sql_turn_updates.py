"""What is seen of turns, in the story database: for readers on other machines than the player's.

Readers look again and again; where Redis is at hand, it carries the same without that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.turn_records import TimedUpdate
from tta_rebuild.storage.database import Database, query
from tta_rebuild.storage.story_rows import Row, from_micros, to_micros

AT_ONCE = 32
"""Of so many turns updates are read by one statement."""

LOOKED_S, SELDOM_S = 0.05, 0.1
"""How long a reader waits before looking again, at first and at most, seconds."""


class SqlTurnUpdates:
    """The ``engine.turn_updates.TurnUpdates`` of SQLite and PostgreSQL."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database, self._clock = database, clock or Clock()

    async def add(self, turn_id: str, update: int, kind: str, text: str) -> bool:
        """See ``TurnUpdates.add``."""
        values = {"turn_id": turn_id, "number": update, "kind": kind, "text": text}
        values["at"] = to_micros(self._clock.wall())
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

    async def timed(self, above: Mapping[str, int]) -> list[TimedUpdate]:
        """See ``TurnUpdates.timed``."""
        wanted, found = list(above.items()), list[TimedUpdate]()
        for begin in range(0, len(wanted), AT_ONCE):
            some = wanted[begin : begin + AT_ONCE]
            some += some[:1] * (
                AT_ONCE - len(some) if len(some) > 1 else 0
            )  # two statements in all
            tests = " OR ".join(f"(turn_id = :t{n} AND number > :n{n})" for n in range(len(some)))
            values: dict[str, Any] = {f"t{n}": turn_id for n, (turn_id, _) in enumerate(some)}
            values |= {f"n{n}": number for n, (_, number) in enumerate(some)}
            asked = f"SELECT * FROM turn_updates WHERE {tests} ORDER BY turn_id, number"
            async with self._database.reading() as connection:
                found += [_timed(row) for row in await connection.rows(asked, **values)]
        return found

    async def trim(self, *, before: datetime) -> None:
        """See ``TurnUpdates.trim``."""
        async with self._database.writing() as connection:
            await connection.rows(query("old_updates"), before=to_micros(before))


def _timed(row: Row) -> TimedUpdate:
    at = row["at"]
    return TimedUpdate(
        turn_id=row["turn_id"],
        number=row["number"],
        kind=row["kind"],
        text=row["text"],
        at=from_micros(at) if at is not None else None,
    )
