"""What every peer program shares; imports nothing but the standard library.

    python PEER.py URL CALLS CONCURRENCY[,CONCURRENCY...] [WARM-UP CALLS]

prints ``{"cpu_ms": {concurrency: CPU milliseconds per call}, "growth_mb": memory growth after
warm-up}``.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
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
WARM_UP = 30
PUT_OFF_S = 1.0
"""After warming up, so that what a stack does a little later is warm too."""


def resident_mb() -> float:
    """Memory of this process, megabytes."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        pages = int(statm.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def _calls(call: Callable[[int], Awaitable[str]], first: int, count: int, width: int) -> None:
    numbers = iter(range(first, first + count))

    async def worker() -> None:
        for number in numbers:
            text = await call(number)
            if '"passages"' not in text:
                raise SystemExit(f"no scene came back: {text[:200]}")

    await asyncio.gather(*(worker() for _ in range(width)))


async def measure(call: Callable[[int], Awaitable[str]]) -> None:
    """Warm up, then measure; ``call(n)`` asks once (a different prompt for each n)."""
    count, widths = int(sys.argv[2]), [int(width) for width in sys.argv[3].split(",")]
    warm_up = int(sys.argv[4]) if len(sys.argv) > 4 else max(WARM_UP, 2 * max(widths))
    await _calls(call, 0, warm_up, max(widths))
    await asyncio.sleep(PUT_OFF_S)
    gc.collect()
    before_mb = resident_mb()
    cpu_ms = {}
    for number, width in enumerate(widths, start=1):
        began = time.process_time()
        await _calls(call, number * 1_000_000, count, width)
        cpu_ms[str(width)] = (time.process_time() - began) / count * 1000
    gc.collect()
    print(json.dumps({"cpu_ms": cpu_ms, "growth_mb": resident_mb() - before_mb}))


def address() -> str:
    """Where the loopback server listens."""
    return sys.argv[1]
