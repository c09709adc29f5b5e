"""A worker of its own process whose callers want room in a quota on Redis, or money of a budget.

Run by ``test_redis_processes``; the answer is a line ``begun``, lines of seconds by the machine's
monotonic clock, each when a request was let through, and a last line of how often Redis went away.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.integrations.fakes import ScriptedProvider, Told, request_of
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import BudgetExceededError, QuotaFull
from tta_rebuild.core.usage import Attempt, Ledger, Usage
from tta_rebuild.integrations.budgets import Budget
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.prices import Price, PriceBook, Rates
from tta_rebuild.integrations.rate_limiter import Quota
from tta_rebuild.integrations.redis_budgets import RedisBudgets
from tta_rebuild.integrations.redis_link import LinkTiming, RedisLink, client_of
from tta_rebuild.integrations.redis_quotas import RedisRateLimiter
from tta_rebuild.integrations.wrappers.costed import CostTrackingLLMProvider


async def main(asked: dict[str, Any]) -> None:
    went = list[bool]()
    timing = LinkTiming(**asked["timing"])
    link = RedisLink(
        client_of(asked["url"], answer_s=timing.answer_s),
        asked["worker"],
        least_workers=asked["workers"],
        timing=timing,
        on_change=went.append,
    )
    await link.open()
    print("begun", flush=True)
    if "ledger" in asked:
        times = await spend(link, asked)
    else:
        times = await send(link, asked)
    await link.aclose()
    for moment in times:
        print(moment)
    print(sum(went))


async def send(link: RedisLink, asked: dict[str, Any]) -> list[float]:
    timing = link.timing
    limiter = RedisRateLimiter(link, Quota(rpm=asked["rpm"], window_s=timing.window_s))
    ends = time.monotonic() + asked["seconds"]
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

    await asyncio.gather(*(call() for _ in range(asked["callers"])))
    return times


class FileLedger(Ledger):
    """What all workers spent, a line each; and, as a provider, their bill."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    async def book_all(self, attempts: Sequence[Attempt]) -> None:
        with self.path.open("a") as file:
            file.write("".join(f"{attempt.cost_usd!r}\n" for attempt in attempts))

    async def spent_usd(self, **which: Any) -> float:
        return sum(map(float, self.path.read_text().split()))


async def spend(link: RedisLink, asked: dict[str, Any]) -> list[float]:
    """Calls under one budget until the time is over; when each was billed.

    Unless ``asked`` says otherwise they cost $0.006 of at most $0.01.
    """
    budgets = [Budget(scope="total", limit_usd=asked["limit_usd"])]
    rates = Rates(**asked.get("rates", {"input": 1.0, "output": 10.0}))
    tracker = CostTracker(
        FileLedger(Path(asked["ledger"])),
        budgets,
        prices=PriceBook({"m": Price(rates=rates)}),
        make_call=RedisBudgets(link).call,
    )
    usage = Usage(**asked.get("usage", {"input_tokens": 1000, "output_tokens": 500}))
    model = ScriptedProvider(
        Told(usage=usage, takes_s=asked.get("takes_s", 0.5)),
        model="m",
        max_tokens=asked.get("max_tokens", 1000),
    )
    model.clock = Clock()  # type: ignore[assignment]
    provider = CostTrackingLLMProvider(model, tracker, provider="gemini")
    prompt = "p" * asked.get("prompt_chars", 20)
    ends = time.monotonic() + asked["seconds"]
    times: list[float] = []

    async def call() -> None:
        while time.monotonic() < ends:
            try:
                await provider.complete(request_of(prompt))
            except BudgetExceededError:
                await asyncio.sleep(0.05)
            else:
                times.append(time.monotonic())

    await asyncio.gather(*(call() for _ in range(asked["callers"])))
    await tracker.flush()
    return times


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
