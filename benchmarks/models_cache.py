"""The cache: asked once, and found at once."""

from __future__ import annotations

import asyncio
import math
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from tools.wire import WireServer

from benchmarks import Row
from benchmarks.workloads.model_stack import Stack, asked
from tta_rebuild.integrations import CachedLLMProvider, MockLLMProvider, ResponseCache
from tta_rebuild.integrations.llm_provider import LLMProvider

ROUNDS = 5
_SCENE = "It had rained all night, and the lamp was still warm when she came down. " * 12


async def measure(quick: bool) -> AsyncIterator[Row]:
    for what, is_streamed in (
        ("upstream calls of 100 identical concurrent requests", False),
        ("the same, streamed", True),
    ):
        calls = await _upstream_calls(is_streamed)
        yield Row(what=what, measured=f"{calls}", bound="1", ok=calls == 1)
    hits = 2_000 if quick else 20_000
    memory_ms = await _hit_p99_ms(hits, None)
    yield Row(
        what=f"p99 of an exact hit in memory, quietest of {ROUNDS} x {hits // ROUNDS} hits",
        measured=f"{memory_ms:.3f} ms",
        bound="at most 0.1 ms",
        ok=memory_ms <= 0.1,
    )
    with tempfile.TemporaryDirectory() as home:
        file_ms = await _hit_p99_ms(hits // 4, Path(home) / "cache.db")
    yield Row(
        what=f"p99 of an exact hit in SQLite, quietest of {ROUNDS} x {hits // 4 // ROUNDS} hits",
        measured=f"{file_ms:.3f} ms",
        bound="at most 5 ms",
        ok=file_ms <= 5.0,
    )


async def _upstream_calls(is_streamed: bool) -> int:
    async with WireServer(words=60, first_token_s=0.2) as wire:
        stack = Stack(url=wire.url, cache=ResponseCache())

        async def ask() -> str:
            if not is_streamed:
                return (await stack.provider.complete(asked("the same"))).text
            return "".join(
                [
                    getattr(item, "text", "")
                    async for item in stack.provider.stream(asked("the same"))
                ]
            )

        try:
            texts = await asyncio.gather(*(ask() for _ in range(100)))
        finally:
            await stack.close()
        assert len(set(texts)) == 1
        return len(wire.records)


async def _hit_p99_ms(hits: int, path: Path | None) -> float:
    """The 99th percentile of one caller's exact hits, key and all; of the quietest round."""
    kept = 200
    cache = ResponseCache(path)
    provider: LLMProvider = CachedLLMProvider(MockLLMProvider(response=_SCENE, latency_ms=0), cache)
    requests = [asked(f"{n}: " + _SCENE, task="scene") for n in range(kept)]
    try:
        for request in requests:
            await provider.complete(request)
        least_ms = math.inf
        for _ in range(ROUNDS):
            times = []
            for number in range(hits // ROUNDS):
                request = requests[number % kept]
                began = time.perf_counter()
                response = await provider.complete(request)
                times.append(time.perf_counter() - began)
                assert response.metadata["cache"] == ("memory" if path is None else "file")
            times.sort()
            least_ms = min(least_ms, 1000 * times[int(len(times) * 0.99)])
    finally:
        await provider.aclose()
    return least_ms
