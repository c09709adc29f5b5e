"""Which workers live, and when others ended, in the story database.

A worker keeps one connection for as long as it lives. The server ends its process behind it as soon
as the worker's has ended, however that was; the other workers look for that, some twenty times a
second together, so the moment is known to a fraction of a second. By the same connection it says
every two seconds that it is not frozen, and how it is. Only PostgreSQL has workers.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import datetime, timedelta

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import StoreError
from tta_rebuild.core.workers import (
    LISTED_S,
    SILENT_S,
    WorkerAbout,
    WorkerNow,
    WorkerSeen,
    WorkerState,
)
from tta_rebuild.storage.database import Connection, Database, query
from tta_rebuild.storage.story_rows import Row, from_micros, to_micros

LOOKS_EVERY_S = 0.05
"""How often some worker looks whether others are gone, seconds."""

SAYS_EVERY_S = 2.0
"""How often a worker says how it is, seconds, and at once that it ends."""

AGAIN_S = 1.0
"""How long after its connection broke a worker takes another, seconds."""


_KNOWN = frozenset(field.name for field in fields(WorkerAbout))


class SqlWorkerLives:
    """The ``core.workers.WorkerLives`` of a story database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def gone_at(self, worker: str) -> datetime | None:
        """See ``WorkerLives.gone_at``."""
        asked = "SELECT gone_at - ahead AS at FROM worker_lives WHERE worker = :worker"
        async with self._database.reading() as connection:
            row = await connection.row(asked, worker=worker)
        return from_micros(row["at"]) if row is not None and row["at"] is not None else None

    async def seen(self) -> list[WorkerSeen]:
        """See ``WorkerLives.seen``."""
        if self._database.dialect == "sqlite":
            return []
        listed = timedelta(seconds=LISTED_S) // timedelta(microseconds=1)
        async with self._database.reading() as connection:
            rows = await connection.rows(query("seen_workers"), listed=listed)
        return [_seen(row) for row in rows]

    async def live(
        self,
        worker: WorkerAbout,
        clock: Clock,
        on_alive: Callable[[], None] = lambda: None,
        now: Callable[[], WorkerNow] = WorkerNow,
    ) -> None:
        """See ``WorkerLives.live``."""
        while True:
            with suppress(StoreError):  # looked for again
                async with self._database.reading() as connection:
                    await self._register(connection, worker, clock)
                    said = await self._say(connection, worker.name, now())
                    due_s = clock.now() + SAYS_EVERY_S
                    on_alive()
                    while True:
                        others = await self._look(connection)
                        share_s = LOOKS_EVERY_S * others
                        await clock.sleep(share_s * random.uniform(0.7, 1.3))
                        is_so = now()
                        if clock.now() >= due_s or is_so.is_ending != said.is_ending:
                            said = await self._say(connection, worker.name, is_so)
                            due_s = clock.now() + SAYS_EVERY_S
            await clock.sleep(AGAIN_S)

    async def end(self, worker: str) -> None:
        """See ``WorkerLives.end``."""
        async with self._database.reading() as connection:
            await self._say(connection, worker, WorkerNow(is_ending=True))

    async def _register(self, connection: Connection, worker: WorkerAbout, clock: Clock) -> None:
        row = await connection.row(query("database_clock"))
        assert row is not None
        ahead = row["at"] - to_micros(clock.wall())  # rather too little, so none is gone too early
        about = json.dumps(asdict(worker))
        registered = query("register_worker")
        await connection.rows(registered, worker=worker.name, ahead=ahead, about=about)
        before = row["at"] - timedelta(days=1) // timedelta(microseconds=1)
        await connection.rows("DELETE FROM worker_lives WHERE gone_at < :before", before=before)

    async def _say(self, connection: Connection, worker: str, now: WorkerNow) -> WorkerNow:
        values = {"turns": now.turns, "is_ending": int(now.is_ending)}
        await connection.rows(query("note_worker"), worker=worker, **values)
        return now

    async def _look(self, connection: Connection) -> int:
        """Note who is gone; gives how many are there."""
        await connection.rows(query("note_gone_workers"))
        row = await connection.row("SELECT count(*) AS n FROM worker_lives WHERE gone_at IS NULL")
        return max(1, row["n"]) if row is not None else 1


def _seen(row: Row) -> WorkerSeen:
    at, about = row["seen_at"], json.loads(row["about"]) if row["about"] else None
    silent_s = (row["now"] - at) / 1e6 if at is not None else None
    return WorkerSeen(
        name=row["worker"],
        about=WorkerAbout(**{n: v for n, v in about.items() if n in _KNOWN}) if about else None,
        state=_state(is_there=row["is_there"], is_ending=row["is_ending"], silent_s=silent_s),
        seen_at=from_micros(at) if at is not None else None,
        silent_s=silent_s,
        turns=row["turns"] if row["is_there"] else 0,
    )


def _state(*, is_there: bool, is_ending: bool, silent_s: float | None) -> WorkerState:
    if not is_there:
        return "ended" if is_ending else "gone"
    if silent_s is not None and silent_s > SILENT_S:
        return "silent"
    return "ending" if is_ending else "alive"
