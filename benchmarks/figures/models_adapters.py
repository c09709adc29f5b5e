"""The adapters: leaving a stream (3), the first prose (5), overhead against peers (7).

The peers live in environments of their own under ``.venv-peers`` (made here when missing), because
their dependencies contradict ours. All talk to one loopback server, whose CPU is not counted.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.wire import Record, RunningWire

from benchmarks.figures import Row
from tta_rebuild.core.base_primitive import TTAContext
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
from tta_rebuild.narrative import ProsePiece, StoryGenerationInput, StoryGeneratorPrimitive
from tta_rebuild.storage.memory_ledger import MemoryLedger

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "benchmarks" / "peers"
ENVIRONMENTS = ROOT / ".venv-peers"
PACKAGES = {"litellm_router": "litellm", "pydantic_ai_agent": "pydantic-ai-slim[google]"}
NAMES = {
    "raw_genai": "google-genai alone",
    "our_stack": "our full stack",
    "litellm_router": "litellm Router",
    "pydantic_ai_agent": "pydantic-ai Agent",
}
MODELS = {
    "gemini": "gemini-2.5-flash-lite",
    "openai": "gpt-4.1-mini",
    "anthropic": "claude-haiku-4-5",
}
WIDTHS = "1,32"
"""At which concurrency overhead is measured."""

PIECE_CHARS = 24
CONTEXT = {"workflow_id": "figures", "correlation_id": "figures"}


def context() -> TTAContext:
    from datetime import UTC, datetime

    return TTAContext(**CONTEXT, timestamp=datetime.now(UTC), metaconcepts=[], player_boundaries={})


def adapter(vendor: str, url: str) -> LLMProvider:
    config = LLMConfig(model=MODELS[vendor], max_tokens=4000)
    if vendor == "gemini":
        return GeminiLLMProvider("any", config=config, base_url=url)
    if vendor == "openai":
        return OpenAIProvider("any", config=config, base_url=f"{url}/v1", provider="openai")
    return AnthropicProvider("any", config=config, base_url=url)


# ------------------------------------------------------------------------------------ 3: leaving


async def _leave(vendor: str, wire: RunningWire, trials: int) -> tuple[int, float, float]:
    """(most chunks sent after leaving, most the booking is off, price of a chunk), by trials."""
    provider = adapter(vendor, wire.url)
    ledger = MemoryLedger()
    tracker = CostTracker(ledger)
    costed = CostTrackingLLMProvider(provider, tracker, provider=vendor)
    price = tracker.prices.price(vendor, MODELS[vendor], at=datetime.now(UTC)).rates
    wire.settings(prices={MODELS[vendor]: (price.input, price.cached or price.input, price.output)})
    worst_chunks, worst_usd = 0, 0.0
    for trial in range(trials):
        wire.reset()
        asked = LLMRequest(
            prompt=f"METACONCEPTS TO FOLLOW: none. {trial}", context=context(), story_id="s"
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
    await tracker.aclose()
    return worst_chunks, worst_usd, PIECE_CHARS / 4 * price.output / 1e6


async def _booked(tracker: CostTracker, ledger: MemoryLedger) -> float:
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
                number="3",
                what=f"{vendor}: chunks sent after the reader left",
                measured=f"{chunks}",
                bound="<= 1",
                ok=chunks <= 1,
            )
            yield Row(
                number="3",
                what=f"{vendor}: booked for a stream that was left, off the server's bill",
                measured=f"${off_usd:.7f}",
                bound=f"<= one chunk (${chunk_usd:.7f})",
                ok=off_usd <= chunk_usd * (1 + 1e-9),
            )


# ------------------------------------------------------------------------------- 5: first prose


async def first_prose(quick: bool) -> AsyncGenerator[Row, None]:
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
    holds_prose = reply.index("The rope") // PIECE_CHARS
    late_ms: list[float] = []
    with RunningWire(piece_chars=PIECE_CHARS, tokens_per_s=500, reply=reply) as wire:
        teller = StoryGeneratorPrimitive(adapter("gemini", wire.url))
        for trial in range(10 if quick else 60):
            wire.reset()
            seen = 0.0
            async with aclosing(teller.tell(opening, context())) as items:
                async for item in items:
                    if isinstance(item, ProsePiece) and item.text.strip():
                        seen = time.monotonic()
                        break
            record = await _ended(wire)
            if trial:  # the first pays for the SDK's import
                late_ms.append((seen - record.piece_times[holds_prose]) * 1000)
        await teller.llm_provider.aclose()
    p95 = statistics.quantiles(late_ms, n=20)[-1]
    yield Row(
        number="5",
        what="structured mode: first prose after the chunk that holds it, p95",
        measured=f"{p95:.2f} ms (median {statistics.median(late_ms):.2f})",
        bound="<= 5 ms",
        ok=p95 <= 5,
    )


# ---------------------------------------------------------------------------------- 7: overhead


def _python(peer: str) -> str:
    """The interpreter that has what a peer program needs; made if it is not there."""
    package = PACKAGES.get(peer)
    if package is None:
        return sys.executable
    home = ENVIRONMENTS / peer
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package],
            check=True,
            capture_output=True,
        )
        (home / "ready").touch()
    return str(python)


def _run(
    peer: str, url: str, calls: int, widths: str, warm_up: int | None = None
) -> dict[str, Any]:
    command = [_python(peer), str(PEERS / f"{peer}.py"), url, str(calls), widths]
    if warm_up is not None:
        command.append(str(warm_up))
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "src"),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{peer} failed: {done.stderr[-400:]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def overhead(quick: bool) -> Iterator[Row]:
    calls, rounds = (200, 1) if quick else (400, 4)
    with RunningWire() as wire:
        wire.settings(keep_records=False)
        spent: dict[str, list[dict[str, float]]] = {peer: [] for peer in NAMES}
        # In turns, so that what else the machine does falls on all of them alike.
        for number in range(2 * rounds):
            for peer, runs in spent.items():
                if peer not in PACKAGES or number % 2 == 0:
                    runs.append(_run(peer, wire.url, calls, WIDTHS)["cpu_ms"])
        for width in WIDTHS.split(","):
            least = {peer: min(run[width] for run in runs) for peer, runs in spent.items()}
            ratio = least["our_stack"] / least["raw_genai"]
            yield Row(
                number="7",
                what=f"CPU per call, full stack over google-genai alone, concurrency {width}",
                measured=f"{ratio:.2f} x ({least['our_stack']:.2f}/{least['raw_genai']:.2f} ms)",
                bound="<= 1.15 x",
                ok=ratio <= 1.15,
            )
            for peer in PACKAGES:
                yield Row(
                    number="7",
                    what=f"CPU per call below {NAMES[peer]}, concurrency {width}",
                    measured=f"{least['our_stack']:.2f} / {least[peer]:.2f} ms",
                    bound="below",
                    ok=least["our_stack"] < least[peer],
                )
        count = 1_000 if quick else 50_000
        # Warm until the cache of replies in memory is full: its size is bounded, and no leak.
        growth_mb = _run("our_stack", wire.url, count, "32", 600 if quick else 2_000)["growth_mb"]
        yield Row(
            number="7",
            what=f"memory growth over {count:,} calls",
            measured=f"{growth_mb:.1f} MB",
            bound="< 5 MB",
            ok=growth_mb < 5,
        )


async def measure(quick: bool) -> AsyncGenerator[Row, None]:
    async for row in leaving(quick):
        yield row
    async for row in first_prose(quick):
        yield row
    for row in overhead(quick):
        yield row
