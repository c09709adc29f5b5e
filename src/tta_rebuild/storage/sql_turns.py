"""Turns that several machines play, in the story database (``core.turn_records``).

A unique key and a unique running turn per branch decide who is first, whoever asks from where.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from tta_rebuild.core.errors import StoreError, TurnNotFound
from tta_rebuild.core.turn_records import RUNNING, TurnOutcome, TurnRecord
from tta_rebuild.storage.database import Connection, Database, query
from tta_rebuild.storage.story_rows import Row, from_micros, to_micros

OF_A_TURN = ("turn_updates", "turn_calls", "turn_outcomes")
"""The tables with what belongs to a turn, by ``turn_id``."""
_TRIES = 20


class SqlTurns:
    """The ``core.turn_records.TurnRecords`` of SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, record: TurnRecord, *, instead_of: str = "") -> TurnRecord:
        """See ``TurnRecords.begin``."""
        row = {name: getattr(record, name) for name in ("turn_id", "key", "story_id", "branch_id")}
        row |= {"request": _text(record.request), "last": _text(record.last)}
        row |= {"state": record.state, "is_beside": int(record.is_beside)}
        row["began_at"] = to_micros(record.began_at)
        row["ended_at"] = to_micros(record.ended_at) if record.ended_at is not None else None
        for _ in range(_TRIES):
            async with self._database.writing() as connection:
                if instead_of:
                    freed = "UPDATE turns SET key = NULL WHERE turn_id = :id AND state <> :state"
                    await connection.rows(freed, id=instead_of, state=RUNNING)
                if await connection.rows(query("begin_turn"), **row):
                    return record
            found = await self.of_key(record.key) or next(
                iter(await self.running(branch_id=record.branch_id)), None
            )
            if found is not None:
                return found
            # what stood in the way has ended between the two statements
        raise StoreError(f"{self._database.place}: turns change too fast there; try again")

    async def turn(self, turn_id: str) -> TurnRecord | None:
        """See ``TurnRecords.turn``."""
        return await self._one("turn_id = :value", turn_id)

    async def of_key(self, key: str) -> TurnRecord | None:
        """See ``TurnRecords.of_key``."""
        return await self._one("key = :value", key)

    async def latest_on(self, branch_id: str) -> TurnRecord | None:
        """See ``TurnRecords.latest_on``."""
        return await self._one(
            "branch_id = :value AND is_beside = 0 ORDER BY number DESC LIMIT 1", branch_id
        )

    async def running(self, *, branch_id: str = "", story_id: str = "") -> Sequence[TurnRecord]:
        """See ``TurnRecords.running``."""
        wanted = {"branch_id": branch_id, "story_id": story_id}
        values = {name: value for name, value in wanted.items() if value}
        tests = "".join(f" AND {name} = :{name}" for name in values)
        found = f"SELECT * FROM turns WHERE state = 'running'{tests} ORDER BY number"
        async with self._database.reading() as connection:
            return [_record(row) for row in await connection.rows(found, **values)]

    async def running_count(self) -> int:
        """See ``TurnRecords.running_count``."""
        async with self._database.reading() as connection:
            count = "SELECT count(*) AS count FROM turns WHERE state = 'running'"
            [row] = await connection.rows(count)
        return int(row["count"])

    async def waiting(self) -> tuple[int, datetime | None]:
        """See ``TurnRecords.waiting``."""
        async with self._database.reading() as connection:
            [row] = await connection.rows(query("waiting_turns"))
        since = row["since"]
        return int(row["count"]), from_micros(since) if since is not None else None

    async def place(self, turn_id: str, position: int) -> int:
        """See ``TurnRecords.place``."""
        values = {"turn_id": turn_id, "position": position}
        rows = await self._database.write(query("place_turn"), **values)
        if not rows:
            raise TurnNotFound(turn_id)
        return int(rows[0]["position"])

    async def owe_note(self, turn_id: str) -> bool:
        """See ``TurnRecords.owe_note``."""
        return bool(await self._database.write(query("owe_note"), turn_id=turn_id))

    async def keep_outcome(self, turn_id: str, outcome: Mapping[str, Any]) -> None:
        """See ``TurnRecords.keep_outcome``."""
        values = {"turn_id": turn_id, "outcome": _text(outcome)}
        await self._database.write(query("keep_outcome"), **values)

    async def outcome(self, turn_id: str) -> TurnOutcome | None:
        """See ``TurnRecords.outcome``."""
        async with self._database.reading() as connection:
            found = "SELECT outcome, is_stored FROM turn_outcomes WHERE turn_id = :turn_id"
            row = await connection.row(found, turn_id=turn_id)
        if row is None:
            return None
        return TurnOutcome(values=json.loads(row["outcome"]), is_stored=bool(row["is_stored"]))

    async def outcome_stored(self, turn_id: str) -> None:
        """See ``TurnRecords.outcome_stored``."""
        stored = "UPDATE turn_outcomes SET is_stored = 1 WHERE turn_id = :turn_id"
        await self._database.write(stored, turn_id=turn_id)

    async def end(
        self, turn_id: str, state: str, last: Mapping[str, Any], at: datetime
    ) -> TurnRecord | None:
        """See ``TurnRecords.end``."""
        async with self._database.writing() as connection:
            found = await self.turn(turn_id)
            if found is not None and found.state == RUNNING:
                values = {"turn_id": turn_id, "state": state, "at": to_micros(at)}
                values |= {"last": _text(last), "request": _text({**found.request, "text": ""})}
                await connection.rows(query("end_turn"), **values)
                for test in ("turn_calls WHERE reply IS NOT NULL AND", "turn_outcomes WHERE"):
                    await connection.rows(f"DELETE FROM {test} turn_id = :id", id=turn_id)
            return await self.turn(turn_id)

    async def forget(self, *, before: datetime | None = None, story_id: str = "") -> None:
        """See ``TurnRecords.forget``."""
        async with self._database.writing() as connection:
            if before is not None:
                await forget_turns(connection, "ended_at < :value", to_micros(before))
            if story_id:
                await forget_turns(connection, "story_id = :value", story_id)

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """See ``TurnRecords.together``."""
        async with self._database.writing():
            yield

    async def _one(self, test: str, value: str) -> TurnRecord | None:
        async with self._database.reading() as connection:
            row = await connection.row(f"SELECT * FROM turns WHERE {test}", value=value)
        return _record(row) if row is not None else None


async def forget_turns(connection: Connection, test: str, value: object) -> None:
    """Remove the turns for which a test holds, with all that belongs to them."""
    own = f"SELECT turn_id FROM turns WHERE {test}"
    for table in OF_A_TURN:
        await connection.rows(f"DELETE FROM {table} WHERE turn_id IN ({own})", value=value)
    await connection.rows(f"DELETE FROM turns WHERE {test}", value=value)


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, separators=(",", ":"))


def _record(row: Row) -> TurnRecord:
    ended = row["ended_at"]
    return TurnRecord(
        turn_id=row["turn_id"],
        key=row["key"] or "",
        story_id=row["story_id"],
        branch_id=row["branch_id"],
        request=json.loads(row["request"]),
        state=row["state"],
        began_at=from_micros(row["began_at"]),
        ended_at=from_micros(ended) if ended is not None else None,
        position=row["position"],
        last=json.loads(row["last"]),
        is_beside=bool(row["is_beside"]),
        owes_note=bool(row["owes_note"]),
    )
