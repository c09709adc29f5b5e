"""Turns that wait for a worker: who there is to take them, and what is said where nobody is.

``temporal_runner`` asks here before it begins a turn, and has given up what waits for nobody.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio.service import RPCError

from tta_rebuild.core.errors import NoTemporal, NoWorker, TurnsUnavailable
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.turn_ends import TurnEnds
from tta_rebuild.engine.turn_queue import TurnsAtWorkers, living
from tta_rebuild.engine.turn_runner import TurnQueue
from tta_rebuild.engine.turn_values import error_values

WAITS_S = 60.0
"""A turn that waits longer, while nobody is there to take it, ends as failed, seconds."""

MISSED_S = 15.0
"""Turns are begun so long after the last worker was seen to be gone: one may be on its way."""

KNOWN_S = 2.0
"""How long it is believed that there are workers, seconds."""


class WaitingTurns:
    """Looks for who takes turns, and ends those that nobody takes."""

    def __init__(self, at_workers: TurnsAtWorkers, ends: TurnEnds) -> None:
        self._at_workers, self._ends = at_workers, ends
        self._records, self._clock = at_workers.records, at_workers.clock
        self._seen_s = -KNOWN_S
        self._missed_since_s: float | None = None

    async def hindrance(self) -> str:
        """Why no turn is played, "" if turns are; asks Temporal and the database, a second each."""
        found = await self._at_workers.hindrance()
        if found == "no worker":
            self._note(0)
        return found

    async def queue(self) -> TurnQueue:
        """See ``TurnRunner.queue``."""
        queue = await self._at_workers.queue()
        if queue.workers is not None:
            self._note(queue.workers)
        return queue

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
        """How many take turns; raises as ``TurnWorkflows.takers``."""
        takers, seen = await asyncio.gather(
            self._at_workers.workflows.takers(), self._at_workers.seen()
        )
        self._note(found := len(living(takers, seen or ())))
        return found

    def _note(self, workers: int) -> None:
        if workers:
            self._seen_s, self._missed_since_s = self._clock.now(), None
        elif self._missed_since_s is None:
            self._missed_since_s = self._clock.now()
