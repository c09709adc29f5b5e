"""What a scene was to fit, as the measures of quality take it. Read by ``story_calls``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tta_rebuild.core.speech import described, name_of
from tta_rebuild.narrative.story_values import StoryGenerationInput
from tta_rebuild.quality.parts import WORDS_OF_A_SCENE, SceneAsked

FEWER, MORE = 0.7, 1.4
"""Of a number of words that a preference names: from so many times on, up to so many times."""


def asked_of(wanted: StoryGenerationInput) -> SceneAsked:
    """What the story so far, the player's move and their preferences ask of the scene."""
    preferences = wanted.player_preferences or {}
    facts = [" ".join(map(str, fact.values())) for fact in wanted.facts]
    return SceneAsked(
        premise="\n".join(filter(None, (wanted.theme, wanted.title, wanted.world))),
        cast=[*map(_described, wanted.characters), *wanted.cast, *map(name_of, _ids(wanted))],
        known=[*wanted.rules.values(), *wanted.lines, *facts, wanted.previous_context],
        move=wanted.action or str((wanted.chosen or {}).get("text", "")),
        recent=tuple(wanted.recent),
        tone=f"{preferences.get('tone', '')} {wanted.narrative_style}".strip(),
        words=_words(preferences.get("words")),
        language=wanted.language,
    )


def _ids(wanted: StoryGenerationInput) -> list[str]:
    return [str(one) for one in wanted.active_characters]


def _described(person: Mapping[str, Any]) -> str:
    name = str(person.get("name") or name_of(str(person.get("character_id", ""))))
    return described(name, str(person.get("description") or ""))


def _words(asked: object) -> tuple[int, int]:
    if isinstance(asked, int) and not isinstance(asked, bool) and asked > 0:
        return round(FEWER * asked), round(MORE * asked)
    return WORDS_OF_A_SCENE
