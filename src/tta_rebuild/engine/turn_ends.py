"""How a turn that is kept in the database ends: stored in its story, paused, failed or abandoned.

Used by ``turn_steps``, by whoever told the turn, and by ``turn_pauses``, where nobody has to. What
goes in is a turn's id; each step may be done again, by whoever: done once, it changes nothing more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import StoreAway, StoreFull, StoryError, TTAError
from tta_rebuild.core.events import CareShown, Event, EventCodec
from tta_rebuild.core.turn_records import RUNNING, TurnRecord, TurnRecords
from tta_rebuild.engine.kept_turn import log_end
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.turn_dispatch import turn_of
from tta_rebuild.engine.turn_updates import TurnUpdates
from tta_rebuild.engine.turn_values import Values, error_values, text_of
from tta_rebuild.storage.story_store import StoryStore

KEPT_OF_THE_END = ("turn", "position", "branch_id", "errors")
"""What a turn's row keeps of its last update: no word of anybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnds:
    """What turns are ended with.

    Attributes:
        settle: has what was spent kept in the ledger, or raises StoreError.
    """

    store: StoryStore
    records: TurnRecords
    updates: TurnUpdates
    settle: Callable[[], Awaitable[None]]
    clock: Clock

    async def pause(self, turn_id: str, values: Values) -> None:
        """End a turn of which nothing was told with a note of care, as if it had been told.

        Whoever takes the turn up in the middle of this ends it the same.
        """
        record = await self._running(turn_id)
        if record is None:
            return
        try:
            branch = await self.store.branch(record.branch_id)
        except StoreAway:
            raise
        except TTAError as error:
            await self._failed(turn_id, error)
            return
        await self.records.place(turn_id, branch.length)
        outcome = outcome_values(
            branch.turn, branch.length, [CareShown()], closing=[("paused", values)]
        )
        await self.records.keep_outcome(turn_id, outcome)
        await self.store_events(turn_id)
        await self.finish(turn_id)

    async def store_events(self, turn_id: str) -> None:
        """Store what the turn has come to in its story, unless that was done."""
        record, outcome = await self._running(turn_id), await self.records.outcome(turn_id)
        if record is None or outcome is None or outcome.is_stored:
            return
        values = outcome.values
        try:
            await self.settle()
            async with self.records.together():
                if values["events"]:
                    await self.store.append(
                        record.branch_id,
                        values["turn"],
                        [_event(*one) for one in values["events"]],
                        expected=values["expected"],
                        at=self.clock.wall(),
                    )
                await self.records.outcome_stored(turn_id)
        except StoreAway:  # it may be stored already: whoever does this again sees that
            raise
        except TTAError as error:
            await self.finish(turn_id, [("failed", error_values(error))])

    async def finish(
        self, turn_id: str, closing: Sequence[tuple[str, Values]] | None = None
    ) -> None:
        """End the turn with the last updates that it has come to, or with these.

        A turn that is in its story ends as stored, whatever it was to end with.
        """
        record, outcome = await self._running(turn_id), await self.records.outcome(turn_id)
        if record is None:
            return
        number, last = 0, list(closing or [("failed", error_values(RuntimeError()))])
        if outcome is not None and outcome.is_stored:
            number, last = outcome.values["number"], outcome.values["closing"]
        shown = await self.updates.read(turn_id, after=number, wait_s=0.0)
        if number == 0 and shown:
            number = shown[-1][0]
        there = {at: (kind, text) for at, kind, text in shown}
        kind, values = last[-1]
        try:
            await self._close(turn_id, number, last, there)
        except StoreFull:  # its row, which is there, may still be written: readers are told by it
            if kind == "stored":
                raise
        kept = {name: values[name] for name in KEPT_OF_THE_END if name in values}
        async with self.records.together():
            ended = await self.records.end(turn_id, kind, kept, self.clock.wall())
            if ended is not None and ended.owes_note:
                with suppress(StoryError):  # the story is gone
                    await store_note(self.store, ended.branch_id, self.clock)
        if ended is not None:
            log_end(replace(turn_of(ended), last=values))

    async def abandon(self, turn_id: str, reason: str) -> None:
        """End the turn without it being stored, if it is not."""
        await self.finish(turn_id, [("abandoned", {"reason": reason})])

    async def store_was_away(self, turn_id: str) -> None:
        """End the turn as failed, if it is not stored: its steps were tried for too long."""
        await self._failed(turn_id, StoreAway(message("store_was_away")))

    async def _close(
        self,
        turn_id: str,
        number: int,
        last: Sequence[tuple[str, Values]],
        there: Mapping[int, tuple[str, str]],
    ) -> None:
        """Put the last updates after a number, but those that are there."""
        for kind, values in last:
            number, text = number + 1, text_of(values)
            while there.get(number) != (kind, text) and not await self.updates.add(
                turn_id, number, kind, text
            ):
                number += 1

    async def _running(self, turn_id: str) -> TurnRecord | None:
        record = await self.records.turn(turn_id)
        return record if record is not None and record.state == RUNNING else None

    async def _failed(self, turn_id: str, error: TTAError) -> None:
        await self.finish(turn_id, [("failed", error_values(error))])


def outcome_values(
    turn: int,
    expected: int,
    events: Sequence[Event],
    *,
    closing: Sequence[tuple[str, Values]],
    number: int = 0,
) -> Mapping[str, Any]:
    """What a turn has come to, of JSON's kinds.

    Args:
        expected: the branch's length that the events are stored after.
        closing: its last updates, which come after the one of this ``number``.
    """
    codec = EventCodec()
    return {
        "turn": turn,
        "expected": expected,
        "events": [codec.to_json(event) for event in events],
        "closing": list(closing),
        "number": number,
    }


async def store_note(store: StoryStore, branch_id: str, clock: Clock) -> None:
    """Store that a note of care was shown, after all that is there. Raises StoryError."""
    branch = await store.branch(branch_id)
    await store.append(
        branch_id, branch.turn, [CareShown()], expected=branch.length, at=clock.wall()
    )


def _event(kind: str, version: int, text: str) -> Event:
    return EventCodec().from_json(kind, version, text)
