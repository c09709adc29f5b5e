"""Conversations of chat clients and their moves, in the story database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tta_rebuild.core.conversations import Conversation, ConversationMove
from tta_rebuild.storage.database import Database, query
from tta_rebuild.storage.sql_rows import story_row
from tta_rebuild.storage.story_rows import from_micros, to_micros

_MOVE = ("parent", "said", "request_key", "branch_id", "turn_before", "turn_after")


class SqlConversations:
    """The ``core.conversations.ConversationRecords`` of SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, player_id: str, name: str) -> Conversation | None:
        """See ``ConversationRecords.find``."""
        async with self._database.reading() as connection:
            row = await connection.row(query("conversation"), player=player_id, name=name)
        if row is None:
            return None
        plain = ("number", "player_id", "name", "story_id")
        return Conversation(**{column: row[column] for column in plain})

    async def begin(self, player_id: str, name: str, story_id: str) -> Conversation:
        """See ``ConversationRecords.begin``."""
        async with self._database.writing() as connection:
            story = (await story_row(connection, story_id))["number"]
            if old := await connection.row(query("conversation"), player=player_id, name=name):
                for gone in ("moves_of_conversation", "this_conversation"):
                    await connection.rows(query(gone), number=old["number"])
            row = {"player_id": player_id, "name": name}
            number = await connection.insert("conversations", **row, story=story)
        return Conversation(number=number, **row, story_id=story_id)

    async def moves(self, conversation: Conversation) -> Sequence[ConversationMove]:
        """See ``ConversationRecords.moves``."""
        async with self._database.reading() as connection:
            rows = await connection.rows(query("moves"), number=conversation.number)
        return [
            ConversationMove(
                number=row["number"],
                **{column: row[column] for column in _MOVE},
                is_void=bool(row["is_void"]),
                answered_at=from_micros(at) if (at := row["answered_at"]) is not None else None,
            )
            for row in rows
        ]

    async def add(self, conversation: Conversation, move: ConversationMove) -> ConversationMove:
        """See ``ConversationRecords.add``."""
        row = {column: getattr(move, column) for column in _MOVE}
        async with self._database.writing() as connection:
            values = {"conversation": conversation.number, **row}
            number = await connection.insert("conversation_moves", **values)
        return replace(move, number=number)

    async def void(self, move: ConversationMove, turn: int) -> None:
        """See ``ConversationRecords.void``."""
        async with self._database.writing() as connection:
            await connection.rows(query("void"), number=move.number, turn=turn)

    async def answered(self, move: ConversationMove, at: datetime) -> None:
        """See ``ConversationRecords.answered``."""
        async with self._database.writing() as connection:
            values = {"number": move.number, "at": to_micros(at)}
            await connection.rows(query("answered"), **values)
