"""A turn's updates as server-sent events: numbered, so that a reader who left can come back.

A plain streaming answer; what comes within ``COALESCED_S`` of the last write goes out in one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from tta_rebuild.core.errors import StoreError
from tta_rebuild.engine.turn_runner import TurnRunner, TurnUpdate
from tta_rebuild.engine.turn_values import text_of
from tta_rebuild.server.access import Watch
from tta_rebuild.server.problems import problem_of

COALESCED_S = 0.04
HEARTBEAT_S = 15.0
AWAY_S = 0.5
"""Until a database that is away is asked again, seconds."""

MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

_RETRY = b"retry: 1000\n\n"
_STILL_HERE = b": still here\n\n"


def frame(update: TurnUpdate, redact: Callable[[Any], Any] = lambda value: value) -> bytes:
    """One update as server-sent event; an error as a problem."""
    data = update.text
    if update.kind == "failed":
        errors = {"errors": (), "detail": "", "retry_after_s": None} | dict(update.values)
        data = text_of(redact({"problem": problem_of(errors, is_of_turn=True)}))
    return f"id: {update.number}\nevent: {update.kind}\ndata: {data}\n\n".encode()


@dataclass(slots=True)
class Streams:
    """How many streams are open now."""

    open: int = 0


async def turn_stream(
    streams: Streams,
    runner: TurnRunner,
    turn_id: str,
    after: int = 0,
    *,
    redact: Callable[[Any], Any] = lambda value: value,
    watch: Watch | None = None,
) -> AsyncIterator[bytes]:
    """The updates above ``after`` up to the last, with a comment while none comes.

    Who may not follow it any more is cut off, before the last: they ask to go on from there, and
    are told why not.
    """
    streams.open += 1
    loop = asyncio.get_running_loop()
    looked_at, looked_s = loop.time(), watch.looked_s if watch else HEARTBEAT_S
    try:
        yield _RETRY
        while True:
            try:
                updates = await runner.updates(turn_id, after=after, wait_s=looked_s)
                is_over = not updates and (await runner.turn(turn_id)).state != "running"
                if is_over:  # perhaps since it was asked for more
                    updates = await runner.updates(turn_id, after=after)
                if watch and loop.time() - looked_at >= looked_s:
                    if not await watch.may_follow():
                        return
                    looked_at = loop.time()
            except StoreError:  # a database that is away comes back; what it has comes then
                yield _STILL_HERE
                await asyncio.sleep(AWAY_S)
                continue
            if updates:
                yield b"".join(frame(update, redact) for update in updates)
                after = updates[-1].number
                if updates[-1].is_last:
                    return
                await asyncio.sleep(COALESCED_S)
            elif is_over:
                return
            else:
                yield _STILL_HERE
    finally:
        streams.open -= 1
