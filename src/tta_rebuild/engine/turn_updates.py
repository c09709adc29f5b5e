"""Where what is seen of a turn is put by whoever plays it, for readers on any machine.

``storage.sql_turn_updates`` keeps them in the story database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from tta_rebuild.core.turn_records import TimedUpdate


class TurnUpdates(Protocol):
    """Numbered updates by turn: each is a kind and its values as JSON (``TurnUpdate``)."""

    async def add(self, turn_id: str, update: int, kind: str, text: str) -> bool:
        """Put the update of that number; False: there is one, which stays.

        Who is told so was overtaken by another player of the same turn, and must stop.
        """

    async def read(
        self, turn_id: str, *, after: int, wait_s: float
    ) -> Sequence[tuple[int, str, str]]:
        """Number, kind and text of those above ``after``, in order.

        Waits for the first of them, at most ``wait_s`` seconds.
        """

    async def timed(self, above: Mapping[str, int]) -> Sequence[TimedUpdate]:
        """Of each of these turns the updates above a number, in order, with when they were put."""

    async def trim(self, *, before: datetime) -> None:
        """Drop what was seen of turns that ended before then, but for the last update of each."""
