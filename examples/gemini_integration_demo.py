"""One scene from Gemini: what it cost, and what happens when something goes wrong.

With ``USE_REAL_LLM=true`` and ``GEMINI_API_KEY`` set, Gemini tells (and bills you for one scene,
well under a cent). Otherwise the embedded storyteller does: no key, no network.

    python examples/gemini_integration_demo.py
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

import tta_rebuild as tta
from tta_rebuild.core.errors import QuotaExhausted
from tta_rebuild.storyteller import OfflineProvider

OPENING = tta.StoryGenerationInput(
    theme="A lighthouse keeper finds a door under the stairs that was not there yesterday",
    universe_id="lighthouse",
    timeline_position=0,
    active_characters=["mira"],
    previous_context="",
    player_preferences={},
    turn=1,
    seed=7,
)


def storyteller(settings: tta.Settings) -> tta.LLMProvider:
    """Gemini where it may be used, the embedded storyteller otherwise."""
    if settings.use_real_llm and settings.gemini_api_key:
        config = tta.LLMConfig(
            model=tta.GeminiLLMProvider.default_model, max_tokens=settings.max_tokens
        )
        print(f"Told by {config.model}.\n")
        return tta.GeminiLLMProvider(settings.gemini_api_key, config=config)
    print(
        "Told by the embedded storyteller: set USE_REAL_LLM=true and GEMINI_API_KEY for Gemini.\n"
    )
    return OfflineProvider()


async def main() -> int:
    """Tell one scene, or say what to do."""
    context = tta.TTAContext(
        workflow_id="example",
        correlation_id="gemini",
        timestamp=datetime.now(UTC),
        metaconcepts=[],
        player_boundaries={"violence": "low"},
    )
    provider = storyteller(tta.load_settings())
    try:
        story = await tta.StoryGeneratorPrimitive(provider).execute(OPENING, context)
    except QuotaExhausted as error:
        print(f"Over for today: {error}", file=sys.stderr)
        return 1
    except tta.ProviderBusy as error:
        wait = "a moment" if error.retry_after_s is None else f"{error.retry_after_s:.0f} s"
        print(f"Busy, try again in {wait}: {error}", file=sys.stderr)
        return 1
    except tta.ProviderError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    finally:
        await provider.aclose()
    print(story.narrative_text)
    print(f"\n[{story.setting_description} · {story.emotional_tone}]\n")
    for number, branch in enumerate(story.story_branches, start=1):
        print(f"  {number}. {branch['choice']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
