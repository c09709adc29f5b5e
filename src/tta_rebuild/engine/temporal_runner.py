"""Turns played by workers on other machines: the runner that begins them as Temporal's workflows.

This file begins turns, turns them away, and ends them; ``followed_turns`` tells how they stand,
``turn_upkeep`` looks after those that nobody plays. What is known of a turn lies in the database
(``core.turn_records``), what is seen of it too or in Redis (``engine.turn_updates``); Temporal
knows its id alone. Made by ``bootstrap.cluster``, and loaded only where it is wished for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Self

from temporalio.client import Client
from temporalio.service import RPCError

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import (
    BranchBusy,
    KeyReused,
    NoTemporal,
    TooManyTurns,
)
from tta_rebuild.core.turn_records import RUNNING, TurnRecord
from tta_rebuild.engine.asked_turns import AskedTurns
from tta_rebuild.engine.followed_turns import FollowedTurns
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.session_cache import SessionCache
from tta_rebuild.engine.stories import Stories
from tta_rebuild.engine.temporal_names import QUEUE
from tta_rebuild.engine.turn_dispatch import is_same, turn_of
from tta_rebuild.engine.turn_pauses import TurnPauses
from tta_rebuild.engine.turn_queue import TurnsAtWorkers
from tta_rebuild.engine.turn_runner import (
    REPEATABLE,
    RunningTurn,
    TurnQueue,
    TurnRequest,
    TurnUpdate,
    TurnWatch,
)
from tta_rebuild.engine.turn_updates import TurnUpdates
from tta_rebuild.engine.turn_upkeep import TurnUpkeep
from tta_rebuild.engine.turn_values import Values, text_of
from tta_rebuild.engine.turn_workflows import TurnWorkflows
from tta_rebuild.engine.waiting_turns import WaitingTurns
from tta_rebuild.storage.story_store import StoryStore

ROW_S = 2.0
"""How long the end of a turn's row is waited for once its last update is seen, seconds."""

_UNBEGUN = "is_unbegun"
"""Marks the row of a turn that Temporal did not take: who asked was refused."""

_log = logging.getLogger("tta_rebuild.turns")


