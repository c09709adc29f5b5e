"""``tta_rebuild.narrative.story_generator`` as its callers know it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tta_rebuild.core import MetaconceptRegistry, TTAContext, ValidationError
from tta_rebuild.integrations import MockLLMProvider
from tta_rebuild.narrative import (
    DialogueLine,
    GeneratedStory,
    StoryGenerationInput,
    StoryGeneratorPrimitive,
)

WANTED = StoryGenerationInput(
    theme="A lighthouse at the end of the world",
    universe_id="universe",
    timeline_position=3,
    active_characters=["mira", "old_tom"],
    previous_context="Mira rowed to the island at dusk.",
    player_preferences={"tone": "quiet"},
)

REPLY: dict[str, Any] = {
    "scene_id": "scene_042",
    "narrative_text": (
        "The boat scraped onto the shingle just as the last light left the water. Mira climbed "
        "out, her boots filling at once with cold, and hauled the bow up past the line of dry "
        "weed. Above her the lighthouse stood dark. No lamp had burned there for eleven nights, "
        "the fishermen said, and none of them would say more than that.\n\n"
        "The door was open. Inside, the stairs wound upward into a smell of oil and old rope. On "
        "the third step lay a cup, still warm. Somebody had set it down in a hurry; a brown ring "
        "was drying on the stone. From far overhead came a slow scraping, then silence, then the "
        "sound of a man clearing his throat before a visitor."
    ),
    "dialogue": [
        {"character_id": "mira", "text": "Is anybody up there?", "emotion": "wary"},
        {"character_id": "old_tom", "text": "Mind the seventh step.", "emotion": "weary"},
    ],
    "setting_description": "A dark lighthouse on a small island at nightfall",
    "emotional_tone": "uneasy, expectant",
    "story_branches": [
        {"choice": "Climb the stairs to the lamp room", "consequence": "Mira meets Tom"},
        {"choice": "Search the store under the stairs", "consequence": "She finds the log book"},
        {"choice": "Go back and guard the boat", "consequence": "She sees another boat"},
    ],
}


@pytest.mark.contract("story_generator#1")
def test_a_line_of_dialogue_is_made_by_position() -> None:
    line = DialogueLine("mira", "Hello.", "calm")
    assert (line.character_id, line.text, line.emotion) == ("mira", "Hello.", "calm")


@pytest.mark.contract("story_generator#2")
def test_the_style_is_balanced_unless_given() -> None:
    assert WANTED.narrative_style == "balanced"
    assert replace(WANTED, narrative_style="lyrical").narrative_style == "lyrical"


@pytest.mark.contract("story_generator#3")
def test_a_generated_story_needs_seven_fields_alone() -> None:
    story = GeneratedStory(
        scene_id="s",
        narrative_text="t",
        dialogue=[],
        setting_description="d",
        emotional_tone="e",
        story_branches=[{"choice": "c", "consequence": "k"}],
        quality_score=0.5,
    )
    assert story.story_branches[0]["choice"] == "c"


@pytest.mark.contract("story_generator#4")
def test_the_primitive_has_a_name_and_its_provider(model: MockLLMProvider) -> None:
    primitive = StoryGeneratorPrimitive(model)
    assert primitive.name == "StoryGenerator"
    assert primitive.llm_provider is model
    assert StoryGeneratorPrimitive(llm_provider=model, name="Teller").name == "Teller"


@pytest.mark.contract("story_generator#5")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"theme": "ab"}, "Theme must be at least 3 characters"),
        ({"theme": ""}, "Theme must be at least 3 characters"),
        ({"theme": "   "}, "Theme must be at least 3 characters"),
        ({"universe_id": ""}, "Universe ID is required"),
        ({"timeline_position": -1}, "Timeline position must be non-negative"),
    ],
)
async def test_a_wrong_input_is_refused_before_the_model_is_asked(
    context: TTAContext, model: MockLLMProvider, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message) as caught:
        await StoryGeneratorPrimitive(model).execute(replace(WANTED, **change), context)
    assert caught.value.primitive_name == "StoryGenerator"
    assert model.call_count == 0


@pytest.mark.contract("story_generator#6")
async def test_the_prompt_names_guidance_and_boundaries(
    context: TTAContext, model: MockLLMProvider
) -> None:
    guided = context.with_metaconcepts([*MetaconceptRegistry.get_all()[:2], "A Rule Of Ours"])
    guided = replace(guided, player_boundaries={"violence": "low", "gore": "none"})
    await StoryGeneratorPrimitive(model).execute(WANTED, guided)
    after = model.last_prompt.split("METACONCEPTS TO FOLLOW:")[1]
    for name in guided.metaconcept_names():
        assert name in after
    boundaries = model.last_prompt.split("PLAYER BOUNDARIES:")[1]
    assert "violence: low" in boundaries
    assert "gore: none" in boundaries


@pytest.mark.contract("story_generator#6")
async def test_the_prompt_holds_the_theme_and_what_went_before(
    context: TTAContext, model: MockLLMProvider
) -> None:
    await StoryGeneratorPrimitive(model).execute(WANTED, context)
    assert WANTED.theme in model.last_prompt
    assert WANTED.previous_context in model.last_prompt
    assert "old_tom" in model.last_prompt


@pytest.mark.contract("story_generator#6")
async def test_the_headings_stand_there_even_without_guidance_or_boundaries(
    context: TTAContext, model: MockLLMProvider
) -> None:
    bare = replace(context, metaconcepts=[], player_boundaries={})
    await StoryGeneratorPrimitive(model).execute(WANTED, bare)
    assert "METACONCEPTS TO FOLLOW:" in model.last_prompt
    assert "PLAYER BOUNDARIES:" in model.last_prompt


@pytest.mark.contract("story_generator#7")
@pytest.mark.parametrize(
    "wrap",
    [
        "{}",
        "```json\n{}\n```",
        "```\n{}\n```",
        "Here is the scene:\n```json\n{}\n```\nEnjoy!",
        "\n\n  {}\n",
    ],
)
async def test_a_json_reply_becomes_the_story_as_given(
    context: TTAContext, model: MockLLMProvider, wrap: str
) -> None:
    model.response = wrap.replace("{}", json.dumps(REPLY))
    story = await StoryGeneratorPrimitive(model).execute(WANTED, context)
    assert story.scene_id == "scene_042"
    assert story.narrative_text == REPLY["narrative_text"]
    assert story.dialogue == [
        DialogueLine("mira", "Is anybody up there?", "wary"),
        DialogueLine("old_tom", "Mind the seventh step.", "weary"),
    ]
    assert story.setting_description == REPLY["setting_description"]
    assert story.emotional_tone == REPLY["emotional_tone"]
    assert story.story_branches == REPLY["story_branches"]
    assert story.degraded == ""
    assert model.call_count == 1


@pytest.mark.contract("story_generator#8")
async def test_a_reply_that_is_no_json_still_yields_a_story(
    context: TTAContext, model: MockLLMProvider
) -> None:
    model.response = "Once there was a lighthouse.\n\nNobody came. "
    story = await StoryGeneratorPrimitive(model).execute(WANTED, context)
    assert "fallback" in story.scene_id
    assert story.narrative_text == model.response
    assert story.dialogue == []
    assert len(story.story_branches) == 1
    assert set(story.story_branches[0]) == {"choice", "consequence"}
    assert 0 < story.quality_score <= 0.3
    assert story.degraded


@pytest.mark.contract("story_generator#9")
async def test_a_well_formed_scene_scores_at_least_080(
    context: TTAContext, model: MockLLMProvider
) -> None:
    model.response = json.dumps(REPLY)
    story = await StoryGeneratorPrimitive(model).execute(WANTED, context)
    assert 0.8 <= story.quality_score <= 1.0


@pytest.mark.contract("story_generator#9")
async def test_short_choices_and_a_setting_of_one_word_are_well_formed_too(
    context: TTAContext, model: MockLLMProvider
) -> None:
    short = [{"choice": choice, "consequence": "On."} for choice in ("Go up", "Turn back", "Wait")]
    model.response = json.dumps(
        REPLY | {"story_branches": short, "setting_description": "Lighthouse"}
    )
    story = await StoryGeneratorPrimitive(model).execute(WANTED, context)
    assert story.story_branches == short
    assert story.quality_score >= 0.8


@pytest.mark.contract("story_generator#9")
@pytest.mark.parametrize("text", ["x", "word " * 3000, "Same. " * 200])
async def test_the_score_stays_within_its_range(
    context: TTAContext, model: MockLLMProvider, text: str
) -> None:
    model.response = json.dumps({"narrative_text": text})
    story = await StoryGeneratorPrimitive(model).execute(WANTED, context)
    assert 0.0 <= story.quality_score < 0.6
