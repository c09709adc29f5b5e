"""Fakes of this room: a clock turned by hand, and a provider that follows a script."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.usage import Attempt, Ledger, Usage
from tta_rebuild.integrations.llm_provider import (
    LLMConfig,
    LLMRequest,
    LLMResponse,
    RequestProvider,
    StreamEnded,
    StreamItem,
    TextPiece,
    estimated_usage,
)

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


async def settle(turns: int = 30) -> None:
    """Let everything run that can run without time passing."""
    for _ in range(turns):
        await asyncio.sleep(0)


class _Timer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """Stands still until ``advance``; then everything due happens in order."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._now = 1000.0
        self._timers: list[tuple[float, int, _Timer]] = []
        self._count = itertools.count()
        self.slept: list[float] = []

    def now(self) -> float:
        return self._now

    def wall(self) -> datetime:
        return self._start + timedelta(seconds=self._now - 1000.0)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> _Timer:
        timer = _Timer(callback)
        heapq.heappush(self._timers, (self._now + max(0.0, delay_s), next(self._count), timer))
        return timer

    async def sleep(self, delay_s: float) -> None:
        self.slept.append(delay_s)
        if delay_s <= 0:
            return
        future = asyncio.get_running_loop().create_future()
        timer = self.call_later(delay_s, lambda: future.done() or future.set_result(None))
        try:
            await future
        finally:
            timer.cancel()

    async def settle(self) -> None:
        """Let everything run that can run without time passing."""
        await settle()

    async def advance(self, seconds: float) -> None:
        end = self._now + seconds
        await self.settle()
        while self._timers and self._timers[0][0] <= end:
            when, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                self._now = max(self._now, when)
                timer.callback()
                await self.settle()
        self._now = end
        await self.settle()

    async def until(self, work: Awaitable[object], *, limit_s: float = 1e6) -> object:
        """Turn the clock from timer to timer until the work is done."""
        task = asyncio.ensure_future(work)
        end = self._now + limit_s
        await self.settle()
        while not task.done():
            while self._timers and self._timers[0][2].callback is None:
                heapq.heappop(self._timers)
            if not self._timers:
                await asyncio.sleep(0.001)
                continue
            if self._timers[0][0] > end:
                task.cancel()
                raise AssertionError("still waiting at the end of the time allowed")
            await self.advance(max(0.0, self._timers[0][0] - self._now))
        return await task


@dataclass
class Told:
    """One answer of the script.

    ``error`` is raised before the first piece, or after ``pieces`` where ``in_mid_stream``.
    """

    text: str = "Once upon a time there was a lighthouse."
    error: BaseException | None = None
    in_mid_stream: bool = False
    pieces: int = 4
    usage: Usage | None = None
    model: str = ""
    finish_reason: str = "stop"
    takes_s: float = 0.0
    counts: bool = False


@dataclass
class Seen:
    """One request as the scripted provider saw it."""

    request: LLMRequest
    at: float
    pieces: int = 0
    finished: bool = False
    closed: bool = False
    error: str = ""


class ScriptedProvider(RequestProvider):
    """Answers by a script (the last entry for ever), and remembers what it was asked."""

    def __init__(
        self,
        *answers: Told | BaseException,
        model: str = "gemini-2.5-flash",
        name: str = "gemini",
        clock: ManualClock | None = None,
        max_tokens: int = 2000,
    ) -> None:
        super().__init__(LLMConfig(model=model, max_tokens=max_tokens))
        self.answers = list(answers) or [Told()]
        self.name = name
        self.clock = clock
        self.seen: list[Seen] = []
        self.closed = 0

    def _next(self, request: LLMRequest) -> tuple[Told, Seen]:
        answer = self.answers[min(len(self.seen), len(self.answers) - 1)]
        told = Told(error=answer) if isinstance(answer, BaseException) else answer
        seen = Seen(request, self.clock.now() if self.clock else 0.0)
        self.seen.append(seen)
        return told, seen

    def _response(self, told: Told, request: LLMRequest) -> LLMResponse:
        usage = told.usage or replace(
            estimated_usage(request.full_text, told.text), estimated=False
        )
        return LLMResponse(
            text=told.text,
            tokens_used=usage.total_tokens,
            model=told.model or request.model or self.config.model,
            finish_reason=told.finish_reason,
            usage=usage,
            provider=self.name,
        )

    async def _pass_time(self, told: Told) -> None:
        if told.takes_s and self.clock is not None:
            await self.clock.sleep(told.takes_s)
        else:
            await asyncio.sleep(0)

    async def complete(self, request: LLMRequest) -> LLMResponse:
        told, seen = self._next(request)
        try:
            await self._pass_time(told)
        except asyncio.CancelledError:
            seen.closed = True
            raise
        if told.error is not None:
            raise told.error
        seen.finished = True
        return self._response(told, request)

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        told, seen = self._next(request)
        try:
            await self._pass_time(told)
            if told.error is not None and not told.in_mid_stream:
                raise told.error
            size = max(1, -(-len(told.text) // max(1, told.pieces)))
            sent = ""
            cuts = range(0, len(told.text), size)
            for number, start in enumerate(cuts):
                if told.error is not None and number >= len(cuts) // 2:
                    raise told.error
                piece = told.text[start : start + size]
                sent += piece
                seen.pieces += 1
                usage = estimated_usage(request.full_text, sent) if told.counts else None
                yield TextPiece(piece, usage)
                await asyncio.sleep(0)
            if told.error is not None:
                raise told.error
            seen.finished = True
            yield StreamEnded(self._response(told, request))
        finally:
            seen.closed = True

    async def aclose(self) -> None:
        self.closed += 1


class MemoryLedger(Ledger):
    """A ledger that lets others run meanwhile, as one in a database does.

    ``sums`` counts how often it was asked what is spent.
    """

    sums = 0

    @property
    def rows(self) -> list[Attempt]:
        return self._rows

    @property
    def total_usd(self) -> float:
        return sum(row.cost_usd for row in self.rows)

    async def book_all(self, attempts: Sequence[Attempt]) -> None:
        await asyncio.sleep(0)
        await super().book_all(attempts)

    async def spent_usd(self, **which: Any) -> float:
        self.sums += 1
        await asyncio.sleep(0)
        return await super().spent_usd(**which)


def context_of(**session: str) -> TTAContext:
    return TTAContext(
        workflow_id="wf",
        correlation_id="corr-1",
        timestamp=START,
        metaconcepts=[],
        player_boundaries={},
        session_state=session,
    )


def request_of(prompt: str = "Tell the next scene.", **fields: object) -> LLMRequest:
    return LLMRequest(prompt=prompt, context=context_of(), **fields)  # type: ignore[arg-type]
