"""Turns as a database keeps them while several machines play: asked for, running, over.

The engine's runner begins and ends them; ``storage.sql_turns`` keeps them beside the stories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

RUNNING = "running"
"""The state of a turn that is not over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRecord:
    """A turn that somebody asked for.

    Attributes:
        key: the asker's; "" once a later turn has taken it over.
        request: what was asked, of JSON's kinds; without ``text`` once the turn is over.
        state: ``RUNNING``, or how it ended.
        position: the branch's length in events when it began, None until that is known.
        last: what is kept of its last update, of JSON's kinds.
        is_beside: it paused while another was played, which stays the branch's latest.
        owes_note: a note of care was shown beside it, to be stored after it.
    """

    turn_id: str
    key: str
    story_id: str
    branch_id: str
    request: Mapping[str, Any]
    state: str
    began_at: datetime
    ended_at: datetime | None = None
    position: int | None = None
    last: Mapping[str, Any] = field(default_factory=dict)
    is_beside: bool = False
    owes_note: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOutcome:
    """What a turn has come to, of JSON's kinds, and whether it is in its story already."""

    values: Mapping[str, Any]
    is_stored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedUpdate:
    """Something seen of a turn, and when it was put (``at``; None: by an earlier program)."""

    turn_id: str
    number: int
    kind: str
    text: str
    at: datetime | None


class TurnRecords(Protocol):
    """Where turns are kept. All methods may raise StoreError."""

    async def begin(self, record: TurnRecord, *, instead_of: str = "") -> TurnRecord:
        """Keep a new turn, unless one stands in its way; gives the one that stands.

        That is the new one itself, or the one that has its key, or the one that runs on its branch.
        ``instead_of`` is a turn, over by now, whose key it takes over.
        """
        ...

    async def turn(self, turn_id: str) -> TurnRecord | None:
        """The turn of that id."""
        ...

    async def of_key(self, key: str) -> TurnRecord | None:
        """The turn that has that key."""
        ...

    async def latest_on(self, branch_id: str) -> TurnRecord | None:
        """The turn last asked for on a branch, those beside it apart."""
        ...

    async def running(self, *, branch_id: str = "", story_id: str = "") -> Sequence[TurnRecord]:
        """Those not over, the oldest first: on a branch, in a story, or all."""
        ...

    async def running_count(self) -> int:
        """How many are not over."""
        ...

    async def waiting(self) -> tuple[int, datetime | None]:
        """How many run whose place is not noted, so nobody plays them; when the oldest began."""
        ...

    async def place(self, turn_id: str, position: int) -> int:
        """Note where its branch stood; gives what was noted first. Raises TurnNotFound."""
        ...

    async def owe_note(self, turn_id: str) -> bool:
        """Note that a note of care is to be stored after a turn; False: it is over."""
        ...

    async def keep_outcome(self, turn_id: str, outcome: Mapping[str, Any]) -> None:
        """Keep what a running turn has come to, of JSON's kinds; what is kept already stays."""
        ...

    async def outcome(self, turn_id: str) -> TurnOutcome | None:
        """What a running turn has come to; None: nothing yet, or it is over."""
        ...

    async def outcome_stored(self, turn_id: str) -> None:
        """Note that what a turn has come to is in its story."""
        ...

    async def end(
        self, turn_id: str, state: str, last: Mapping[str, Any], at: datetime
    ) -> TurnRecord | None:
        """End a turn, unless it is over; gives it as it ended, None if nobody knows it.

        The player's words go, and what was kept to play it anew.
        """
        ...

    async def forget(self, *, before: datetime | None = None, story_id: str = "") -> None:
        """Drop the turns that ended ``before`` then, or all those of a story, with all of them."""
        ...

    def together(self) -> AbstractAsyncContextManager[None]:
        """All that this task stores in the block is kept when it ends, or nothing is."""
        ...
