"""Where the conversations of chat clients stand in their stories: values, and where they are kept.

A client sends its whole history each time; what was said is known again by its digest. No word of
a conversation is kept here: what was told is in the story's log alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation of a player's, and the story that it plays."""

    number: int
    player_id: str
    name: str
    story_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationMove:
    """Something said in a conversation that moved, or was to move, its story.

    Attributes:
        parent: the number of the move before it, 0 for none; several of the same parent that
            say the same are tellings of the same move.
        said: the digest of the words.
        request_key: the digest of the request's own key, "" for none.
        branch_id: where it is played.
        turn_before, turn_after: the branch's last turn before it, and once it is played.
        is_void: it was not played (refused, paused, failed); ``turn_after`` is what stood then.
        answered_at: when its answer had gone out to the last word; None: not yet.
    """

    number: int
    parent: int
    said: str
    request_key: str
    branch_id: str
    turn_before: int
    turn_after: int
    is_void: bool = False
    answered_at: datetime | None = None


class ConversationRecords(Protocol):
    """Where they are kept; they go with their story."""

    async def find(self, player_id: str, name: str) -> Conversation | None:
        """The conversation of that name."""
        ...

    async def begin(self, player_id: str, name: str, story_id: str) -> Conversation:
        """A new conversation, in place of one of that name. Raises StoryNotFound."""
        ...

    async def moves(self, conversation: Conversation) -> Sequence[ConversationMove]:
        """All moves, in the order in which they were made."""
        ...

    async def add(self, conversation: Conversation, move: ConversationMove) -> ConversationMove:
        """Keep a move; gives it with its number."""
        ...

    async def void(self, move: ConversationMove, turn: int) -> None:
        """Note that it was not played, and which turn its branch had reached then."""
        ...

    async def answered(self, move: ConversationMove, at: datetime) -> None:
        """Note that its answer has gone out."""
        ...
