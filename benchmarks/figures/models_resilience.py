"""Promises 4 and 8 of the models set: who is asked when, and what is on record of it."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tools.wire import Fault, WireServer

from benchmarks.figures import Row
from benchmarks.model_stack import Stack, asked
from tta_rebuild.core.errors import ProviderError
from tta_rebuild.integrations import CircuitPolicy, RetryPolicy
from tta_rebuild.integrations.llm_provider import StreamEnded, StreamRestarted, TextPiece
from tta_rebuild.storage.sql_store import SqlStoryStore


async def measure(quick: bool) -> AsyncIterator[Row]:
    yield await _retry_info(1.0 if quick else 8.0)
    yield await _daily_quota()
    async for row in _dead_primary(1.0 if quick else 8.0):
        yield row
    async for row in _on_record():
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
        number="4a",
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
        number="4b",
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
                number="4c",
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
        number="4d",
        what=f"probes in 3.5 cool-downs of {cool_down_s:g} s under load, least time between two",
        measured=f"{len(probes)} probes, {apart_s / cool_down_s:.2f} cool-downs",
        bound="one per cool-down",
        ok=1 <= len(probes) <= 3 and apart_s >= cool_down_s,
    )


async def _on_record() -> AsyncIterator[Row]:
    spans = InMemorySpanExporter()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(tracers)
    faults = [
        Fault("unavailable"),
        Fault("cut", after_pieces=2),
        Fault("empty"),
        None,
        Fault("rate_limit", retry_after_s=0.05, limit_rpm=1000),
        None,
    ]
    with tempfile.TemporaryDirectory() as home:
        store = await SqlStoryStore.open(Path(home) / "stories.db")
        async with WireServer(words=60) as wire:
            stack = Stack(
                url=wire.url,
                retries=RetryPolicy(base_s=0.01),
                circuit=CircuitPolicy(failures=50),
                ledger=store.ledger(),
            )
            wire.faults.next(*faults)
            per_call = []
            text = ended = ""
            try:
                for number in range(3):
                    before = len(wire.records)
                    try:
                        async for item in stack.provider.stream(asked(f"call {number}")):
                            if isinstance(item, StreamRestarted):
                                text = ""
                            elif isinstance(item, TextPiece):
                                text += item.text
                            elif isinstance(item, StreamEnded):
                                ended += item.response.text
                    except ProviderError:
                        text = ""
                    per_call.append(len(wire.records) - before)
                await stack.tracker.flush()
                rows = await stack.ledger.attempts()
            finally:
                await stack.close()
                await store.close()
            requests = len(wire.records)
    attempts = [span for span in spans.get_finished_spans() if span.name.startswith("chat ")]
    yield Row(
        number="8a",
        what="HTTP requests, ledger rows in the database and client spans of three calls",
        measured=f"{requests}, {len(rows)}, {len(attempts)}",
        bound="equal",
        ok=requests == len(rows) == len(attempts) > 3,
    )
    yield Row(
        number="8b",
        what="requests per call: 503, cut, empty | good | 429, good; rows numbered so",
        measured=", ".join(map(str, per_call)),
        bound="3, 1, 2",
        ok=per_call == [3, 1, 2]
        and [row.attempt for row in rows] == [n + 1 for count in per_call for n in range(count)],
    )
