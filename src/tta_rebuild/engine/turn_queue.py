"""How turns stand with the workers that play them: who takes turns, how many wait, what is away.

Temporal knows who asked for work in the last 75 seconds, the database who of them lives. Used by
``temporal_runner``, and by ``doctor``; all that is asked here is given up after a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from temporalio.service import RPCError

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import StoreError
from tta_rebuild.core.turn_records import TurnRecords
from tta_rebuild.core.workers import SILENT_S, WorkerLives, WorkerSeen
from tta_rebuild.engine.turn_runner import TurnQueue
from tta_rebuild.engine.turn_workflows import HEALTH_S, TurnWorkflows


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnsAtWorkers:
    """Asks Temporal and the database how turns stand."""

    workflows: TurnWorkflows
    records: TurnRecords
    lives: WorkerLives
    clock: Clock

    async def hindrance(self) -> str:
        """Why no turn can be played now; "" if turns can.

        A worker counts for ten seconds longer than it lives: one that is begun anew is no outage.
        """
        takers, seen, count = await asyncio.gather(self.takers(), self.seen(), self._counted())
        if takers is None:
            return "no Temporal"
        if seen is None or count is None:
            return "no database"
        long_gone = [one for one in seen if one.silent_s is None or one.silent_s >= SILENT_S]
        return "" if living(takers, long_gone) else "no worker"

    async def queue(self) -> TurnQueue:
        """How turns wait, and for whom; what is not known, since somebody is away, is None."""
        takers, seen, count = await asyncio.gather(self.takers(), self.seen(), self._counted())
        running, waiting, longest_s = count or (None, None, None)
        return TurnQueue(
            workers=len(living(takers, seen or ())) if takers is not None else None,
            running=running,
            waiting=waiting,
            longest_s=longest_s,
            members=tuple(seen or ()),
            has_temporal=takers is not None,
            has_database=count is not None,
        )

    async def takers(self) -> set[str] | None:
        """Who takes turns as far as Temporal knows; None: it does not answer."""
        try:
            return await self.workflows.takers()
        except (RPCError, TimeoutError):
            return None

    async def seen(self) -> Sequence[WorkerSeen] | None:
        """The workers, as the database knows them; None: it does not answer."""
        try:
            return await asyncio.wait_for(self.lives.seen(), HEALTH_S)
        except (StoreError, TimeoutError):
            return None

    async def _counted(self) -> tuple[int, int, float] | None:
        """Turns that run, those that wait, and how long the oldest does; None as above."""
        try:
            async with asyncio.timeout(HEALTH_S):
                running, (waiting, since) = (
                    await self.records.running_count(),
                    await self.records.waiting(),
                )
        except (StoreError, TimeoutError):
            return None
        waits_s = (self.clock.wall() - since).total_seconds() if since else 0.0
        return running, waiting, max(0.0, waits_s)


def living(takers: Collection[str], seen: Collection[WorkerSeen]) -> set[str]:
    """Those of whom the database does not know better; an earlier program's it does not know."""
    return set(takers) - {one.name for one in seen if not one.takes_turns}
