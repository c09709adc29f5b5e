"""Whatever workers do, and however they and Redis die, a budget on Redis is never passed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integrations.costed import RATES, Fixed
from tests.integrations.fakes import MemoryLedger, request_of
from tests.integrations.redis_fakes import RedisClock, linked
from tests.integrations.test_lost_calls import CALL
from tests.redis_server import RedisServer
from tta_rebuild.bootstrap.spending import booker_of_lost_calls
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.budgets import Budget
from tta_rebuild.integrations.llm_provider import (
    Items,
    LLMConfig,
    LLMRequest,
    LLMResponse,
    RequestProvider,
)
from tta_rebuild.integrations.redis_budgets import RedisBudgets
from tta_rebuild.integrations.redis_link import LinkTiming
from tta_rebuild.integrations.wrappers.costed import CostTrackingLLMProvider

WORKERS = 3
Step: TypeAlias = tuple[Literal["call", "leave", "wait", "kill", "away", "back"], int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["call", "call", "call", "wait", "leave", "kill", "away", "back"]),
        st.integers(0, WORKERS - 1),
    ),
    min_size=5,
    max_size=40,
)
TIMING = LinkTiming(lease_s=30.0, alive_s=1e6, answer_s=10.0, window_s=1.0)


class Mortal(RequestProvider):
    """A model server that bills what it tells, to a worker that may be killed meanwhile."""

    def __init__(self, clock: RedisClock, seed: int) -> None:
        super().__init__(LLMConfig(model="gemini-2.5-flash", max_tokens=400))
        self._clock, self._random, self._is_dead = clock, random.Random(seed), False
        self._open: list[Usage] = []
        self.billed_usd = 0.0

    async def complete(self, request: LLMRequest) -> LLMResponse:
        usage = Usage(input_tokens=100, output_tokens=self._random.randint(1, 400))
        self._open.append(usage)
        self.billed_usd += RATES.cost_usd(usage)
        await self._clock.sleep(self._random.uniform(0.1, 3.0))
        if self._is_dead:
            await asyncio.Event().wait()
        self._open.remove(usage)
        return LLMResponse(
            text="t",
            tokens_used=usage.total_tokens,
            model=self.config.model,
            finish_reason="stop",
            usage=usage,
        )

    def stream(self, request: LLMRequest) -> Items:
        raise NotImplementedError

    def kill(self) -> Sequence[Usage]:
        """What was told to a worker that heard no end of it."""
        self._is_dead = True
        return tuple(self._open)


class Worker:
    """A worker with calls under way."""

    def __init__(self, at: Fixed, model: Mortal) -> None:
        self.at, self.model = at, model
        self.asks = CostTrackingLLMProvider(model, at.tracker, provider="gemini")
        self.calls: list[asyncio.Task[LLMResponse]] = []


class Table:
    """Workers under one budget, whose steps a test says."""

    def __init__(self, server: RedisServer, limit_usd: float, seed: int) -> None:
        self.server, self.clock, self.ledger = server, RedisClock(), MemoryLedger()
        self.budgets, self.seed = [Budget(scope="total", limit_usd=limit_usd)], seed
        self.workers: list[Worker] = []
        self.models: list[Mortal] = []
        self.is_there = True

    async def begin(self) -> None:
        number = len(self.models)
        name, url = f"w{number}", self.server.url
        link = await linked(
            url, self.clock, worker=name, timing=TIMING, least_workers=WORKERS, settled=not number
        )
        at = Fixed(
            clock=self.clock,
            ledger=self.ledger,
            budgets=self.budgets,
            make_call=RedisBudgets(link).call,
            patience_s=10.0,
        )
        at.link = link  # type: ignore[attr-defined]
        self.models.append(Mortal(self.clock, self.seed + number))
        self.workers.append(Worker(at, self.models[-1]))

    async def kill(self, which: int) -> None:
        """One is killed; two seconds later another has booked what nobody heard the end of."""
        worker = self.workers.pop(which)
        await worker.at.tracker.flush()  # open calls keep what was not: it is booked as lost too
        lost, link = worker.model.kill(), worker.at.link  # type: ignore[attr-defined]
        link.is_away = True  # it tells Redis nothing any more
        await self.clock.settle()
        self.clock.links.remove(link)
        await link.aclose()
        await self.clock.advance(2.0)
        survivor = self.workers[0].at.tracker
        for usage in lost:
            book = booker_of_lost_calls(survivor)
            await book(replace(CALL, provider="gemini"), replace(usage, estimated=True))

    async def step(self, word: str, which: int) -> None:
        worker = self.workers[which % len(self.workers)]
        if word == "call":
            worker.calls.append(asyncio.create_task(worker.asks.complete(request_of())))
            await self.clock.settle()
        elif word == "leave" and worker.calls:
            worker.calls.pop().cancel()
        elif word == "kill" and len(self.workers) > 1:
            await self.kill(which % len(self.workers))
        elif word == "away" and self.is_there:
            self.server.stop()
            self.is_there = False
        elif word == "back" and not self.is_there:
            self.server.start()
            self.is_there = True
        await self.clock.advance(1.0)

    async def end(self) -> None:
        """Let go of all that the loop has."""
        if not self.is_there:
            self.server.start()
        for worker in self.workers:
            await worker.at.link.aclose()  # type: ignore[attr-defined]
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def billed_usd(self) -> float:
        return sum(model.billed_usd for model in self.models)


@pytest.fixture(scope="module")
def any_redis(tmp_path_factory: pytest.TempPathFactory) -> RedisServer:
    pytest.importorskip("redis")
    return RedisServer(tmp_path_factory.mktemp("r"))


PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Without making a failure smaller, which takes minutes."""


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(steps=STEPS, limit_usd=st.sampled_from([0.005, 0.02, 0.1]), seed=st.integers(0, 999))
def test_no_order_of_calls_kills_and_absences_passes_the_budget(
    any_redis: RedisServer, steps: list[Step], limit_usd: float, seed: int
) -> None:
    async def play(table: Table) -> None:
        for _ in range(WORKERS):
            await table.begin()
        for word, which in steps:
            await table.step(word, which)
            assert table.billed_usd <= limit_usd + 1e-9, (word, which)
        await table.step("back", 0)
        await table.clock.advance(60.0)
        assert table.billed_usd <= limit_usd + 1e-9
        for worker in table.workers:
            await worker.at.tracker.flush()
        assert table.ledger.total_usd >= table.billed_usd - 1e-9

    async def all_of_it() -> None:
        table = Table(any_redis, limit_usd, seed)
        try:
            await play(table)
        finally:
            await table.end()

    with any_redis:
        asyncio.run(all_of_it())
