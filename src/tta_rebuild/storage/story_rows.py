"""What the store knows of stories and branches, as values, and the rows that they come from.

Times in rows are whole microseconds since 1970: exact, sortable, the same in both databases.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

MAIN = "main"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Row(Protocol):
    """A row of either database, its columns by name."""

    def __getitem__(self, name: str, /) -> Any: ...
    def keys(self) -> Iterable[str]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRow:
    """A story in the list."""

    story_id: str
    title: str
    created_at: datetime
    updated_at: datetime
    branches: int
    turns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A branch: what its parent was up to ``forked_at``, and its own events from there.

    Positions and ``length`` count events along the whole path; ``turn`` is the last one on it. The
    ``branch_id`` is unique in the store, the ``name`` in the story; the first has no parent.
    """

    branch_id: str
    story_id: str
    name: str
    parent_id: str | None
    forked_at: int
    length: int
    turn: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MapBranch:
    """A branch on the map of its story.

    ``fork_turn`` is the last turn that it shares with its parent, ``first_turn`` the first of its
    own (None: it has none), ``last_turn`` the last on its path.
    """

    branch_id: str
    name: str
    parent_id: str | None
    fork_turn: int
    first_turn: int | None
    last_turn: int
    played_at: datetime
    has_ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A stored event that matches a search; ``rank`` is better the smaller it is (bm25)."""

    position: int
    turn: int
    text: str
    rank: float


def to_micros(at: datetime) -> int:
    """Microseconds since 1970. Raises ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone; pass an aware time, such as in UTC")
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The moment, in UTC."""
    return _EPOCH + micros * _MICROSECOND


def as_story(row: Row) -> StoryRow:
    """A row of ``stories``."""
    plain = {name: row[name] for name in ("story_id", "title", "branches", "turns")}
    times: dict[str, Any] = {name: from_micros(row[name]) for name in ("created_at", "updated_at")}
    return StoryRow(**plain, **times)


def as_branch(row: Row) -> Branch:
    """A row of the query ``branches``."""
    plain = ("branch_id", "story_id", "name", "parent_id", "forked_at", "length", "turn")
    return Branch(**{name: row[name] for name in plain}, created_at=from_micros(row["created_at"]))


def as_map_branch(row: Row, fork_turn: int) -> MapBranch:
    """A row of the query ``map``; its own turns begin after the one at which it parts."""
    has_own = row["turn"] > fork_turn  # what an author writes after a shared turn is no turn
    return MapBranch(
        branch_id=row["branch_id"],
        name=row["name"],
        parent_id=row["parent_id"],
        fork_turn=fork_turn,
        first_turn=fork_turn + 1 if has_own else None,
        last_turn=row["turn"],
        played_at=from_micros(row["played_at"] or row["created_at"]),
        has_ended=bool(row["has_ended"]),
    )
