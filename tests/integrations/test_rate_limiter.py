"""The limiter of one process holds what every limiter must hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest

from tests.integrations.fakes import START, ManualClock
from tests.integrations.quota_contract import MODEL, Make, QuotaContract
from tta_rebuild.integrations.rate_limiter import Quota, RateLimiter


class TestInOneProcess(QuotaContract):
    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Make]:
        async def make(
            *args: Any, start: datetime = START, **options: Any
        ) -> tuple[ManualClock, RateLimiter]:
            clock = ManualClock(start)
            return clock, RateLimiter(*args, clock=clock, **options)

        yield make

    async def used(self, limiter: RateLimiter) -> tuple[int, int]:
        return limiter.used(MODEL)


def test_a_quota_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="rpm must be a whole number and at least 1"):
        Quota(rpm=0)
