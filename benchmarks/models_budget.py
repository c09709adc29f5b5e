"""The budget on the wire, as the server's bill sees it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

from tools.wire import Fault, WireServer

from benchmarks import Row
from benchmarks.workloads.model_stack import Stack, asked
from tta_rebuild.core.errors import BudgetExceededError, ProviderError
from tta_rebuild.integrations import Budget, LLMProvider, RetryPolicy
from tta_rebuild.integrations.llm_provider import StreamEnded

LIMIT_USD = 0.02
CALLS = 64
_FAULTS = [
    Fault("unavailable"),
    Fault("rate_limit", retry_after_s=0.01, limit_rpm=100_000),
    Fault("cut", after_pieces=4),
    Fault("quiet_cut", after_pieces=4),
    Fault("stream_error", after_pieces=2),
    Fault("empty"),
    Fault("bad_body"),
    Fault("reset"),
]


async def measure(quick: bool) -> AsyncIterator[Row]:
    rounds = 2 if quick else 6
    for what, faults in (
        (f"billed by the server, {CALLS} concurrent calls against $0.02", False),
        ("the same, faults in 30 %, a third of the calls cancelled", True),
    ):
        billed, used, warned = 0.0, 0.0, True
        for seed in range(rounds):
            bill, levels = await _spend(seed, faults)
            billed, used = max(billed, bill), used + bill / rounds
            warned = warned and levels == [80, 90, 100]
        yield Row(
            what=what,
            measured=f"${billed:.5f} (mean {used:.5f})",
            bound="at most $0.02000",
            ok=0 < billed <= LIMIT_USD,
        )
        if not faults:
            yield Row(
                what="warnings at 80, 90 and 100 % in each of these rounds",
                measured="once each" if warned else "not once each",
                bound="once each",
                ok=warned,
            )
    apart, calls = await _difference(40 if quick else 400)
    yield Row(
        what=f"cost against the server's bill, {calls} calls, half streamed",
        measured=f"{apart:.1e} USD apart",
        bound="at most 1e-9 apart",
        ok=apart <= 1e-9,
    )


async def _spend(seed: int, has_faults: bool) -> tuple[float, list[int]]:
    """The server's bill for ``CALLS`` concurrent calls, and the levels that were warned of."""
    source = random.Random(seed)
    async with WireServer(words=250, first_token_s=0.02, tokens_per_s=4000) as wire:
        if has_faults:
            wire.faults.sometimes(0.3, _FAULTS, seed=seed)
        stack = Stack(
            url=wire.url,
            budgets=(Budget(scope="session", limit_usd=LIMIT_USD),),
            retries=RetryPolicy(base_s=0.01),
        )

        async def call(number: int) -> None:
            request = asked(f"METACONCEPTS TO FOLLOW: {seed} {number} " + "of old " * 60)
            work = asyncio.ensure_future(_done(stack.provider, request.prompt, number % 2 == 0))
            if has_faults and source.random() < 0.33:
                asyncio.get_running_loop().call_later(source.uniform(0, 0.15), work.cancel)
            await asyncio.wait([work])

        try:
            await asyncio.gather(*(call(number) for number in range(CALLS)))
            await wire.settled()
            return wire.billed_usd, [warning.percent for warning in stack.warnings]
        finally:
            await stack.close()


async def _done(provider: LLMProvider, prompt: str, is_streamed: bool) -> None:
    try:
        if is_streamed:
            async for _ in provider.stream(asked(prompt)):
                pass
        else:
            await provider.complete(asked(prompt))
    except (ProviderError, BudgetExceededError):
        pass


async def _difference(calls: int) -> tuple[float, int]:
    """How far our sum is from the server's bill."""
    async with WireServer(cached_share=0.37, thinking_tokens=53, words=60) as wire:
        stack = Stack(url=wire.url, max_tokens=2000)
        try:
            worst = 0.0
            for number in range(calls):
                before = wire.billed_usd
                prompt = f"Scene {number} " + "and more " * number
                if number % 2:
                    response = await stack.provider.complete(asked(prompt))
                else:
                    async for item in stack.provider.stream(asked(prompt)):
                        if isinstance(item, StreamEnded):
                            response = item.response
                await wire.settled()
                worst = max(worst, abs(response.cost_usd - (wire.billed_usd - before)))
            await stack.tracker.flush()
            total = await stack.ledger.spent_usd()
            return max(worst, abs(total - wire.billed_usd)), calls
        finally:
            await stack.close()
