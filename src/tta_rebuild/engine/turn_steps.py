"""The steps of a turn that another machine may take up: admit, tell, store, settle.

What goes in and out is a turn's id; all else lies in the database under it. Each step may be done
again, by whoever: done once, it changes nothing more. The log decides who was first (a branch has
one event at a position); a story and the note that the turn is in it are stored as one. Where the
database is away a step raises StoreAway and is to be done again: that is no end of a turn.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tta_rebuild.core.errors import StoreAway, StoreFull, TTAError
from tta_rebuild.core.turn_calls import CallAsked, CallHeard, CallPlace, TurnCalls
from tta_rebuild.core.turn_records import TurnRecord
from tta_rebuild.core.usage import Usage
from tta_rebuild.core.workers import WorkerLives
from tta_rebuild.engine.held_events import HeldEvents
from tta_rebuild.engine.kept_replies import OpenCall, TurnMemory
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.model_paces import ModelPaces, usage_when_lost
from tta_rebuild.engine.stories import Stories
from tta_rebuild.engine.turn_dispatch import items_of
from tta_rebuild.engine.turn_ends import TurnEnds, outcome_values
from tta_rebuild.engine.turn_runner import TurnRequest
from tta_rebuild.engine.turn_span import turn_span
from tta_rebuild.engine.turn_values import LAST_KINDS, Values, error_values, text_of, update_of

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider


TAKEN_OVER, LEFT = "turn_taken_over", "turn_left"
UNHEARD, STORE_AWAY, BEGUN_ANEW = "turn_unheard", "turn_store_away", "turn_begun_anew"
WHY_ANEW = (TAKEN_OVER, LEFT, UNHEARD, STORE_AWAY, BEGUN_ANEW)
"""Why a turn that was seen begins anew: names of messages. Its machine was lost, or told to stop;
Temporal did not hear of it for a while; the database was away; Temporal had forgotten the turn."""


class _Overtaken(Exception):
    """Somebody else plays this turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSteps(TurnEnds):
    """What the steps of every turn are done with.

    Attributes:
        book_lost: books a call of which nobody heard the end, with what may have been billed.
        lives: when workers ended; ``worker`` is the name of this one there.
        tracer_provider: where the spans of turns that are told go.
    """

    stories: Stories
    calls: TurnCalls
    book_lost: Callable[[CallAsked, Usage], Awaitable[None]]
    lives: WorkerLives
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
        except StoreAway:
            raise
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
        why: str = TAKEN_OVER,
    ) -> str:
        """Tell the turn to whoever reads it, and keep what it has come to; nothing is stored yet.

        Gives the kind of the last update that it is to have, "" where nothing was told to its end.

        Args:
            lost: how far the calls of whoever told it before had come.
            open_calls: filled with the calls that are under way.
            why: one of ``WHY_ANEW``, should it have been seen before.
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
                await told.show("restarted", {"reason": message(why)})
            with turn_span(TurnRequest(**record.request), self.tracer_provider) as ended:
                try:
                    await told.play(open_calls)
                except StoreAway:  # told anew, once it is there
                    raise
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

    async def why_silent(self, worker: str | None) -> str:
        """Why whoever told a turn last did not say that it ends: it is gone, or was not heard of.

        ``worker`` None is not known. Raises StoreAway.
        """
        is_gone = worker is not None and await self.lives.gone_at(worker) is not None
        return TAKEN_OVER if is_gone else UNHEARD

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
        held = self._held
        return outcome_values(
            held.turn, held.expected, held.events, closing=self._closing, number=self._number
        )