class TemporalRunner:
    """Begins turns for workers to play; ``async with`` looks after those that nobody plays.

    Turns outlive this: at its end they go on elsewhere.
    """

    def __init__(
        self,
        client: Client,
        stories: Stories,
        store: StoryStore,
        updates: TurnUpdates,
        sessions: SessionCache,
        *,
        new_id: Callable[[], str],
        clock: Clock | None = None,
        watch: TurnWatch | None = None,
        most_turns: int = 2_048,
        queue: str = QUEUE,
        kept_s: float = 600.0,
        known_s: float = 86_400.0,
    ) -> None:
        """``most_turns`` is over all machines, about; see ``InProcessRunner`` for the rest."""
        self._workflows = workflows = TurnWorkflows(client, queue)
        self._records, self._updates = store.turns(), updates
        self._sessions, self._new_id, self._clock = sessions, new_id, clock or Clock()
        self._pauses = TurnPauses(stories, store, updates, sessions, self._clock)
        at_workers = TurnsAtWorkers(
            workflows=workflows,
            records=self._records,
            lives=store.worker_lives(),
            clock=self._clock,
        )
        self._waiting = WaitingTurns(at_workers, self._pauses.ends)
        self._most = most_turns
        self._asked_here = asked_here = AskedTurns(watch)
        self._followed = FollowedTurns(self._records, updates, asked_here, self._clock)
        self._upkeep = TurnUpkeep(
            workflows=workflows,
            waiting=self._waiting,
            records=self._records,
            updates=updates,
            asked_here=asked_here,
            followed=self._followed,
            clock=self._clock,
            kept_s=kept_s,
            known_s=known_s,
        )
        self._tending: Sequence[asyncio.Task[None]] = ()
        self.is_draining = False
        self.ended, self.failures = self._asked_here.ended, self._asked_here.failures
        """Of the turns that were asked for here, as far as it was seen."""

    async def __aenter__(self) -> Self:
        self._tending = (
            asyncio.create_task(self._upkeep.tend(), name="tending turns"),
            asyncio.create_task(self._upkeep.look_on(), name="looking how turns stand"),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self.is_draining = True
        for task in self._tending:
            task.cancel()
        if self._tending:
            await asyncio.wait(self._tending)

    def use(self, client: Client) -> None:
        """Ask Temporal by this client from now on."""
        self._workflows.client = client

    @property
    def running(self) -> int:
        """How many turns that were asked for here are being played, as far as it was seen."""
        return len(self._asked_here)

    async def submit(self, request: TurnRequest, *, again: bool = False) -> RunningTurn:
        """See ``TurnRunner.submit``."""
        if known := await self.known(request, again=again):
            return known
        is_full = await self._is_full()
        other = await self._played_on(request.branch_id)
        away = None if is_full or other else await self._waiting.refusal()
        if is_full or other or away:
            if paused := await self._paused(request, other, may_ask=not is_full):
                return paused
            if is_full:
                name = "shutting_down" if self.is_draining else "too_many_turns"
                self._asked_here.turned_away(name.removesuffix("_turns"))
                raise TooManyTurns(message(name), retry_after_s=2.0)
            if away:
                self._asked_here.turned_away("no_worker")
                raise away
        return await self._begin(request)

    async def pause(self, request: TurnRequest) -> RunningTurn | None:
        """See ``TurnRunner.pause``."""
        other, may_ask = await self._played_on(request.branch_id), not await self._is_full()
        return await self._paused(request, other, may_ask=may_ask)

    async def _is_full(self) -> bool:
        return self.is_draining or await self._records.running_count() >= self._most

    async def _begin(self, request: TurnRequest) -> RunningTurn:
        pause = await self._pauses.ahead(request)
        before = await self._records.of_key(request.key)
        now, old = self._asked(request), before.turn_id if before else ""
        stands = await self._records.begin(now, instead_of=old)
        if stands.turn_id != now.turn_id:
            if stands.key == request.key:
                return await self._same(stands, request)
            if pause and (
                paused := await self._paused(request, stands, may_ask=False, instead_of=old)
            ):
                return paused
            self._asked_here.turned_away("busy_branch")
            raise BranchBusy(message("branch_busy"), turn_id=stands.turn_id)
        self._asked_here.add(turn_of(now))
        if pause:
            return await self._begun_paused(now.turn_id, request, pause)
        try:
            await self._workflows.start(now.turn_id)
        except RPCError as error:
            _log.error("a turn could not be begun, Temporal failed: %s", error.status.name)
            await self._end(now.turn_id, message("no_temporal"), is_unbegun=True)
            if paused := await self._paused(request, None, may_ask=False, instead_of=now.turn_id):
                return paused
            self._asked_here.turned_away("no_temporal")
            raise NoTemporal(message("no_temporal")) from error
        return await self._followed.as_it_stands(now)

    async def _begun_paused(
        self, turn_id: str, request: TurnRequest, values: Values
    ) -> RunningTurn:
        """A turn for which nobody has to be asked: it pauses here, without a worker."""
        await self._pauses.end(turn_id, values)
        turn = await self.turn(turn_id)
        if turn.state == "failed":  # somebody else stored something in that very moment
            turn = await self._paused(request, None, may_ask=False, instead_of=turn_id) or turn
        return turn

    async def _played_on(self, branch_id: str) -> TurnRecord | None:
        """The turn that is played on a branch; waits a moment for one that has its last update."""
        for record in await self._records.running(branch_id=branch_id):
            shown = await self._followed.read(record.turn_id)
            if not shown or not shown[-1].is_last:
                return record
            with suppress(TimeoutError):
                await asyncio.wait_for(self._followed.ended(record.turn_id), ROW_S)
        return None

    async def _paused(
        self,
        request: TurnRequest,
        other: TurnRecord | None,
        *,
        may_ask: bool,
        instead_of: str = "",
    ) -> RunningTurn | None:
        """A turn that has paused at once, if a move that cannot be played may be a cry for help.

        What is played goes on undisturbed; that a note was shown is stored after it.
        """
        values = await self._pauses.beside(request, other, may_ask=may_ask)
        if values is None:
            return None
        now = self._clock.wall()
        record = replace(
            self._asked(replace(request, text="")),
            state="paused",
            ended_at=now,
            is_beside=other is not None,
        )
        stands = await self._records.begin(record, instead_of=instead_of)
        if stands.turn_id != record.turn_id:
            return await self._same(stands, request)
        self._asked_here.add(turn_of(record))
        await self._pauses.show(record.turn_id, values, request.branch_id, other)
        return await self._followed.as_it_stands(record)

    def _asked(self, request: TurnRequest) -> TurnRecord:
        return TurnRecord(
            turn_id=self._new_id(),
            key=request.key,
            story_id=request.story_id,
            branch_id=request.branch_id,
            request=asdict(request),
            state=RUNNING,
            began_at=self._clock.wall(),
        )

    async def known(self, request: TurnRequest, *, again: bool = False) -> RunningTurn | None:
        """See ``TurnRunner.known``."""
        record = await self._records.of_key(request.key)
        if record is None or record.last.get(_UNBEGUN):
            return None
        turn = await self._same(record, request)
        return None if again and turn.state in REPEATABLE else turn

    async def turn(self, turn_id: str) -> RunningTurn:
        """See ``TurnRunner.turn``."""
        return await self._followed.as_it_stands(await self._followed.found(turn_id))

    async def running_on(self, branch_id: str) -> RunningTurn | None:
        """See ``TurnRunner.running_on``."""
        found = await self._records.running(branch_id=branch_id)
        return await self._followed.as_it_stands(found[0]) if found else None

    async def latest_on(self, branch_id: str) -> RunningTurn | None:
        """See ``TurnRunner.latest_on``."""
        record = await self._records.latest_on(branch_id)
        return await self._followed.as_it_stands(record) if record else None

    async def updates(
        self, turn_id: str, *, after: int = 0, wait_s: float = 0.0
    ) -> Sequence[TurnUpdate]:
        """See ``TurnRunner.updates``."""
        return await self._followed.updates(turn_id, after=after, wait_s=wait_s)

    def tail(self, turn_id: str, after: int = 0) -> AsyncGenerator[TurnUpdate, None]:
        """See ``TurnRunner.tail``."""
        return self._followed.tail(turn_id, after)

    async def cancel(self, turn_id: str) -> RunningTurn:
        """See ``TurnRunner.cancel``; it runs on where no worker could be told in time."""
        await self._followed.found(turn_id)
        await self._stop(turn_id, message("turn_cancelled"))
        return await self.turn(turn_id)

    async def forget_story(self, story_id: str) -> None:
        """See ``TurnRunner.forget_story``."""
        running = await self._records.running(story_id=story_id)
        await asyncio.gather(*(self._stop(one.turn_id, message("story_gone")) for one in running))
        self._sessions.forget_story(story_id)
        await self._records.forget(story_id=story_id)

    async def hindrance(self) -> str:
        """See ``TurnRunner.hindrance``: asks Temporal and the database, a second each at most."""
        return "draining" if self.is_draining else await self._waiting.hindrance()

    async def queue(self) -> TurnQueue:
        """See ``TurnRunner.queue``."""
        return await self._waiting.queue()

    async def drain(self, grace_s: float) -> None:
        """Begin no turn any more; for ``grace_s`` seconds wait for those that were asked for here.

        None is abandoned: their workers play them on.
        """
        self.is_draining = True
        with suppress(TimeoutError):
            await asyncio.wait_for(
                asyncio.gather(*map(self._followed.ended, self._asked_here.ids)), grace_s
            )

    async def recover(self) -> int:
        """Have the turns played that run by their row and that no worker was given; how many."""
        return await self._upkeep.recover()

    async def _stop(self, turn_id: str, reason: str) -> None:
        if not await self._workflows.cancel(turn_id, reason):
            await self._end(turn_id, reason)

    async def _end(self, turn_id: str, reason: str, *, is_unbegun: bool = False) -> None:
        """End a turn that nobody plays; the key of one that is unbegun asks for another."""
        record = await self._records.turn(turn_id)
        if record is not None and record.state == RUNNING:
            shown = await self._followed.read(turn_id)
            number = shown[-1].number + 1 if shown else 1
            await self._updates.add(turn_id, number, "abandoned", text_of({"reason": reason}))
            last = {_UNBEGUN: True} if is_unbegun else {}
            await self._records.end(turn_id, "abandoned", last, self._clock.wall())

    async def _same(self, record: TurnRecord, request: TurnRequest) -> RunningTurn:
        """The turn as it stands. Raises KeyReused: another was asked for."""
        turn = await self._followed.as_it_stands(record)
        if not is_same(turn, request):
            raise KeyReused(message("key_reused"), turn_id=turn.turn_id)
        return turn
