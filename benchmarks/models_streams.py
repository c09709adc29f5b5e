"""Streams on the wire: leaving one in the middle, and how soon its first prose is seen."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

from tools.wire import Record, RunningWire

from benchmarks import Row
from benchmarks.timing import at_most, quantile
from benchmarks.workloads.model_stack import CONTEXT
from tta_rebuild.core.story import Passage
from tta_rebuild.core.usage import Ledger
from tta_rebuild.integrations import (
    AnthropicProvider,
    CostTracker,
    CostTrackingLLMProvider,
    GeminiLLMProvider,
    LLMConfig,
    LLMProvider,
    LLMRequest,
    OpenAIProvider,
)
from tta_rebuild.integrations.llm_provider import TextPiece
from tta_rebuild.narrative import StoryGenerationInput, StoryGeneratorPrimitive

MODELS = {
    "gemini": "gemini-2.5-flash-lite",
    "openai": "gpt-4.1-mini",
    "anthropic": "claude-haiku-4-5",
}
PIECE_CHARS = 24


async def measure(quick: bool) -> AsyncGenerator[Row, None]:
    async for row in leaving(quick):
        yield row
    yield await first_prose(quick)


def adapter(vendor: str, url: str) -> LLMProvider:
    config = LLMConfig(model=MODELS[vendor], max_tokens=4000)
    if vendor == "gemini":
        return GeminiLLMProvider("any", config=config, base_url=url)
    if vendor == "openai":
        return OpenAIProvider("any", config=config, base_url=f"{url}/v1", provider="openai")
    return AnthropicProvider("any", config=config, base_url=url)


async def _leave(vendor: str, wire: RunningWire, trials: int) -> tuple[int, float, float]:
    """(most chunks sent after leaving, most the booking is off, price of a chunk), by trials."""
    provider = adapter(vendor, wire.url)
    ledger = Ledger()
    tracker = CostTracker(ledger)
    costed = CostTrackingLLMProvider(provider, tracker, provider=vendor)
    price = tracker.prices.price(vendor, MODELS[vendor], at=datetime.now(UTC)).rates
    wire.settings(prices={MODELS[vendor]: (price.input, price.cached or price.input, price.output)})
    worst_chunks, worst_usd = 0, 0.0
    for trial in range(trials):
        wire.reset()
        asked = LLMRequest(
            prompt=f"METACONCEPTS TO FOLLOW: none. {trial}", context=CONTEXT, story_id="s"
        )
        before_usd = await _booked(tracker, ledger)
        read = 0
        async with aclosing(costed.stream(asked)) as items:
            async for item in items:
                read += isinstance(item, TextPiece)
                if read == 10 + trial:
                    break
        record = await _ended(wire)
        worst_chunks = max(worst_chunks, record.pieces_sent - read)
        booked_usd = await _booked(tracker, ledger) - before_usd
        worst_usd = max(worst_usd, abs(booked_usd - record.billed_usd))
    await costed.aclose()
    await tracker.flush()
    return worst_chunks, worst_usd, PIECE_CHARS / 4 * price.output / 1e6


async def _booked(tracker: CostTracker, ledger: Ledger) -> float:
    await tracker.flush()
    return await ledger.spent_usd()


async def _ended(wire: RunningWire) -> Record:
    """The one request of a trial, once the server has noticed that the reader is gone."""
    deadline = time.monotonic() + 5
    while True:
        (record,) = await asyncio.to_thread(wire.records)
        if record.ended_at is not None or time.monotonic() > deadline:
            return record
        await asyncio.sleep(0.02)


async def leaving(quick: bool) -> AsyncGenerator[Row, None]:
    # A chunk every 12 ms: twice as fast as a quick model, and slow enough to tell chunks apart.
    with RunningWire(piece_chars=PIECE_CHARS, tokens_per_s=500, words=600) as wire:
        for vendor in MODELS:
            chunks, off_usd, chunk_usd = await _leave(vendor, wire, 2 if quick else 15)
            yield Row(
                what=f"{vendor}: chunks sent after the reader left",
                measured=f"{chunks}",
                bound="<= 1",
                ok=chunks <= 1,
            )
            yield Row(
                what=f"{vendor}: booked for a stream that was left, off the server's bill",
                measured=f"${off_usd:.7f}",
                bound=f"<= one chunk (${chunk_usd:.7f})",
                ok=off_usd <= chunk_usd * (1 + 1e-9),
            )


async def first_prose(quick: bool) -> Row:
    opening = StoryGenerationInput(
        theme="A ferryman between two shores",
        universe_id="u",
        timeline_position=0,
        active_characters=["ilse"],
        previous_context="",
        player_preferences={},
    )
    prose = "The rope creaked, and the far shore stayed where it was. " * 20
    reply = json.dumps({"passages": [{"facts": [], "text": prose}], "story_branches": []})
    ends_prose = reply.index("}]") // PIECE_CHARS
    late_ms: list[float] = []
    with RunningWire(piece_chars=PIECE_CHARS, tokens_per_s=500, reply=reply) as wire:
        teller = StoryGeneratorPrimitive(adapter("gemini", wire.url))
        for trial in range(10 if quick else 60):
            wire.reset()
            seen = 0.0
            async with aclosing(teller.tell(opening, CONTEXT)) as items:
                async for item in items:
                    if isinstance(item, Passage):
                        seen = time.monotonic()
                        break
            record = await _ended(wire)
            if trial:  # the first pays for the SDK's import
                late_ms.append((seen - record.piece_times[ends_prose]) * 1000)
        await teller.llm_provider.aclose()
    p95 = quantile(late_ms, 0.95)
    return at_most("structured mode: first passage after the chunk that ends it, p95", p95, 5, "ms")
