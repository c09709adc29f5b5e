"""Passages on the screen while the rest of the scene is still being written.

With ``USE_REAL_LLM=true`` and ``GEMINI_API_KEY`` set, Gemini tells (and bills you for one scene).
Otherwise the embedded storyteller does: no key, no network. The first line says which.

    python examples/streaming.py
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from datetime import UTC, datetime

import tta_rebuild as tta
from tta_rebuild.core.story import Passage
from tta_rebuild.narrative import DraftRestarted, GeneratedStory
from tta_rebuild.storyteller import OfflineProvider

OPENING = tta.StoryGenerationInput(
    theme="A ferryman who carries letters between two shores that have forgotten each other",
    universe_id="ferry",
    timeline_position=0,
    active_characters=["ilse"],
    previous_context="",
    player_preferences={},
    turn=1,
    seed=11,
)


def storyteller() -> tta.LLMProvider:
    """Gemini where it may be used, the embedded storyteller otherwise."""
    settings = tta.load_settings()
    if settings.use_real_llm and settings.gemini_api_key:
        print("Told by Gemini.\n")
        return tta.GeminiLLMProvider(settings.gemini_api_key)
    print("Told by the embedded storyteller (USE_REAL_LLM is off or GEMINI_API_KEY is not set).\n")
    return OfflineProvider()


async def main() -> None:
    """Tell one scene."""
    context = tta.TTAContext(
        workflow_id="example",
        correlation_id="streaming",
        timestamp=datetime.now(UTC),
        metaconcepts=[],
        player_boundaries={"violence": "low"},
    )
    provider = storyteller()
    teller = tta.StoryGeneratorPrimitive(provider)
    began = time.monotonic()
    first_s: float | None = None
    # Leaving this block early (Ctrl-C, a break) closes the connection: nothing more is billed.
    async with aclosing(teller.tell(OPENING, context)) as items:
        async for item in items:
            if isinstance(item, Passage):
                first_s = first_s if first_s is not None else time.monotonic() - began
                print(f"{item.text}\n", flush=True)
            elif isinstance(item, DraftRestarted):
                print(f"[begun anew: {item.reason}]\n")
            elif isinstance(item, GeneratedStory):
                for number, branch in enumerate(item.story_branches, start=1):
                    print(f"  {number}. {branch['choice']}")
    await provider.aclose()
    print(
        f"\nFirst words after {first_s or 0.0:.2f} s, all after {time.monotonic() - began:.2f} s."
    )


if __name__ == "__main__":
    asyncio.run(main())
