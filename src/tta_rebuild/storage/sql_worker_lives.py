"""When workers ended, in the story database: who lives on sees whose connection is gone.

A worker keeps one connection for as long as it lives. The server ends its process behind it as soon
as the worker's has ended, however that was; the other workers look for that, some twenty times a
second together, so the moment is known to a fraction of a second. Only PostgreSQL has workers.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import StoreError
from tta_rebuild.storage.database import Connection, Database, query
from tta_rebuild.storage.story_rows import from_micros, to_micros

LOOKS_EVERY_S = 0.05
"""How often some worker looks whether others are gone, seconds."""

AGAIN_S = 1.0
"""How long after its connection broke a worker takes another, seconds."""


class SqlWorkerLives:
    """The ``core.turn_calls.WorkerLives`` of a story database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def gone_at(self, worker: str) -> datetime | None:
        """See ``WorkerLives.gone_at``."""
        asked = "SELECT gone_at - ahead AS at FROM worker_lives WHERE worker = :worker"
        async with self._database.reading() as connection:
            row = await connection.row(asked, worker=worker)
        return from_micros(row["at"]) if row is not None and row["at"] is not None else None

    async def live(
        self, worker: str, clock: Clock, on_alive: Callable[[], None] = lambda: None
    ) -> None:
        """Be known to live until this is cancelled, and note who of the others is gone."""
        while True:
            with suppress(StoreError):  # looked for again
                async with self._database.reading() as connection:
                    await self._register(connection, worker, clock)
                    on_alive()
                    while True:
                        others = await self._look(connection)
                        share_s = LOOKS_EVERY_S * others
                        await clock.sleep(share_s * random.uniform(0.7, 1.3))
            await clock.sleep(AGAIN_S)

    async def _register(self, connection: Connection, worker: str, clock: Clock) -> None:
        row = await connection.row(query("database_clock"))
        assert row is not None
        ahead = row["at"] - to_micros(clock.wall())  # rather too little, so none is gone too early
        await connection.rows(query("register_worker"), worker=worker, ahead=ahead)
        before = row["at"] - timedelta(days=1) // timedelta(microseconds=1)
        await connection.rows("DELETE FROM worker_lives WHERE gone_at < :before", before=before)

    async def _look(self, connection: Connection) -> int:
        """Note who is gone; gives how many are there."""
        await connection.rows(query("note_gone_workers"))
        row = await connection.row("SELECT count(*) AS n FROM worker_lives WHERE gone_at IS NULL")
        return max(1, row["n"]) if row is not None else 1
