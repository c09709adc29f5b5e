"""A worker of its own process whose callers want room in a quota on Redis: says when each got it.

Run by ``test_redis_processes``; the answer is lines of seconds by the machine's monotonic clock,
each when a request was let through, and a last line of how often Redis went away.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from tta_rebuild.core.errors import QuotaFull
from tta_rebuild.integrations.rate_limiter import Quota
from tta_rebuild.integrations.redis_link import LinkTiming, RedisLink, client_of
from tta_rebuild.integrations.redis_quotas import RedisRateLimiter


async def main(asked: dict[str, object]) -> None:
    went = list[bool]()
    timing = LinkTiming(**asked["timing"])  # type: ignore[arg-type]
    link = RedisLink(
        client_of(str(asked["url"]), answer_s=timing.answer_s),
        str(asked["worker"]),
        least_workers=int(str(asked["workers"])),
        timing=timing,
        on_change=went.append,
    )
    await link.open()
    limiter = RedisRateLimiter(link, Quota(rpm=int(str(asked["rpm"])), window_s=timing.window_s))
    ends = time.monotonic() + float(str(asked["seconds"]))
    times: list[float] = []

    async def call() -> None:
        while (left_s := ends - time.monotonic()) > 0:
            try:
                grant = await limiter.reserve("m", tokens=1, max_wait_s=left_s)
            except QuotaFull:
                await asyncio.sleep(0.02)
                continue
            times.append(time.monotonic())
            await asyncio.sleep(0.01)
            grant.settle(1)

    await asyncio.gather(*(call() for _ in range(int(str(asked["callers"])))))
    await link.aclose()
    for moment in times:
        print(moment)
    print(sum(went))


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
