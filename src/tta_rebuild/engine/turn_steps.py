"""The steps of a turn that another machine may take up: admit, tell, store, settle.

What goes in and out is a turn's id; all else lies in the database under it. Each step may be done
again, by whoever: done once, it changes nothing more. The log decides who was first (a branch has
one event at a position); a story and the note that the turn is in it are stored as one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import StoreFull, StoryError, TTAError
from tta_rebuild.core.events import CareShown, Event, EventCodec
from tta_rebuild.core.turn_calls import CallAsked, CallHeard, CallPlace, TurnCalls, WorkerLives
from tta_rebuild.core.turn_records import RUNNING, TurnRecord, TurnRecords
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine.held_events import HeldEvents
from tta_rebuild.engine.kept_replies import OpenCall, TurnMemory
from tta_rebuild.engine.kept_turn import log_end
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.model_paces import ModelPaces, usage_when_lost
from tta_rebuild.engine.stories import Stories
from tta_rebuild.engine.turn_dispatch import items_of, turn_of
from tta_rebuild.engine.turn_runner import TurnRequest
from tta_rebuild.engine.turn_span import turn_span
from tta_rebuild.engine.turn_updates import TurnUpdates
from tta_rebuild.engine.turn_values import LAST_KINDS, Values, error_values, text_of, update_of
from tta_rebuild.storage.story_store import StoryStore

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

KEPT_OF_THE_END = ("turn", "position", "branch_id", "errors")
"""What a turn's row keeps of its last update: no word of anybody's."""


class _Overtaken(Exception):
    """Somebody else plays this turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSteps:
    """What the steps of every turn are done with.

    Attributes:
        settle: has what was spent kept in the ledger, or raises StoreError.
        book_lost: books a call of which nobody heard the end, with what may have been billed.
        lives: when workers ended; ``worker`` is the name of this one there.
        tracer_provider: where the spans of turns that are told go.
    """

    stories: Stories
    store: StoryStore
    records: TurnRecords
    updates: TurnUpdates
    calls: TurnCalls
    settle: Callable[[], Awaitable[None]]
    book_lost: Callable[[CallAsked, Usage], Awaitable[None]]
    lives: WorkerLives
    clock: Clock
    tracer_provider: TracerProvider | None = None
    worker: str = ""
    paces: ModelPaces = field(default_factory=ModelPaces)

    async def admit(self, turn_id: str) -> bool:
        """Note where the branch stands; whether there is anything to tell."""
        record = await self._running(turn_id)
        if record is None:
            return False
        try:
            branch = await self.store.branch(record.branch_id)
        except TTAError as error:
            await self._failed(turn_id, error)
        else:
            await self.records.place(turn_id, branch.length)
        return True

    async def tell(
        self,
        turn_id: str,
        *,
        lost: Mapping[CallPlace, CallHeard] | None = None,
        open_calls: dict[CallPlace, OpenCall] | None = None,
    ) -> str:
        """Tell the turn to whoever reads it, and keep what it has come to; nothing is stored yet.

        Gives the kind of the last update that it is to have, "" where nothing was told to its end.

        Args:
            lost: how far the calls of whoever told it before had come.
            open_calls: filled with the calls that are under way.
        """
        record = await self._running(turn_id)
        if record is None or await self.records.outcome(turn_id) is not None:
            return ""
        await self._book(
            [(turn_id, *one) for one in await self.calls.open_calls(turn_id)], lost or {}
        )
        shown = await self.updates.read(turn_id, after=0, wait_s=0.0)
        told = _Told(self, record, number=shown[-1][0] if shown else 0)
        try:
            if shown:
                await told.show("restarted", {"reason": message("turn_taken_over")})
            with turn_span(TurnRequest(**record.request), self.tracer_provider) as ended:
                try:
                    await told.play(open_calls)
                except TTAError as error:
                    told.failed(error)
                ended(told.end or "left", told.errors)
        except _Overtaken:
            return ""
        try:
            await self.records.keep_outcome(turn_id, told.outcome())
        except StoreFull as error:
            await self._failed(turn_id, error)
            return "failed"
        return told.end

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

    async def book_orphans(self) -> None:
        """Book the open calls of lost machines whose turns are over: cancelled, or given up."""
        await self._book(await self.calls.orphans(), {})

    async def _book(
        self,
        calls: Sequence[tuple[str, CallPlace, CallAsked]],
        heard: Mapping[CallPlace, CallHeard],
    ) -> None:
        """Book calls of which nobody heard the end, by the time that they had."""
        for _, place, asked in calls:
            gone = await self.lives.gone_at(asked.worker)
            until = gone if gone is not None and gone >= asked.at else self.clock.wall()
            last = heard.get(place)
            usage = usage_when_lost(asked, last, until.timestamp(), self.paces)
            await self.book_lost(asked, usage)
        if calls:  # they are let go only once they are in the ledger
            await self.settle()
        for turn_id, place, _ in calls:
            await self.calls.drop(turn_id, place)

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


async def store_note(store: StoryStore, branch_id: str, clock: Clock) -> None:
    """Store that a note of care was shown, after all that is there. Raises StoryError."""
    branch = await store.branch(branch_id)
    await store.append(
        branch_id, branch.turn, [CareShown()], expected=branch.length, at=clock.wall()
    )


class _Told:
    """A turn that is being told: what was shown of it, and what will be once it is stored."""

    def __init__(self, steps: TurnSteps, record: TurnRecord, *, number: int) -> None:
        self._steps, self._record, self._number = steps, record, number
        self._held = HeldEvents.over(steps.store)
        self._closing: list[tuple[str, Values]] = []

    async def show(self, kind: str, values: Values) -> None:
        """Put an update where readers look. Raises _Overtaken."""
        self._number += 1
        if not await self._steps.updates.add(
            self._record.turn_id, self._number, kind, text_of(values)
        ):
            raise _Overtaken

    async def play(self, open_calls: dict[CallPlace, OpenCall] | None) -> None:
        """Play the turn over what is stored; what it would store is held."""
        steps, record = self._steps, self._record
        memory = TurnMemory(
            record.turn_id,
            steps.calls,
            settle=steps.settle,
            clock=steps.clock.wall,
            worker=steps.worker,
            paces=steps.paces,
            open_calls=open_calls,
        )
        stories = steps.stories.apart(self._held, memory.around)
        session = await stories.resume(record.story_id, record.branch_id)
        request = TurnRequest(**record.request)
        async with aclosing(items_of(session, request)) as items:
            async for item in items:
                kind, values = update_of(item, session)
                if self._held.events or kind in LAST_KINDS:
                    self._closing.append((kind, values))
                else:
                    await self.show(kind, values)

    @property
    def end(self) -> str:
        """The kind of the last update that it is to have; "" for none."""
        return self._closing[-1][0] if self._closing else ""

    @property
    def errors(self) -> Sequence[str]:
        """The names of the errors that it failed with."""
        return self._closing[-1][1].get("errors", ()) if self._closing else ()

    def failed(self, error: TTAError) -> None:
        """Nothing comes of it."""
        self._held.events, self._closing = (), [("failed", error_values(error))]

    def outcome(self) -> Mapping[str, Any]:
        """What it has come to, of JSON's kinds."""
        codec = EventCodec()
        return {
            "turn": self._held.turn,
            "expected": self._held.expected,
            "events": [codec.to_json(event) for event in self._held.events],
            "closing": self._closing,
            "number": self._number,
        }


def _event(kind: str, version: int, text: str) -> Event:
    return EventCodec().from_json(kind, version, text)
