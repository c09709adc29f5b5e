"""Time as a value that is passed in: what waits or measures takes a clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Timer(Protocol):
    """Something that will happen unless it is cancelled."""

    def cancel(self) -> None:
        """It shall not happen; safe to call at any time."""


class Clock:
    """What time it is, and waking up later: of this machine and of the running event loop."""

    def now(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        return time.monotonic()

    def wall(self) -> datetime:
        """The date and the time of day, in UTC."""
        return datetime.now(UTC)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call back in ``delay_s`` seconds, from the event loop."""
        import asyncio  # loaded with the first loop, not with the package

        return asyncio.get_running_loop().call_later(delay_s, callback)

    async def sleep(self, delay_s: float) -> None:
        """Come back in ``delay_s`` seconds; cancellable."""
        import asyncio

        await asyncio.sleep(delay_s)
