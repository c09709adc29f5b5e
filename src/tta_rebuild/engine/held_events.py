"""A store that reads what there is and holds back what a session would append.

``turn_steps`` lets a session play over it: what a turn comes to is stored by a step of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tta_rebuild.core.events import Event
from tta_rebuild.storage.story_store import StoryStore


class HeldEvents(StoryStore):
    """``events`` are those of one append, to follow ``expected`` others; made by ``over``."""

    events: Sequence[Event] = ()
    turn = 0
    expected = 0

    async def append(
        self, branch_id: str, turn: int, events: Sequence[Event], *, expected: int, at: datetime
    ) -> int:
        """Hold the events, and say what the branch's length will be."""
        self.turn, self.events, self.expected = turn, tuple(events), expected
        return expected + len(events)

    async def save_snapshot(self, branch_id: str, position: int, shape: str, state: str) -> None:
        """None is kept of what is not stored."""
