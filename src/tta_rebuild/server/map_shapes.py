"""The shapes of the story map: branches, turns in a few words, turns in which words were found.

The routes of ``routes.story_map`` give them.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from tta_rebuild.server.base_shapes import Given


class MapBranchOut(Given):
    """A branch on the map; `fork_turn` is the last turn that it shares with its parent."""

    branch_id: str
    name: str
    parent: str | None
    fork_turn: int
    first_turn: int | None = Field(description="The first of its own; null: it has none")
    last_turn: int
    played_at: datetime
    ending: bool


class MapOut(Given):
    """All branches of a story, in the order in which they were made."""

    branches: list[MapBranchOut]


class TitleOut(Given):
    """A turn in a few words."""

    turn: int
    branch_id: str = Field(description="The branch that it was played on")
    action: str
    setting: str


class TitlesOut(Given):
    """A page of turns in a few words."""

    titles: list[TitleOut]
    next: int | None


class FoundTurnOut(Given):
    """A turn in which words were found."""

    branch_id: str = Field(description="The branch that it was played on")
    branch: str = Field(examples=["main"])
    turn: int
    excerpt: str


class FoundTurnsOut(Given):
    """Turns in which words were found, the best first."""

    found: list[FoundTurnOut]
