"""5b: one update of the timeline costs the same after 1,000 and after 1,000,000 events."""

from __future__ import annotations

from benchmarks.figures import Row
from benchmarks.timelines import update_times_s

MOST_RATIO, MOST_P99_MS = 1.5, 1.0


async def measure(quick: bool) -> list[Row]:
    large, samples = (100_000, 2_000) if quick else (1_000_000, 10_000)
    small_times = await update_times_s(1_000, min(samples, 500), rounds=20)
    large_times = await update_times_s(large, samples)

    def at(times: list[float], share: float) -> float:
        return times[int(share * (len(times) - 1))] * 1000

    ratio = at(large_times, 0.5) / at(small_times, 0.5)
    p99 = at(large_times, 0.99)
    return [
        Row(
            number="5b",
            what=f"timeline update at {large:,} events over 1,000 (median)",
            measured=f"{ratio:.2f}x ({at(large_times, 0.5) * 1000:.0f} us)",
            bound=f"<= {MOST_RATIO}x",
            ok=ratio <= MOST_RATIO,
        ),
        Row(
            number="5b",
            what=f"timeline update at {large:,} events, p99",
            measured=f"{p99:.3f} ms",
            bound=f"< {MOST_P99_MS} ms",
            ok=p99 < MOST_P99_MS,
        ),
    ]
