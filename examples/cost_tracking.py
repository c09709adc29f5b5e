"""What a story costs: held before, booked after, and never more than the budget.

With ``USE_REAL_LLM=true`` and ``GEMINI_API_KEY`` set, Gemini answers and bills you (at most the
half cent of the budget below). Otherwise a stand-in answers: no key, no network, and the prices
are those of the model that it stands in for. The first line says which.

    python examples/cost_tracking.py
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import tta_rebuild as tta
from tta_rebuild.core.usage import Ledger
from tta_rebuild.integrations import (
    Budget,
    CostTracker,
    CostTrackingLLMProvider,
)

MODEL = tta.LLMConfig(model="gemini-2.5-flash", max_tokens=400)
SCENE = "The lamp had gone out an hour ago, and still the room was bright. " * 8
CONTEXT = tta.TTAContext(
    workflow_id="example",
    correlation_id="example",
    timestamp=datetime.now(UTC),
    metaconcepts=[],
    player_boundaries={},
)


def model() -> tta.LLMProvider:
    """Gemini where a key is set and wanted, a stand-in otherwise."""
    settings = tta.load_settings()
    if settings.use_real_llm and settings.gemini_api_key:
        print("Gemini answers, and bills for it.")
        return tta.GeminiLLMProvider(settings.gemini_api_key, config=MODEL)
    print("No key: a stand-in answers at Gemini's prices, and nothing is billed.")
    return tta.MockLLMProvider(MODEL, response=SCENE, latency_ms=5)


async def main() -> None:
    """Play until the budget is used up, then show the report."""
    ledger = Ledger()
    tracker = CostTracker(
        ledger,
        [Budget(scope="session", limit_usd=0.005)],
        on_warning=lambda warning: print(f"  ! {warning}"),
    )
    provider = CostTrackingLLMProvider(model(), tracker, provider="gemini")
    try:
        for turn in range(1, 50):
            task = "scene" if turn % 3 else "branch_check"
            request = tta.LLMRequest(
                prompt=f"Tell turn {turn} of the story of the lamp that burns without oil.",
                context=CONTEXT,
                task=task,
                story_id="lamp",
                turn=turn,
            )
            response = await provider.complete(request)
            print(f"turn {turn}: {response.tokens_used} tokens, ${response.cost_usd:.6f}")
    except tta.BudgetExceededError as error:
        print(f"stopped: {error}")
    finally:
        await provider.aclose()
        await tracker.flush()
    for line in await ledger.costs("task"):
        print(f"{line.key}: {line.attempts} attempts, ${line.cost_usd:.6f}")


asyncio.run(main())
