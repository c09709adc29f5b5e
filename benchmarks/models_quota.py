"""The quota on the wire, as the provider's own clock sees it.

Quick: a window of 4 seconds instead of 60; the limiter has no other difference between the two.
"""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import AsyncIterator, Sequence

from tools.wire.process import RunningWire

from benchmarks import Row
from benchmarks.workloads.model_stack import Stack, asked
from tta_rebuild.integrations import Quota

CALLERS = 64


async def measure(quick: bool) -> AsyncIterator[Row]:
    window_s, limit = (4.0, 60) if quick else (60.0, 240)
    scale = f"{window_s:.0f}-s windows" + (" (quick)" if quick else "")
    bursts, steady = await asyncio.gather(
        _arrivals(window_s, limit, bursts=True), _arrivals(window_s, limit, bursts=False)
    )
    most = max(_most_in_a_window(times, window_s) for times in (bursts, steady))
    yield Row(
        what=f"greatest share of the quota in any window, {CALLERS} callers, {scale}",
        measured=f"{most / limit:.2f} x",
        bound="at most 1.00 x",
        ok=0 < most <= limit,
    )
    used = _share_used(steady, window_s, limit)
    yield Row(
        what="share of the quota that is used under steady load",
        measured=f"{100 * used:.1f} %",
        bound="at least 95 %",
        ok=used >= 0.95,
    )


async def _arrivals(window_s: float, limit: int, *, bursts: bool) -> list[float]:
    """When requests arrived at the server, over two windows and a little."""
    loop = asyncio.get_running_loop()
    length_s = 2.1 * window_s
    with RunningWire(first_token_s=0.05, words=10) as wire:
        stack = Stack(url=wire.url, quota=Quota(rpm=limit, window_s=window_s))
        try:
            await stack.provider.complete(asked("warm up"))
            ends_at = loop.time() + length_s

            async def call(number: int) -> None:
                while loop.time() < ends_at:
                    if bursts:
                        # All at once, again and again, right at the edges of the windows too.
                        await asyncio.sleep(max(0.0, -loop.time() % (window_s / 3)))
                    else:
                        await asyncio.sleep(0.4 * window_s * CALLERS / limit)
                    await stack.provider.complete(asked(f"caller {number}"))

            callers = [asyncio.create_task(call(number)) for number in range(CALLERS)]
            await asyncio.sleep(length_s)
            for caller in callers:
                caller.cancel()
            await asyncio.gather(*callers, return_exceptions=True)
            return sorted(record.at for record in await asyncio.to_thread(wire.records))
        finally:
            await stack.close()


def _most_in_a_window(times: Sequence[float], window_s: float) -> int:
    return max(
        bisect.bisect_left(times, start + window_s) - index for index, start in enumerate(times)
    )


def _share_used(times: Sequence[float], window_s: float, limit: int) -> float:
    """Requests in the first two windows against what two windows allow."""
    return bisect.bisect_left(times, times[0] + 2 * window_s) / (2 * limit)
