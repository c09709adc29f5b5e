"""What the primitives and the premise refuse: clearly, and before anything is done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tta_rebuild.core import TTAContext, ValidationError
from tta_rebuild.core.story import CharacterSketch, Premise
from tta_rebuild.integrations import MockLLMProvider
from tta_rebuild.narrative import (
    BranchProposal,
    BranchValidatorPrimitive,
    CharacterInteraction,
    CharacterState,
    CharacterStatePrimitive,
    StoryGenerationInput,
    StoryGeneratorPrimitive,
    TimelineManagerPrimitive,
    TimelineUpdate,
)

INTERACTION = CharacterInteraction("hero", "A door creaks.")
UPDATE = TimelineUpdate("u", "story_beat", {}, 0)
PROPOSAL = BranchProposal("u", "It leads on.", "Open the old door", ["hero"])
WANTED = StoryGenerationInput("redemption", "u", 0, ["hero"], "", {})

WRONG = [
    (CharacterStatePrimitive(), INTERACTION, {"character_id": 5}, "character_id is required"),
    (CharacterStatePrimitive(), INTERACTION, {"interacting_with": "mira"}, "must be a list"),
    (CharacterStatePrimitive(), INTERACTION, {"story_events": "she fell"}, "must be a list"),
    (CharacterStatePrimitive(), INTERACTION, {"emotional_trigger": 3}, "must be a text"),
    (CharacterStatePrimitive(), INTERACTION, {"development_opportunity": []}, "must be a text"),
    (TimelineManagerPrimitive(), UPDATE, {"universe_id": None}, "universe_id is required"),
    (TimelineManagerPrimitive(), UPDATE, {"timestamp": "3"}, "timestamp must be >= 0"),
    (TimelineManagerPrimitive(), UPDATE, {"causal_links": "e1"}, "must be a list"),
    (TimelineManagerPrimitive(), UPDATE, {"event_data": ["a"]}, "must be a dictionary"),
    (BranchValidatorPrimitive(), PROPOSAL, {"choice_text": 12}, "choice_text is required"),
    (BranchValidatorPrimitive(), PROPOSAL, {"affected_characters": "hero"}, "must be a list"),
    (BranchValidatorPrimitive(), PROPOSAL, {"universe_rules": "no magic"}, "must be a dictionary"),
]


@pytest.mark.parametrize(("primitive", "given", "wrong", "says"), WRONG)
async def test_an_input_of_the_wrong_kind_is_refused_with_what_it_must_be(
    context: TTAContext, primitive: Any, given: Any, wrong: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        await primitive.execute(replace(given, **wrong), context)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"theme": 12}, "Theme must be at least 3 characters"),
        ({"timeline_position": "1"}, "Timeline position must be non-negative"),
        ({"active_characters": "hero"}, "must be a list"),
        ({"player_preferences": ["dark"]}, "must be a dictionary"),
    ],
)
async def test_a_scene_cannot_be_asked_for_with_values_of_the_wrong_kind(
    context: TTAContext, wrong: dict[str, Any], says: str
) -> None:
    model = MockLLMProvider(latency_ms=0)
    with pytest.raises(ValidationError, match=says):
        await StoryGeneratorPrimitive(model).execute(replace(WANTED, **wrong), context)
    assert model.call_count == 0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"theme": ""}, "Theme must be at least 3 characters"),
        ({"theme": None}, "theme must be a text, not None"),
        ({"length": -1}, "cannot be negative"),
        ({"seed": "7"}, "seed must be a whole number, not '7'"),
        ({"rules": ["no magic"]}, "rules must be a dictionary"),
        ({"rules": {"no_magic": True}}, "what 'no_magic' is must be a text, not True"),
        ({"boundaries": {"violence": 1}}, "what 'violence' is must be a text, not 1"),
        ({"characters": ("mara",)}, r"a character is a CharacterSketch.*, not 'mara'"),
        ({"characters": (CharacterSketch(character_id="a", name="A"),) * 2}, "the same id"),
    ],
)
def test_a_premise_that_no_story_can_begin_with_cannot_be_made(
    wrong: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        Premise(**({"theme": "A door under the stairs"} | wrong))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"character_id": " "}, "needs an id"),
        ({"name": 3}, "a character: name must be a text, not 3"),
        ({"traits": {"brave": 1.5}}, "at least 0 and at most 1"),
        ({"traits": {"brave": "very"}}, "the trait 'brave' must be a number"),
    ],
)
def test_a_character_that_cannot_be_is_not_made(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        CharacterSketch(**({"character_id": "mara", "name": "Mara"} | wrong))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"character_id": ""}, "character_id is required"),
        ({"arc_stage": "middle"}, "Invalid arc stage 'middle'"),
        (
            {"relationships": {"mira": 2.0}},
            "relationships: 'mira' must be a number and at least -1",
        ),
        ({"development_goals": {"trust": "much"}}, "development_goals: 'trust'"),
        ({"personality_traits": {"brave": float("nan")}}, "personality_traits: 'brave'"),
    ],
)
def test_a_state_that_no_character_can_be_in_is_not_made(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        CharacterState(**({"character_id": "hero", "name": "Hero"} | wrong))
