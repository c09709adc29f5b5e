"""What is kept beside the stories: ratings of scenes, experiments and what was played for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

RATINGS = range(1, 6)
"""From "not at all" to "very much"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRating:
    """What a player said of one scene; a later rating of theirs takes its place.

    ``branch_id`` is the branch that the scene was written on, ``rating`` one of ``RATINGS``.
    """

    story_id: str
    branch_id: str
    turn: int
    rating: int
    at: datetime
    comment: str = ""
    player_id: str = "player"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayRecord:
    """One story played for an experiment: which, and the numbers that it came to, by name.

    Equal in ``premise``, ``seed`` and ``player``, plays of two variants are a pair.
    """

    variant: str
    premise: str
    seed: int
    player: str
    at: datetime
    story_id: str = ""
    outcome: Mapping[str, float] = field(default_factory=dict)

    @property
    def pair(self) -> tuple[str, int, str]:
        """What it has in common with its partner in another variant."""
        return self.premise, self.seed, self.player


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentRecord:
    """An experiment: its plan as JSON, and the ``digest`` of all that decides what is played."""

    name: str
    digest: str
    plan: str
    created_at: datetime
    plays: int = 0


class LabRecords(Protocol):
    """Where they are kept; the storage derives it from the database of the stories."""

    async def rate(self, rating: SceneRating) -> None:
        """Keep a rating, in place of an earlier one. Raises StoryNotFound."""
        ...

    async def ratings(self, story_id: str | None = None) -> Sequence[SceneRating]:
        """All ratings, or those of a story, in the order in which they were given."""
        ...

    async def begin(self, experiment: ExperimentRecord) -> ExperimentRecord:
        """Keep an experiment; gives the one of that name that is there already, if one is."""
        ...

    async def experiments(self) -> Sequence[ExperimentRecord]:
        """All experiments, in the order in which they were begun."""
        ...

    async def keep(self, experiment: str, play: PlayRecord) -> None:
        """Keep a finished play. Raises StoryError: there is no such experiment."""
        ...

    async def plays(self, experiment: str) -> Sequence[PlayRecord]:
        """All plays of an experiment, in the order in which they ended."""
        ...

    async def forget(self, experiment: str) -> None:
        """Remove an experiment with its plays, for good."""
        ...
