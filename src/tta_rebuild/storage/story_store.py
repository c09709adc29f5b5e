"""Where stories are kept: the interface that the engine knows.

Every story is an append-only list of events; a branch is (parent, position) and never changes once
made. ``sql_store`` keeps them in SQLite or PostgreSQL, ``memory_store`` in memory; one contract
test class holds for both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tta_rebuild.core.errors import PositionNotFound, StoryError

if TYPE_CHECKING:
    from tta_rebuild.core.events import Event, RecordedEvent

MAIN = "main"
"""The name of a story's first branch."""

SNAPSHOT_CHARS_AN_EVENT = 400
"""Snapshots stay so far apart that they hold no more than this for each event of the log."""


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

    Attributes:
        branch_id: unique in the store.
        name: unique in the story; the first is ``main``.
        parent_id: None for the first branch.
        forked_at: the position (events along the path) up to which the parent's path is shared.
        length: events along the whole path.
        turn: the last turn on the path.
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
class Found:
    """A stored event that matches a search; ``rank`` is better the smaller it is (bm25)."""

    position: int
    turn: int
    text: str
    rank: float


class StoryStore(ABC):
    """Keeps stories. All methods may raise ``StoreError``; none leaves half a change behind.

    Times are aware (they have a zone). Branch ids are ``<story_id>.<n>``, n counting from 1 in
    the order in which the branches were made, so that the same calls give the same ids.
    """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @abstractmethod
    async def create_story(
        self, story_id: str, title: str, events: Sequence[Event], *, at: datetime
    ) -> Branch:
        """A new story with its opening events (turn 0) on branch ``main``.

        Raises StoryError if a story of that id exists.
        """

    @abstractmethod
    def whole(self) -> AbstractAsyncContextManager[None]:
        """All that this task does to the store in the block is kept when it ends, or nothing is."""

    @abstractmethod
    async def stories(self) -> list[StoryRow]:
        """All stories, the latest played first."""

    @abstractmethod
    async def story(self, story_id: str) -> StoryRow:
        """One story. Raises StoryNotFound."""

    @abstractmethod
    async def rename(self, story_id: str, title: str) -> None:
        """Give it another title. Raises StoryNotFound."""

    @abstractmethod
    async def delete(self, story_id: str) -> None:
        """Remove it with all branches, for good. Raises StoryNotFound."""

    @abstractmethod
    async def branches(self, story_id: str) -> list[Branch]:
        """All branches, in the order they were made. Raises StoryNotFound."""

    @abstractmethod
    async def branch(self, branch_id: str) -> Branch:
        """One branch as it stands now. Raises BranchNotFound."""

    @abstractmethod
    async def append(
        self, branch_id: str, turn: int, events: Sequence[Event], *, expected: int, at: datetime
    ) -> int:
        """Store one whole turn or nothing; gives the branch's new length.

        Raises:
            PositionConflict: the branch's length is not ``expected``.
            BranchNotFound: no such branch.
            StoryError: ``turn`` is before the branch's last turn.
        """

    @abstractmethod
    async def fork(
        self, branch_id: str, position: int, *, name: str | None = None, at: datetime
    ) -> Branch:
        """A new branch that shares the path up to ``position``: one row, whatever the length.

        Without a name one is chosen. Raises PositionNotFound, BranchNotFound, StoryError (the
        name is taken).
        """

    @abstractmethod
    def read(
        self, branch_id: str, *, after: int = 0, upto: int | None = None
    ) -> AsyncIterator[RecordedEvent]:
        """The branch's path in order, positions in (after, upto].

        Raises StoreDamaged where the path has a hole.
        """

    @abstractmethod
    async def tail(self, branch_id: str, count: int) -> list[RecordedEvent]:
        """The last ``count`` events of the path, in order; length does not change the cost."""

    @abstractmethod
    async def turn_end(self, branch_id: str, turn: int) -> int:
        """The position of a turn's last event on the path. Raises PositionNotFound."""

    @abstractmethod
    async def search(
        self, branch_id: str, words: Sequence[str], *, limit: int = 20, upto: int | None = None
    ) -> list[Found]:
        """Events on the path whose prose has any of these words, best first.

        Prose is what scenes tell and what the player said. Case, accents, possessives and plural
        endings do not matter; an entry of several words is found as a phrase. Equal ranks: the
        later event first. Events of sibling branches are never found. On a path of thousands of
        events a word that hundreds of them hold may be passed over for the rarer ones; if all are
        such, only the path's last part may be searched.
        """

    @abstractmethod
    async def save_snapshot(self, branch_id: str, position: int, shape: str, state: str) -> None:
        """Keep a folded state as a cache; ``shape`` names the fold and its version.

        Those of other shapes on the same branch go. The latest always stays; older ones stay
        ``SNAPSHOT_CHARS_AN_EVENT`` apart, so that a fork finds one near, whatever its place.
        Raises PositionNotFound, BranchNotFound.
        """

    @abstractmethod
    async def latest_snapshot(
        self, branch_id: str, shape: str, *, upto: int | None = None
    ) -> tuple[int, str] | None:
        """The nearest snapshot on the branch's path at or before ``upto``."""

    async def check(self) -> None:
        """Look for damage. Raises StoreDamaged."""

    @abstractmethod
    async def close(self) -> None:
        """Release files and locks; safe to call twice."""


def check_turn(branch_id: str, turn: int, last: int) -> None:
    """Turns never fall along a path; raises StoryError. For the stores."""
    if turn < last:
        raise StoryError(
            f"branch {branch_id} is already in turn {last}, turn {turn} cannot follow; "
            "fork before it to tell it again"
        )


def too_near(earlier: Sequence[int], size: int) -> bool:
    """Whether the last of the earlier snapshots may go once one of ``size`` characters is kept.

    ``earlier`` are the positions of the last two, latest first. For the stores.
    """
    return len(earlier) > 1 and (earlier[0] - earlier[1]) * SNAPSHOT_CHARS_AN_EVENT < size


def check_fork(branch_id: str, position: int, length: int) -> None:
    """The path must reach ``position``; raises PositionNotFound. For the stores."""
    if not 0 <= position <= length:
        raise PositionNotFound(
            f"branch {branch_id} has no event {position}; it has {length}, counted from 1"
        )
