"""The provider stack as ``bootstrap`` writes it down, with the ledger in SQLite.

Only the address of the model is another one: the loopback server's.
"""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from harness import MODEL, PROMPT, SCHEMA, address, measure

from tta_rebuild.bootstrap.stack_builder import StackBuilder
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.integrations import (
    Budget,
    CostTracker,
    GeminiLLMProvider,
    LLMConfig,
    LLMProvider,
    LLMRequest,
    ResponseCache,
)
from tta_rebuild.settings import Settings
from tta_rebuild.storage.story_store import StoryStore


class LoopbackBench(StackBuilder):
    """The stack's builder, with Gemini's adapter pointed at the loopback server."""

    def _adapter(self, full_name: str) -> LLMProvider:
        return GeminiLLMProvider("any", config=LLMConfig(model=MODEL), base_url=address())


async def main() -> None:
    context = TTAContext(
        workflow_id="overhead",
        correlation_id="overhead",
        timestamp=datetime(2026, 11, 22, tzinfo=UTC),
        metaconcepts=[],
        player_boundaries={},
    )
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        store = await StoryStore.open(data_dir, clock=lambda: datetime.now(UTC))
        settings = Settings(data_dir=data_dir, model=f"gemini:{MODEL}", rate_limit_rpm=10_000_000)
        tracker = CostTracker(store.ledger(), [Budget(scope="session", limit_usd=1e6)])
        bench = LoopbackBench(settings, tracker, ResponseCache())
        provider = await bench.stack(await bench.chain())

        async def call(number: int) -> str:
            request = LLMRequest(
                prompt=f"{PROMPT} {number}", context=context, task="scene", schema=SCHEMA
            )
            return (await provider.complete(request)).text

        await measure(call, tracker.flush)
        await provider.aclose()
        await tracker.flush()
        await store.close()


asyncio.run(main())
