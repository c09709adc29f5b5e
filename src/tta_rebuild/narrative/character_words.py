"""Asks a model what a character says and thinks. Used by ``character_state`` alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.integrations.llm_provider import LLMProvider, LLMRequest
from tta_rebuild.narrative.character_values import CharacterInteraction, CharacterState
from tta_rebuild.narrative.scene_request import place_in_ledger

_LONGEST = 600
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


async def words_of(
    provider: LLMProvider,
    catalog: Any,
    state: CharacterState,
    interaction: CharacterInteraction,
    context: TTAContext,
) -> tuple[str, str]:
    """What the character says and what they think; "" where the model had no usable answer.

    Both are asked for at once. Raises ``ProviderError`` and ``BudgetExceededError``.
    """
    variables: dict[str, Any] = {
        "seed": len(state.memory),
        "character": {
            "character_id": state.character_id,
            "name": state.name,
            "traits": dict(state.personality_traits),
            "emotion": state.emotional_state,
            "goals": dict(state.development_goals),
            "relationships": dict(state.relationships),
            "arc_stage": state.arc_stage,
            "memory": list(state.memory),
        },
        "scene_context": interaction.scene_context,
        "trigger": interaction.emotional_trigger or "",
        "interacting_with": list(interaction.interacting_with),
        "story_events": list(interaction.story_events),
        "goal": interaction.development_opportunity or "",
        "boundaries": {str(k): str(v) for k, v in context.player_boundaries.items()},
        "metaconcepts": context.metaconcept_names(),
    }
    tasks = [
        asyncio.ensure_future(_asked(provider, catalog, task, variables, context))
        for task in ("dialogue", "monologue")
    ]
    try:
        said, thinks = await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    return said, thinks


async def _asked(
    provider: LLMProvider,
    catalog: Any,
    task: str,
    variables: Mapping[str, Any],
    context: TTAContext,
) -> str:
    rendered = catalog.render(task, variables)
    response = await provider.complete(
        LLMRequest(
            prompt=rendered.prompt,
            system=rendered.system,
            context=context,
            task=task,
            template=rendered.version,
            variables=variables,
            max_tokens=200,
            **place_in_ledger(context),
        )
    )
    text = " ".join(_CONTROL.sub(" ", response.text).split()).strip('"“” ')
    return text[:_LONGEST]
