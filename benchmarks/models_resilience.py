"""Resilience on the wire: who is asked when, while a model is busy, used up or dead."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator

from tools.wire import Fault, WireServer

from benchmarks import Row
from benchmarks.workloads.model_stack import Stack, asked
from tta_rebuild.integrations import CircuitPolicy, RetryPolicy


async def measure(quick: bool) -> AsyncIterator[Row]:
    yield await _retry_info(1.0 if quick else 8.0)
    yield await _daily_quota()
    async for row in _dead_primary(1.0 if quick else 8.0):
        yield row


async def _retry_info(wait_s: float) -> Row:
    async with WireServer(words=10) as wire:
        stack = Stack(url=wire.url)
        wire.faults.next(Fault("rate_limit", retry_after_s=wait_s, limit_rpm=100))
        try:
            first = asyncio.create_task(stack.provider.complete(asked("first")))
            async with asyncio.timeout(5):
                while not wire.records or wire.records[0].ended_at is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            told_at = wire.records[0].ended_at
            others = [stack.provider.complete(asked(f"other {n}")) for n in range(32)]
            await asyncio.gather(first, *others)
        finally:
            await stack.close()
        waited_s = min(record.at for record in wire.records[1:]) - told_at
    return Row(
        what=f"first request after a RetryInfo of {wait_s:g} s, 33 callers waiting",
        measured=f"after {waited_s:.3f} s",
        bound="not before it expires",
        ok=waited_s >= wait_s,
    )


async def _daily_quota() -> Row:
    async with WireServer(words=10) as wire:
        stack = Stack(url=wire.url, has_last_resort=True)
        wire.faults.always(Fault("daily_quota", retry_after_s=0.05))
        try:
            for turn in range(30):
                await stack.provider.complete(asked(f"turn {turn}"))
        finally:
            await stack.close()
        hits = len(wire.records)
    return Row(
        what="requests for one per-day 429, 30 turns",
        measured=f"{hits}",
        bound="1",
        ok=hits == 1,
    )


async def _dead_primary(cool_down_s: float) -> AsyncIterator[Row]:
    async with WireServer(words=10) as wire:
        stack = Stack(
            url=wire.url,
            circuit=CircuitPolicy(cool_down_s=cool_down_s),
            retries=RetryPolicy(base_s=0.01),
            has_last_resort=True,
        )
        wire.faults.always(Fault("unavailable"))
        told = 0
        try:
            for turn in range(30):
                response = await stack.provider.complete(asked(f"turn {turn}"))
                told += bool(response.degraded)
            opened_at, hits = time.monotonic(), len(wire.records)
            yield Row(
                what="hits of a dead primary in 30 turns, each turn told by the next in the chain",
                measured=f"{hits} hits, {told} told so",
                bound="at most 5 hits",
                ok=hits <= 5 and told == 30,
            )
            while time.monotonic() < opened_at + 3.5 * cool_down_s:
                await asyncio.gather(
                    *(stack.provider.complete(asked(f"{time.monotonic()} {n}")) for n in range(8))
                )
                await asyncio.sleep(cool_down_s / 40)
        finally:
            await stack.close()
        probes = [record.at for record in wire.records[hits:]]
        apart_s = min(
            (later - earlier for earlier, later in itertools.pairwise(probes)),
            default=0.0,
        )
    yield Row(
        what=f"probes in 3.5 cool-downs of {cool_down_s:g} s under load, least time between two",
        measured=f"{len(probes)} probes, {apart_s / cool_down_s:.2f} cool-downs",
        bound="one per cool-down",
        ok=1 <= len(probes) <= 3 and apart_s >= cool_down_s,
    )
