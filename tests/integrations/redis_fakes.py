"""Links to a real Redis whose time is a clock turned by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest

from tests.integrations.fakes import START, ManualClock, settle

pytest.importorskip("redis")
from tta_rebuild.integrations.redis_link import PREFIX, LinkTiming, RedisLink, client_of


class RedisClock(ManualClock):
    """Time passes only when Redis has answered everything."""

    def __init__(self, start: datetime = START) -> None:
        super().__init__(start)
        self.links: list[RedisLink] = []

    async def settle(self) -> None:
        await settle()
        while any(link.is_busy for link in self.links):
            await asyncio.sleep(0.0002)
            await settle(3)


async def linked(
    url: str, clock: RedisClock, *, worker: str = "w1", settled: bool = True, **options: Any
) -> RedisLink:
    """A link by the hand-turned clock; ``settled``: to a Redis that has forgotten nothing."""
    options.setdefault("timing", LinkTiming(lease_s=1e6, alive_s=1e6, answer_s=10.0))
    link = RedisLink(
        client_of(url, answer_s=options["timing"].answer_s),
        worker,
        clock=clock,
        server_time=lambda: clock.wall().timestamp(),
        **options,
    )
    clock.links.append(link)
    if settled:
        await link.client.mset({f"{PREFIX}settled": 0, f"{PREFIX}reported": 0})
    await link.beat()
    return link


@asynccontextmanager
async def links_to(url: str, *workers: str, **options: Any) -> AsyncIterator[Any]:
    """A clock and a link for each worker, closed in the end."""
    clock = RedisClock()
    links = [await linked(url, clock, worker=worker, **options) for worker in workers]
    try:
        yield clock, links
    finally:
        for link in clock.links:
            await link.aclose()
