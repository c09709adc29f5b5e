"""How turns stand that workers play, and what is seen of them, whichever server is asked.

``temporal_runner`` and ``turn_upkeep`` ask here. A turn's row (``core.turn_records``) says how it
stands, its updates (``engine.turn_updates``) what was seen of it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import TurnNotFound
from tta_rebuild.core.turn_records import RUNNING, TimedUpdate, TurnRecord, TurnRecords
from tta_rebuild.engine.asked_turns import AskedTurns
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.turn_dispatch import turn_of
from tta_rebuild.engine.turn_runner import LAST_NUMBER, RunningTurn, TurnUpdate
from tta_rebuild.engine.turn_updates import TurnUpdates
from tta_rebuild.engine.turn_values import text_of


class FollowedTurns:
    """Reads rows and updates of turns; shows ``asked_here`` what is news of its own."""

    def __init__(
        self, records: TurnRecords, updates: TurnUpdates, asked_here: AskedTurns, clock: Clock
    ) -> None:
        self._records, self._updates = records, updates
        self._asked_here, self._clock = asked_here, clock

    async def found(self, turn_id: str) -> TurnRecord:
        """The row of a turn. Raises TurnNotFound."""
        record = await self._records.turn(turn_id)
        if record is None:
            self._asked_here.gone(turn_id)
            raise TurnNotFound(message("no_turn"))
        return record

    async def as_it_stands(self, record: TurnRecord) -> RunningTurn:
        """The turn of a row, with what was seen of it."""
        turn, shown = turn_of(record), await self.read(record.turn_id)
        if not shown:
            return turn
        turn = replace(turn, updates=shown[-1].number)
        if not shown[-1].is_last:
            return turn
        if turn.state == RUNNING:  # its row follows its last update
            turn = replace(turn, state=_any(shown[-1].kind))
        last = shown[-1].values
        go_on = last.get("go_on") or {}
        if text := go_on.get("text") or last.get("asked"):  # kept as long as its note is
            turn = replace(turn, request=replace(turn.request, text=text))
        return replace(turn, last=last)

    async def updates(self, turn_id: str, *, after: int, wait_s: float) -> Sequence[TurnUpdate]:
        """See ``TurnRunner.updates``."""
        record = await self.found(turn_id)
        if record.state == RUNNING:
            return await self.read(turn_id, after, wait_s)
        return await self._ended_with(record, after)

    async def tail(self, turn_id: str, after: int = 0) -> AsyncGenerator[TurnUpdate, None]:
        """See ``TurnRunner.tail``."""
        while True:
            is_over = (await self.found(turn_id)).state != RUNNING
            updates = await self.updates(turn_id, after=after, wait_s=1.0)
            for update in updates:
                yield update
                after = update.number
                if update.is_last:
                    return
            if is_over and not updates:
                return

    async def ended(self, turn_id: str) -> None:
        """Wait until a turn is over by its updates and by its row, or is known no more."""
        with suppress(TurnNotFound):
            async with aclosing(self.tail(turn_id)) as updates:
                async for _ in updates:
                    pass
            while (await self.found(turn_id)).state == RUNNING:  # its row follows its last update
                await self._clock.sleep(0.02)

    async def read(self, turn_id: str, after: int = 0, wait_s: float = 0.0) -> list[TurnUpdate]:
        """The updates above ``after``, whatever the row says; waits for the first of them."""
        found = await self._updates.read(turn_id, after=after, wait_s=wait_s)
        updates = [TurnUpdate(number=n, kind=_any(kind), text=text) for n, kind, text in found]
        if self._asked_here.is_news(turn_id, updates):
            await self.look(turn_id)
        return updates

    async def look(self, turn_id: str = "") -> None:
        """See how the turns stand that were asked for here, or one, wherever they are followed."""
        above = self._asked_here.above
        if turn_id:
            above = {turn_id: above[turn_id]} if turn_id in above else {}
        if not above:
            return
        put = groupby(await self._updates.timed(above), attrgetter("turn_id"))
        for whose, updates in put:
            self._asked_here.seen(whose, [_update(one) for one in updates])

    async def _ended_with(self, record: TurnRecord, after: int) -> list[TurnUpdate]:
        """The updates of a turn that is over; where the last is missing, what its row says."""
        shown = await self.read(record.turn_id)
        found = [update for update in shown if update.number > after]
        if found or after >= LAST_NUMBER or (shown and shown[-1].is_last):
            return found
        text = text_of(record.last)
        kind, at = _any(record.state), record.ended_at
        last = [TurnUpdate(number=LAST_NUMBER, kind=kind, text=text, at=at)]
        self._asked_here.seen(record.turn_id, last)
        return last


def _update(put: TimedUpdate) -> TurnUpdate:
    return TurnUpdate(number=put.number, kind=_any(put.kind), text=put.text, at=put.at)


def _any(name: str) -> Any:
    """A name that was written by this program, as one of those it knows."""
    return name
