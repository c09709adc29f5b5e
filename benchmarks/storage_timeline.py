"""One update of the timeline costs the same after 1,000 and after 1,000,000 events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from benchmarks import Row
from benchmarks.timing import at_most, quantile
from benchmarks.workloads.timelines import update_times_s


async def measure(quick: bool) -> AsyncIterator[Row]:
    large, samples = (100_000, 500) if quick else (1_000_000, 2_000)
    small_s = await update_times_s(1_000, 500, rounds=20)
    large_s = await update_times_s(large, samples, rounds=10)
    ratio = quantile(large_s, 0.5) / quantile(small_s, 0.5)
    yield at_most(f"timeline update at {large:,} events over 1,000 (median)", ratio, 1.5, "x")
    p99_ms = quantile(large_s, 0.99) * 1000
    yield at_most(f"timeline update at {large:,} events, p99", p99_ms, 1.0, "ms")
