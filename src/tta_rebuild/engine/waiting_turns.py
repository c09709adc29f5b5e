"""Turns that wait for a worker: who there is to take them, and what is said where nobody is.

``temporal_runner`` asks here before it begins a turn, and has given up what waits for nobody.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio.service import RPCError

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import NoTemporal, NoWorker, StoreError, TurnsUnavailable
from tta_rebuild.core.turn_records import TurnRecords
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.turn_ends import TurnEnds
from tta_rebuild.engine.turn_runner import TurnQueue
from tta_rebuild.engine.turn_values import error_values
from tta_rebuild.engine.turn_workflows import HEALTH_S, TurnWorkflows

WAITS_S = 60.0
"""A turn that waits longer, while nobody is there to take it, ends as failed, seconds."""

MISSED_S = 15.0
"""Turns are begun so long after the last worker was seen to be gone: one may be on its way."""

KNOWN_S = 2.0
"""How long it is believed that there are workers, seconds."""


class WaitingTurns:
    """Looks for who takes turns, and ends those that nobody takes."""

    def __init__(
        self, workflows: TurnWorkflows, records: TurnRecords, ends: TurnEnds, clock: Clock
    ) -> None:
        self._workflows, self._records, self._ends, self._clock = workflows, records, ends, clock
        self._seen_s = -KNOWN_S
        self._missed_since_s: float | None = None

    async def hindrance(self) -> str:
        """Why no turn is played, "" if turns are; asks Temporal and the database, a second each."""
        try:
            workers = await self._workers()
        except (RPCError, TimeoutError):
            return "no Temporal"
        try:
            await asyncio.wait_for(self._records.running_count(), HEALTH_S)
        except (StoreError, TimeoutError):
            return "no database"
        return "" if workers else "no worker"

    async def queue(self) -> TurnQueue:
        """See ``TurnRunner.queue``."""
        workers: int | None = None
        with suppress(RPCError, TimeoutError):
            workers = await self._workers()
        waiting, since = await self._records.waiting()
        waits_s = (self._clock.wall() - since).total_seconds() if since else 0.0
        return TurnQueue(workers=workers, waiting=waiting, longest_s=max(0.0, waits_s))

    async def refusal(self) -> TurnsUnavailable | None:
        """Why a turn is not even begun: there has been no worker for ``MISSED_S``.

        Where Temporal does not answer that at once, whoever begins the turn finds out in time.
        """
        now_s = self._clock.now()
        if now_s - self._seen_s >= KNOWN_S:
            with suppress(RPCError, TimeoutError):
                await self._workers()
        since_s = self._missed_since_s
        is_missed = since_s is not None and now_s - since_s >= MISSED_S
        return NoWorker(message("no_worker")) if is_missed else None

    async def give_up(self) -> int:
        """End as failed what has waited for ``WAITS_S`` while nobody is there; how many.

        A worker that comes in that very moment finds that the turn is over.
        """
        count, since = await self._records.waiting()
        old = self._clock.wall() - timedelta(seconds=WAITS_S)
        if not count or since is None or since > old or not (error := await self._absence()):
            return 0
        waiting = [
            one.turn_id
            for one in await self._records.running()
            if one.position is None and one.began_at <= old
        ]
        for turn_id in waiting:
            await self._ends.finish(turn_id, [("failed", error_values(error))])
        return len(waiting)

    async def _absence(self) -> TurnsUnavailable | None:
        try:
            workers = await self._workers()
        except (RPCError, TimeoutError):
            return NoTemporal(message("no_temporal"))
        return None if workers else NoWorker(message("no_worker"))

    async def _workers(self) -> int:
        """How many take turns; raises as ``TurnWorkflows.workers``."""
        workers, now_s = await self._workflows.workers(), self._clock.now()
        if workers:
            self._seen_s, self._missed_since_s = now_s, None
        elif self._missed_since_s is None:
            self._missed_since_s = now_s
        return workers
