"""The calls of running turns to models, in the story database (``core.turn_calls``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tta_rebuild.core.turn_calls import CallAsked, CallPlace
from tta_rebuild.storage.database import Database, query
from tta_rebuild.storage.story_rows import from_micros, to_micros


class SqlTurnCalls:
    """The ``core.turn_calls.TurnCalls`` of SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, turn_id: str, place: CallPlace, asked: CallAsked
    ) -> Mapping[str, Any] | None:
        """See ``TurnCalls.begin``."""
        where = {"turn_id": turn_id, **place._asdict()}
        noted = json.dumps({**asdict(asked), "at": to_micros(asked.at)})
        async with self._database.writing() as connection:
            if await connection.rows(query("begin_call"), **where, asked=noted):
                return None
            row = await connection.row(query("reply_of_call"), **where)
        reply: Mapping[str, Any] | None = json.loads(row["reply"]) if row and row["reply"] else None
        return reply

    async def keep(self, turn_id: str, place: CallPlace, reply: Mapping[str, Any]) -> None:
        """See ``TurnCalls.keep``."""
        where = {"turn_id": turn_id, **place._asdict()}
        text = json.dumps(dict(reply), ensure_ascii=False)
        async with self._database.writing() as connection:
            await connection.rows(query("keep_reply"), **where, reply=text)

    async def drop(self, turn_id: str, place: CallPlace) -> None:
        """See ``TurnCalls.drop``."""
        async with self._database.writing() as connection:
            await connection.rows(query("drop_call"), turn_id=turn_id, **place._asdict())

    async def take_lost(self, turn_id: str) -> Sequence[tuple[CallPlace, CallAsked]]:
        """See ``TurnCalls.take_lost``."""
        async with self._database.writing() as connection:
            rows = await connection.rows(query("lost_calls"), turn_id=turn_id)
        found = []
        for row in rows:
            asked = json.loads(row["asked"])
            asked["at"] = from_micros(asked["at"])
            found.append((CallPlace(row["fingerprint"], row["nth"]), CallAsked(**asked)))
        return found
