"""What a second reader costs: waiting, calls, tokens and dollars a turn, by ``TTA_CHECKS``.

Whole turns through the engine, with the official SDK, over a loopback server at a quick model's
pace whose scenes have some 190 words, facts, choices and lasting lines. Stories are played three at
a time, each from its opening on.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from tools.wire.process import RunningWire

from benchmarks import Row
from benchmarks.timing import quantile
from benchmarks.workloads.loopback_application import (
    FIRST_TOKEN_S,
    MODEL,
    PREMISE,
    TOKENS_PER_S,
    application_on,
    next_move,
)
from tta_rebuild.bootstrap.application import Application
from tta_rebuild.engine.turn_events import PassageReleased, TurnStored

SETTINGS = ("off", "choices", "all")
STORIES = 3
FIRST_SENTENCE_S = 1.0
"""The promise for the first sentence, p95."""


@dataclass
class _Times:
    """Seconds from the move to each of these, one entry a turn."""

    first_s: list[float] = field(default_factory=list)
    second_s: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)


async def measure(quick: bool) -> AsyncIterator[Row]:
    turns = 3 if quick else 20
    for checks in SETTINGS:
        with RunningWire(
            first_token_s=FIRST_TOKEN_S, tokens_per_s=TOKENS_PER_S, rich=True, words=170
        ) as wire:
            async for row in _with(checks, wire, turns):
                yield row


async def _with(checks: str, wire: RunningWire, turns: int) -> AsyncIterator[Row]:
    times = _Times()
    with tempfile.TemporaryDirectory() as folder:
        async with application_on(wire, folder, checks=checks, cache="off") as application:
            await application.warm()
            stories = (_played(application, turns, times) for _ in range(STORIES))
            await asyncio.gather(*stories)
            await application.tracker.flush()
            spent_usd = await application.ledger.spent_usd()
            by_task = await application.ledger.costs("task")
    played = len(times.whole_s)
    p95_s = quantile(times.first_s, 0.95)
    yield Row(
        what=f"checks {checks}: first sentence, p50 / p95 of {played} turns",
        measured=_span(times.first_s),
        bound=f"p95 < {FIRST_SENTENCE_S * 1000:,.0f} ms",
        ok=p95_s < FIRST_SENTENCE_S,
        peer=f"the model's first token {FIRST_TOKEN_S * 1000:.0f} ms",
    )
    for what, found in (("second passage", times.second_s), ("turn stored", times.whole_s)):
        yield Row(what=f"checks {checks}: {what}, p50 / p95", measured=_span(found))
    calls = ", ".join(f"{line.key} {line.attempts / played:.2f}" for line in by_task)
    tokens = ", ".join(
        f"{line.key} {line.input_tokens / line.attempts:,.0f} + "
        f"{line.output_tokens / line.attempts:,.0f}"
        for line in by_task
    )
    yield Row(what=f"checks {checks}: calls a turn", measured=calls)
    yield Row(what=f"checks {checks}: tokens of a call, prompt + answer", measured=tokens)
    yield Row(
        what=f"checks {checks}: cost a turn, {MODEL.partition(':')[2]}",
        measured=f"${spent_usd / played:.5f}",
        peer=f"billed ${wire.billed_usd() / played:.5f}",
    )


async def _played(application: Application, turns: int, times: _Times) -> None:
    session = await application.stories.open(PREMISE)
    for _ in range(turns):
        shown_s: list[float] = []
        began = time.perf_counter()
        async for event in session.play(next_move(session)):
            if isinstance(event, PassageReleased):
                shown_s.append(time.perf_counter() - began)
            elif isinstance(event, TurnStored):
                times.whole_s.append(time.perf_counter() - began)
        times.first_s.append(shown_s[0])
        times.second_s.append(shown_s[min(1, len(shown_s) - 1)])


def _span(seconds: Sequence[float]) -> str:
    p50, p95 = (quantile(seconds, share) * 1000 for share in (0.5, 0.95))
    return f"{p50:,.0f} / {p95:,.0f} ms"
