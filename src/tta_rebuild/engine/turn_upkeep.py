"""Looks after turns that nobody follows, or that nobody plays, as long as a server runs.

``temporal_runner`` runs both loops while it is open: one has left turns played, given up or
forgotten, the other sees how those stand that were asked for here.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from temporalio.service import RPCError

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import StoreError, TurnNotFound
from tta_rebuild.core.turn_records import TurnRecords
from tta_rebuild.engine.asked_turns import AskedTurns
from tta_rebuild.engine.followed_turns import FollowedTurns
from tta_rebuild.engine.turn_updates import TurnUpdates
from tta_rebuild.engine.turn_workflows import TurnWorkflows
from tta_rebuild.engine.waiting_turns import WaitingTurns

TENDED_EVERY_S = 20.0
YOUNG_S = 5.0
"""A turn younger than this may be about to be begun by whoever was asked for it."""

LOOKED_EVERY_S = 1.0
"""How often it is looked how the turns stand that were asked for here, by one statement for all."""

_log = logging.getLogger("tta_rebuild.turns")


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnUpkeep:
    """The two loops, and what they do once.

    Attributes:
        kept_s: how long what was seen of a turn is kept after its end, seconds.
        known_s: how long it is known that there was one, seconds.
    """

    workflows: TurnWorkflows
    waiting: WaitingTurns
    records: TurnRecords
    updates: TurnUpdates
    asked_here: AskedTurns
    followed: FollowedTurns
    clock: Clock
    kept_s: float
    known_s: float

    async def recover(self) -> int:
        """Have the turns played that run by their row and that no worker was given; how many."""
        old, started = self.clock.wall() - timedelta(seconds=YOUNG_S), 0
        for record in await self.records.running():
            if record.began_at < old and not await self.workflows.has(record.turn_id):
                await self.workflows.start(record.turn_id)
                started += 1
        return started

    async def tend(self) -> None:
        """For ever: give up, recover, trim and forget turns."""
        while True:
            try:
                now = self.clock.wall()
                if given_up := await self.waiting.give_up():
                    _log.error("%d turns failed: nobody was there to take them", given_up)
                if started := await self.recover():
                    _log.warning("%d turns that nobody played are played now", started)
                await self.updates.trim(before=now - timedelta(seconds=self.kept_s))
                await self.records.forget(before=now - timedelta(seconds=self.known_s))
                for turn_id in self.asked_here.ids:  # perhaps nobody follows it
                    with suppress(TurnNotFound):
                        await self.followed.updates(turn_id, after=0, wait_s=0.0)
            except (RPCError, StoreError) as error:
                _log.warning("turns could not be looked after: %s", type(error).__name__)
            await self.clock.sleep(TENDED_EVERY_S)

    async def look_on(self) -> None:
        """For ever: see how the turns stand that were asked for here."""
        while True:
            with suppress(StoreError):  # looked for again
                await self.followed.look()
            await self.clock.sleep(LOOKED_EVERY_S)
