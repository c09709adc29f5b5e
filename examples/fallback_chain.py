"""A model that fails, the next in the chain, and the way back.

Runs without a key and without a network: a stand-in plays a model that is overloaded for a while,
and the embedded storyteller takes over, for real.

    python examples/fallback_chain.py
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

import tta_rebuild as tta
from tta_rebuild.integrations import (
    CircuitBreakerLLMProvider,
    CircuitPolicy,
    FallbackLLMProvider,
    Link,
    RetryingLLMProvider,
    RetryPolicy,
)
from tta_rebuild.integrations.wrappers.fallback import ALSO_WITHOUT_BUDGET
from tta_rebuild.storyteller import OfflineProvider

CONTEXT = tta.TTAContext(
    workflow_id="example",
    correlation_id="example",
    timestamp=datetime.now(UTC),
    metaconcepts=[],
    player_boundaries={},
)


async def main() -> None:
    """Five turns: the model answers, fails three times, and is back."""
    print("No key is needed: a stand-in plays the model, the embedded storyteller is real.")
    logging.getLogger("tta_rebuild").setLevel(logging.ERROR)
    model = tta.MockLLMProvider(response="The model tells: the gate stood open.", latency_ms=1)
    guarded = RetryingLLMProvider(
        CircuitBreakerLLMProvider(model, CircuitPolicy(failures=5, cool_down_s=0.3)),
        RetryPolicy(attempts=3, base_s=0.01),
    )
    provider = FallbackLLMProvider(
        [
            Link(provider=guarded, name="the model"),
            Link(
                provider=OfflineProvider(),
                name="the embedded storyteller",
                takes_over_for=ALSO_WITHOUT_BUDGET,
            ),
        ]
    )

    async def tell(turn: int) -> None:
        before = model.call_count
        request = tta.LLMRequest(
            prompt="What does the keeper say to the stranger at the gate?",
            context=CONTEXT,
            task="dialogue",
            variables={"seed": turn, "scene_context": "a gate at night"},
        )
        response = await provider.complete(request)
        hits = model.call_count - before
        print(f"\nturn {turn} (the model was asked {hits} times)\n  {response.text[:70]}")
        if response.degraded:
            print(f"  [{response.degraded}]")

    await tell(1)
    model.should_fail = True
    for turn in (2, 3, 4):
        await tell(turn)
    model.should_fail = False
    await asyncio.sleep(0.3)
    await tell(5)


asyncio.run(main())
