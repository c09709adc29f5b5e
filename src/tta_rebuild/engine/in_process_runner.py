"""Turns as tasks of this process: the runner that needs nothing beside the store."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import (
    BranchBusy,
    KeyReused,
    StoryError,
    TooManyTurns,
    TTAError,
    TurnNotFound,
)
from tta_rebuild.core.events import PersonAsked, SceneTold
from tta_rebuild.engine.kept_turn import KeptTurn, counted, log_end
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.session_cache import SessionCache
from tta_rebuild.engine.stories import Stories
from tta_rebuild.engine.turn_dispatch import is_same, items_of, pause_of
from tta_rebuild.engine.turn_runner import (
    LAST_NUMBER,
    REPEATABLE,
    RunningTurn,
    TurnJournal,
    TurnRequest,
    TurnState,
    TurnUpdate,
    TurnWatch,
)
from tta_rebuild.engine.turn_span import turn_span
from tta_rebuild.engine.turn_values import UpdateKind, Values, error_values, update_of

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

TIDIED_EVERY_S = 5.0
MOST_FAILURES = 20

_log = logging.getLogger("tta_rebuild.turns")


class InProcessRunner:
    """Plays turns as tasks of the running loop; ``async with`` owns them, and ends them."""

    def __init__(
        self,
        stories: Stories,
        sessions: SessionCache,
        journal: TurnJournal,
        *,
        new_id: Callable[[], str],
        clock: Clock | None = None,
        watch: TurnWatch | None = None,
        tracer_provider: TracerProvider | None = None,
        most_turns: int = 256,
        kept_s: float = 600.0,
        known_s: float = 86_400.0,
    ) -> None:
        """``kept_s`` after its end a turn's updates go but for the last, which is known longer."""
        self._stories, self._sessions, self._journal = stories, sessions, journal
        self._new_id, self._clock = new_id, clock or Clock()
        self._watch = watch
        self._tracer_provider = tracer_provider
        self._most, self._kept_s, self._known_s = most_turns, kept_s, known_s
        self._turns: dict[str, KeptTurn] = {}
        self._by_key: dict[str, str] = {}
        self._running: dict[str, KeptTurn] = {}
        self._latest: dict[str, str] = {}
        self._tidied_s = self._clock.now()
        self.is_draining = False
        self.ended = Counter[str]()
        """How turns ended, since the start."""
        self.failures: deque[RunningTurn] = deque(maxlen=MOST_FAILURES)
        """The latest turns that failed."""

    async def __aenter__(self) -> Self:
        await self._recover()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drain(0.0)

    @property
    def running(self) -> int:
        """How many turns are being played."""
        return len(self._running)

    async def submit(self, request: TurnRequest, *, again: bool = False) -> RunningTurn:
        """See ``TurnRunner.submit``."""
        if known := await self.known(request, again=again):
            return known
        if self._refusal(request):
            if paused := await self.pause(request):
                return paused
            if known := await self.known(request, again=again):  # asked for twice, and meanwhile
                return known
            if refusal := self._refusal(request):
                reason, error = refusal
                self._turn_away(reason)
                raise error
        now = self._begun(request)
        turn = KeptTurn(now)
        self._journal.write(now)
        self._know(turn)
        self._running[request.branch_id] = turn
        turn.task = asyncio.create_task(self._traced(turn), name=f"turn {now.turn_id}")
        turn.task.add_done_callback(turn.ended)
        return now

    def _begun(self, request: TurnRequest) -> RunningTurn:
        return RunningTurn(
            turn_id=self._new_id(), request=request, state="running", began_at=self._clock.wall()
        )

    def _refusal(self, request: TurnRequest) -> tuple[str, StoryError] | None:
        """Why no turn can begin now, if so: for who counts it, and for who asked."""
        if self.is_draining or len(self._running) >= self._most:
            name = "shutting_down" if self.is_draining else "too_many_turns"
            return name.removesuffix("_turns"), TooManyTurns(message(name), retry_after_s=2.0)
        if other := self._running.get(request.branch_id):
            busy = BranchBusy(message("branch_busy"), turn_id=other.now.turn_id)
            return "busy_branch", busy
        return None

    async def pause(self, request: TurnRequest) -> RunningTurn | None:
        """See ``TurnRunner.pause``; what is played stays the branch's running and latest turn.

        No reader is asked where there are too many turns already.
        """
        other = self._running.get(request.branch_id)
        session = other.session if other else None
        if session is None:
            session = await self._sessions.session(request.story_id, request.branch_id)
        is_full = self.is_draining or len(self._running) >= self._most
        paused = await pause_of(session, request, may_ask=not is_full)
        if paused is None:
            return None
        is_beside = request.branch_id in self._running
        turn = KeptTurn(self._begun(request), is_beside=is_beside)
        self._know(turn)
        self._add(turn, *update_of(paused, session))
        return turn.now

    async def known(self, request: TurnRequest, *, again: bool = False) -> RunningTurn | None:
        """See ``TurnRunner.known``."""
        self._tidy()
        known = self._turns.get(self._by_key.get(request.key, ""))
        if known is None:
            return None
        if not is_same(known.now, request):
            raise KeyReused(message("key_reused"), turn_id=known.now.turn_id)
        return None if again and known.now.state in REPEATABLE else known.now

    async def turn(self, turn_id: str) -> RunningTurn:
        """See ``TurnRunner.turn``."""
        return self._found(turn_id).now

    async def running_on(self, branch_id: str) -> RunningTurn | None:
        """See ``TurnRunner.running_on``."""
        turn = self._running.get(branch_id)
        return turn.now if turn else None

    async def latest_on(self, branch_id: str) -> RunningTurn | None:
        """See ``TurnRunner.latest_on``."""
        turn = self._turns.get(self._latest.get(branch_id, ""))
        return turn.now if turn else None

    async def updates(
        self, turn_id: str, *, after: int = 0, wait_s: float = 0.0
    ) -> Sequence[TurnUpdate]:
        """See ``TurnRunner.updates``."""
        turn = self._found(turn_id)
        if not (found := turn.above(after)) and turn.now.state == "running" and wait_s > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(turn.changed.wait(), wait_s)
            found = turn.above(after)
        return found

    async def tail(self, turn_id: str, after: int = 0) -> AsyncGenerator[TurnUpdate, None]:
        """See ``TurnRunner.tail``."""
        turn = self._found(turn_id)
        while True:
            changed = turn.changed
            for update in turn.above(after):
                yield update
                after = update.number
            if turn.now.updates > after:
                continue
            if turn.now.state != "running":
                return
            await changed.wait()

    async def cancel(self, turn_id: str) -> RunningTurn:
        """See ``TurnRunner.cancel``."""
        turn = self._found(turn_id)
        await self._stop([turn], message("turn_cancelled"))
        return turn.now

    async def forget_story(self, story_id: str) -> None:
        """See ``TurnRunner.forget_story``."""
        own = [turn for turn in self._turns.values() if turn.now.request.story_id == story_id]
        await self._stop(own, message("story_gone"))
        for turn in own:
            self._forget(turn.now)
        self._sessions.forget_story(story_id)
        self._journal.forget(story_id=story_id)

    async def queue(self) -> None:
        """See ``TurnRunner.queue``."""

    async def hindrance(self) -> str:
        """See ``TurnRunner.hindrance``."""
        return "draining" if self.is_draining else ""

    async def drain(self, grace_s: float) -> None:
        """See ``TurnRunner.drain``."""
        self.is_draining = True
        turns = [turn for turn in self._running.values() if turn.task]
        if turns and grace_s > 0:
            await asyncio.wait([turn.task for turn in turns if turn.task], timeout=grace_s)
        await self._stop(list(self._running.values()), message("shutting_down"))
        tasks = [turn.task for turn in self._turns.values() if turn.task]
        if told := [task for task in tasks if not task.done()]:  # and have still to store something
            await asyncio.wait(told)
        if turns:
            ends = Counter(turn.now.state for turn in turns)
            _log.info("stopping while %d turns were played: %s", len(turns), counted(ends))

    async def _traced(self, turn: KeptTurn) -> None:
        with turn_span(turn.now.request, self._tracer_provider) as ended:
            await self._play(turn)
            ended(turn.now.state, turn.now.last.get("errors") or ())

    async def _play(self, turn: KeptTurn) -> None:
        request = turn.now.request
        try:
            session = await self._sessions.session(request.story_id, request.branch_id)
            turn.session, there = session, session.branch.length
            turn.now = replace(turn.now, position=there)
            self._journal.write(turn.now)
            async with aclosing(items_of(session, request)) as items:
                async for item in items:
                    self._add(turn, *update_of(item, session))
        except asyncio.CancelledError:
            if not turn.stops_for:
                raise
            await self._settle(turn)
        except TTAError as error:
            self._add(turn, "failed", error_values(error))
        finally:
            turn.session = None
            if turn.now.state == "running":  # a defect, or the loop itself ends
                self._add(turn, "failed", error_values(RuntimeError()))

    async def _settle(self, turn: KeptTurn) -> None:
        """Say how a turn ended that was cancelled: perhaps it had just been stored."""
        if turn.now.state != "running":
            return
        state, values = await self._outcome(turn.now)
        if state == "stored":
            self._add(turn, "stored", values)
        else:
            self._add(turn, "abandoned", {"reason": turn.stops_for})

    async def _outcome(self, turn: RunningTurn) -> tuple[TurnState, Values]:
        """What the log says of a turn that was broken off."""
        request = turn.request
        if turn.position is None:
            return "interrupted", {}
        try:
            path = await self._stories.path(request.story_id, request.branch_id)
        except StoryError:  # it was deleted meanwhile
            return "interrupted", {}
        for recorded in path[turn.position :]:
            if isinstance(recorded.event, SceneTold | PersonAsked):
                values = {"turn": recorded.turn, "position": len(path)}
                return "stored", {**values, "branch_id": request.branch_id}
        return "interrupted", {}

    async def _recover(self) -> None:
        """Take up what the journal knows; say of the turns that were running how they ended."""
        now = self._clock.wall()
        self._journal.forget(before=now - timedelta(seconds=self._known_s))
        ends = Counter[TurnState]()
        for noted in self._journal.read():
            turn = KeptTurn(noted)
            if noted.state == "running":
                state, values = await self._outcome(noted)
                turn.now = replace(noted, state=state, last=values, ended_at=now)
                self._journal.write(turn.now)
                ends[state] += 1
            state, values = turn.now.state, turn.now.last
            kind: UpdateKind = "abandoned"
            if state == "interrupted":
                values = {"reason": message("turn_interrupted")}
            elif state != "running":
                kind = state
            turn.now = replace(turn.now, updates=LAST_NUMBER - 1)
            turn.add(kind, values)
            turn.ended_s = self._clock.now()
            self._know(turn)
        if ends:
            _log.warning("%d turns were being played at the end: %s", ends.total(), counted(ends))

    async def _stop(self, turns: Sequence[KeptTurn], reason: str) -> None:
        tasks = []
        for turn in turns:
            if turn.task and turn.now.state == "running":
                turn.stops_for = turn.stops_for or reason
                turn.task.cancel()
                tasks.append(turn.task)
        if tasks:
            await asyncio.wait(tasks)
        for turn in turns:  # cancelled before its first step, a task runs nothing of itself
            if turn.now.state == "running":
                self._add(turn, "abandoned", {"reason": reason})

    def _add(self, turn: KeptTurn, kind: UpdateKind, values: Values) -> None:
        update = turn.add(kind, values)
        if update.is_last:
            state: Any = kind
            ended_at = self._clock.wall()
            turn.now = replace(turn.now, state=state, ended_at=ended_at, last=values)
            turn.ended_s = self._clock.now()
            if self._running.get(turn.now.request.branch_id) is turn:
                del self._running[turn.now.request.branch_id]
            if not turn.is_beside:
                self._journal.write(turn.now)
            self.ended[turn.now.state] += 1
            if turn.now.state == "failed":
                self.failures.append(replace(turn.now, request=replace(turn.now.request, text="")))
            log_end(turn.now)
        changed, turn.changed = turn.changed, asyncio.Event()
        changed.set()
        if self._watch is not None:
            self._watch.updated(turn.now, update)

    def _turn_away(self, reason: str) -> None:
        if self._watch is not None:
            self._watch.turned_away(reason)

    def _found(self, turn_id: str) -> KeptTurn:
        self._tidy()
        if turn_id not in self._turns:
            raise TurnNotFound(message("no_turn"))
        return self._turns[turn_id]

    def _know(self, turn: KeptTurn) -> None:
        turn_id, request = turn.now.turn_id, turn.now.request
        self._turns[turn_id] = turn
        self._by_key[request.key] = turn_id
        if not turn.is_beside:
            self._latest[request.branch_id] = turn_id

    def _forget(self, turn: RunningTurn) -> None:
        turn_id, request = turn.turn_id, turn.request
        self._turns.pop(turn_id, None)
        for known, name in ((self._by_key, request.key), (self._latest, request.branch_id)):
            if known.get(name) == turn_id:
                del known[name]

    def _tidy(self) -> None:
        """Let go of what is old, every few seconds."""
        now_s = self._clock.now()
        if now_s < self._tidied_s + TIDIED_EVERY_S:
            return
        self._tidied_s = now_s
        for turn in list(self._turns.values()):
            if turn.ended_s is None:
                continue
            if now_s - turn.ended_s >= self._known_s:
                self._forget(turn.now)
                continue
            is_whole = len(turn.updates) > 1 or turn.now.request.text
            if is_whole and now_s - turn.ended_s >= self._kept_s:
                turn.updates = turn.updates[-1:]
                turn.now = replace(turn.now, request=replace(turn.now.request, text=""))
