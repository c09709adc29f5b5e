"""What every peer program shares; imports nothing but the standard library.

    python PEER.py URL

reads ``CALLS CALLERS`` from standard input, line by line, and answers each line with one of JSON:
``{"cpu_ms": [CPU milliseconds per call], "took_ms": [milliseconds of each call], "rss_mb": ...}``.
Several peers started side by side and asked in turns meet the same weather on a shared machine.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain
from typing import Any

PROMPT = "Tell the next scene. METACONCEPTS TO FOLLOW: none. " + "What happened so far. " * 200
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "passages": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"text": {"type": "string"}},
                "required": ["text"],
            },
        },
        "setting_description": {"type": "string"},
        "emotional_tone": {"type": "string"},
        "story_branches": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "choice": {"type": "string"},
                    "consequence": {"type": "string"},
                },
                "required": ["choice", "consequence"],
            },
        },
    },
    "required": ["passages", "setting_description", "emotional_tone", "story_branches"],
}
MODEL = "gemini-2.5-flash-lite"
MOST_TIMES = 2_000
"""Times of calls that are kept, so that a long run's memory is not the harness's own."""


def resident_mb() -> float:
    """Memory of this process, megabytes."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        pages = int(statm.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def _timed(
    call: Callable[[int], Awaitable[str]], numbers: Iterator[int], *, most: int
) -> deque[float]:
    took_ms: deque[float] = deque(maxlen=most)
    for number in numbers:
        began = time.perf_counter()
        text = await call(number)
        took_ms.append((time.perf_counter() - began) * 1000)
        if '"passages"' not in text:
            raise SystemExit(f"no scene came back: {text[:200]}")
    return took_ms


async def measure(
    call: Callable[[int], Awaitable[str]], settle: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Serve the orders; ``call(n)`` asks once (a different prompt for each n), ``settle`` waits for
    what a stack does behind its calls, so that it counts."""
    first = 0
    while order := (await asyncio.to_thread(sys.stdin.readline)).split():
        count, width = map(int, order)
        numbers = iter(range(first, first + count))
        first += count
        gc.collect()
        began = time.process_time()
        timed = (_timed(call, numbers, most=MOST_TIMES // width) for _ in range(width))
        took_ms = await asyncio.gather(*timed)
        if settle is not None:
            await settle()
        cpu_ms = (time.process_time() - began) * 1000 / count
        gc.collect()
        times = list(chain.from_iterable(took_ms))
        said = {"cpu_ms": cpu_ms, "took_ms": times, "rss_mb": resident_mb()}
        print(json.dumps(said), flush=True)


def address() -> str:
    """Where the loopback server listens."""
    return sys.argv[1]
