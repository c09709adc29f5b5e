"""Workers as the story database knows them: what they say of themselves, and whether they live.

``storage.sql_worker_lives`` keeps them; servers tell them to whoever runs the cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from tta_rebuild.core.clock import Clock

WorkerState: TypeAlias = Literal["alive", "silent", "ending", "ended", "gone"]
"""``silent``: connected to the database, and not heard of (frozen, cut off). ``ending``: it takes
no more turns, and tells on. ``ended`` after that; ``gone``: without that."""

SILENT_S = 10.0
"""A worker is silent that was not heard of for so long, seconds; it says so every two."""

LISTED_S = 600.0
"""How long a worker that is no more is listed, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerAbout:
    """What a worker says of itself once.

    Attributes:
        name: another one after each start, and the same in Temporal.
        version: the program's; deployment, build: the version that Temporal knows, "" for none.
        most_turns: how many it tells at once, at most.
        namespace, queue: those of Temporal that it takes turns from, "" of an earlier program.
    """

    name: str
    version: str = ""
    deployment: str = ""
    build: str = ""
    most_turns: int = 0
    namespace: str = ""
    queue: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerNow:
    """How a worker is now: the turns that it tells, and whether it was told to stop."""

    turns: int = 0
    is_ending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSeen:
    """A worker as its database sees it.

    Attributes:
        about: None of an earlier program, which says nothing.
        silent_s: seconds since it was heard of the last time; None where it never was.
    """

    name: str
    about: WorkerAbout | None
    state: WorkerState
    seen_at: datetime | None
    silent_s: float | None
    turns: int

    @property
    def takes_turns(self) -> bool:
        """Whether it takes new turns, as far as the database can know."""
        return self.state == "alive"


class WorkerLives(Protocol):
    """Who lives, and when workers ended, by those that live on."""

    async def gone_at(self, worker: str) -> datetime | None:
        """When a worker was seen to be gone, by its own clock; None where nobody saw that."""
        ...

    async def live(
        self,
        worker: WorkerAbout,
        clock: Clock,
        on_alive: Callable[[], None] = lambda: None,
        now: Callable[[], WorkerNow] = WorkerNow,
    ) -> None:
        """Be known to live until this is cancelled, and note who of the others is gone."""
        ...

    async def end(self, worker: str) -> None:
        """Note that a worker ends as it was told to. Raises StoreError."""
        ...

    async def seen(self) -> Sequence[WorkerSeen]:
        """Those that live, and those that ended in the last ``LISTED_S``. Raises StoreError."""
        ...
