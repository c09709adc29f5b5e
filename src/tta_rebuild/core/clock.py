"""Time as a value that is passed in: what waits or measures takes a clock, never the system's own.

Tests hand in one that they turn by hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Timer(Protocol):
    """Something that will happen unless it is cancelled."""

    def cancel(self) -> None:
        """It shall not happen; safe to call at any time."""


class Clock(Protocol):
    """What time it is, and waking up later."""

    def now(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    def wall(self) -> datetime:
        """The date and the time of day, with a zone."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call back in ``delay_s`` seconds, from the event loop."""

    async def sleep(self, delay_s: float) -> None:
        """Come back in ``delay_s`` seconds; cancellable."""


class SystemClock:
    """The ``Clock`` of this machine and of the running event loop; its zone is UTC."""

    now = staticmethod(time.monotonic)

    def wall(self) -> datetime:
        """See ``Clock``."""
        return datetime.now(UTC)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """See ``Clock``."""
        import asyncio  # loaded with the first loop, not with the package

        return asyncio.get_running_loop().call_later(delay_s, callback)

    async def sleep(self, delay_s: float) -> None:
        """See ``Clock``."""
        import asyncio

        await asyncio.sleep(delay_s)
