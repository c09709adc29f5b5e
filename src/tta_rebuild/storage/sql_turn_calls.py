"""The calls of running turns to models, in the story database (``core.turn_calls``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tta_rebuild.core.turn_calls import CallAsked, CallPlace, ModelPace
from tta_rebuild.storage.database import Database, query
from tta_rebuild.storage.story_rows import Row, from_micros, to_micros


class SqlTurnCalls:
    """The ``core.turn_calls.TurnCalls`` of SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def kept(self, turn_id: str) -> Mapping[CallPlace, Mapping[str, Any]]:
        """See ``TurnCalls.kept``."""
        async with self._database.reading() as connection:
            rows = await connection.rows(query("kept_replies"), turn_id=turn_id)
        return {_place(row): json.loads(row["reply"]) for row in rows}

    async def sending(self, turn_id: str, place: CallPlace, asked: CallAsked) -> None:
        """See ``TurnCalls.sending``."""
        where = {"turn_id": turn_id, **place._asdict()}
        noted = json.dumps({**asdict(asked), "at": to_micros(asked.at)})
        async with self._database.writing() as connection:
            await connection.rows(query("note_call"), **where, asked=noted, worker=asked.worker)

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

    async def open_calls(self, turn_id: str) -> Sequence[tuple[CallPlace, CallAsked]]:
        """See ``TurnCalls.open_calls``."""
        async with self._database.reading() as connection:
            rows = await connection.rows(query("open_calls"), turn_id=turn_id)
        return [(_place(row), _asked(row)) for row in rows]

    async def orphans(self) -> Sequence[tuple[str, CallPlace, CallAsked]]:
        """See ``TurnCalls.orphans``."""
        async with self._database.reading() as connection:
            rows = await connection.rows(query("orphaned_calls"))
        return [(row["turn_id"], _place(row), _asked(row)) for row in rows]


def _place(row: Row) -> CallPlace:
    return CallPlace(row["fingerprint"], row["nth"])


def _asked(row: Row) -> CallAsked:
    asked = json.loads(row["asked"])
    pace = asked.get("pace")
    known = None if pace is None else ModelPace(**pace)
    return CallAsked(**{**asked, "at": from_micros(asked["at"]), "pace": known})
