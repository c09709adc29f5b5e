"""``tta_rebuild.narrative.character_state`` as its callers know it."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime

import pytest

from tta_rebuild.core import TTAContext, ValidationError
from tta_rebuild.narrative import (
    CharacterInteraction,
    CharacterResponse,
    CharacterState,
    CharacterStatePrimitive,
)


@pytest.mark.contract("character_state#1")
def test_the_values_are_made_by_name() -> None:
    state = CharacterState(
        character_id="hero",
        name="Hero",
        personality_traits={"brave": 0.8},
        emotional_state="neutral",
        development_goals={"trust": 0.2},
        relationships={"mira": 0.1},
        memory=["met Mira"],
        arc_stage="setup",
        last_updated=datetime(2026, 1, 1, tzinfo=UTC),
    )
    interaction = CharacterInteraction("hero", "A door creaks.")
    response = CharacterResponse(
        character_id="hero",
        dialogue="d",
        internal_monologue="m",
        emotion="neutral",
        development_progress={},
        relationship_changes={},
        suggested_arc_direction="on",
        consistency_score=1.0,
        personality_alignment=1.0,
    )
    assert state.memory == ["met Mira"]
    assert interaction.emotional_trigger is None
    assert interaction.interacting_with == []
    assert interaction.story_events == []
    assert interaction.development_opportunity is None
    assert response.emotion == "neutral"


@pytest.mark.contract("character_state#2")
async def test_the_primitive_works_without_any_provider(context: TTAContext) -> None:
    characters = CharacterStatePrimitive()
    assert characters.name == "CharacterState"
    response = await characters.execute(
        CharacterInteraction(character_id="hero", scene_context="A door creaks."), context
    )
    assert response.character_id == "hero"
    assert response.dialogue
    assert response.internal_monologue
    assert 0.0 <= response.consistency_score <= 1.0
    assert 0.0 <= response.personality_alignment <= 1.0
    hero = characters.get_character("hero")
    assert hero is not None
    assert characters.get_all_characters() == [hero]


@pytest.mark.contract("character_state#2")
def test_the_plain_methods_answer_for_unknown_characters() -> None:
    characters = CharacterStatePrimitive()
    assert characters.get_character("nobody") is None
    assert characters.get_all_characters() == []
    assert characters.get_relationship("nobody", "anybody") == 0.0


@pytest.mark.contract("character_state#2")
def test_setting_a_goal_or_a_stage_creates_the_character() -> None:
    characters = CharacterStatePrimitive()
    characters.set_development_goal("hero", "trust")
    characters.set_development_goal("hero", "courage", initial_progress=0.4)
    characters.update_arc_stage("mentor", "climax")
    hero, mentor = characters.get_character("hero"), characters.get_character("mentor")
    assert hero is not None
    assert mentor is not None
    assert hero.development_goals == {"trust": 0.0, "courage": 0.4}
    assert mentor.arc_stage == "climax"
    for stage in ("setup", "development", "climax", "resolution"):
        characters.update_arc_stage("mentor", stage)


@pytest.mark.contract("character_state#3")
async def test_a_new_character_is_neutral_in_setup_and_named_after_its_id(
    context: TTAContext,
) -> None:
    characters = CharacterStatePrimitive()
    await characters.execute(CharacterInteraction("hero", "A quiet morning."), context)
    hero = characters.get_character("hero")
    assert hero is not None
    assert (hero.emotional_state, hero.arc_stage, hero.name) == ("neutral", "setup", "Hero")


@pytest.mark.contract("character_state#4")
@pytest.mark.parametrize(
    ("trigger", "emotion"),
    [
        ("fear", "fearful"),
        ("hope", "hopeful"),
        ("anger", "angry"),
        ("sad", "sorrowful"),
        ("joy", "joyful"),
        ("conflict", "conflicted"),
        ("determination", "determined"),
    ],
)
async def test_a_trigger_moves_the_emotion_and_an_unknown_one_leaves_it(
    context: TTAContext, trigger: str, emotion: str
) -> None:
    characters = CharacterStatePrimitive()
    for given in (trigger, "flibbertigibbet", None):
        response = await characters.execute(
            CharacterInteraction("hero", "A door creaks.", emotional_trigger=given), context
        )
        assert response.emotion == emotion
    hero = characters.get_character("hero")
    assert hero is not None
    assert hero.emotional_state == emotion


TRIGGERS = [
    ("Hero feels fear from the approaching danger", "fearful"),
    ("fear grips the hero", "fearful"),
    ("the hero is scared", "fearful"),
    ("FEAR", "fearful"),
    ("a glimmer of hope", "hopeful"),
    ("hopeful news", "hopeful"),
    ("an angry crowd", "angry"),
    ("angered by the betrayal", "angry"),
    ("sadness over a friend's death", "sorrowful"),
    ("a joyful reunion", "joyful"),
    ("inner_conflict", "conflicted"),
    ("torn between two paths", "conflicted"),
    ("determination fills her", "determined"),
    ("determined to win", "determined"),
    ("the danger fills her with determination", "determined"),
    ("not fear but hope", "hopeful"),
    ("fear turns to hope", "hopeful"),
    ("she cannot hide her fear", "fearful"),
    ("she has never felt such joy", "joyful"),
    # denied, or no emotion at all
    ("no fear", "calm"),
    ("without fear or anger", "calm"),
    ("the hero is not afraid", "calm"),
    ("she doesn't feel any joy", "calm"),
    ("the fear is gone", "calm"),
    ("the hero wears a hat", "calm"),
    # of those who are there too
    ("Mira is afraid", "calm"),
    ("Mira's growing fear", "calm"),
    ("fear grips Mira", "calm"),
    ("an angry Mira bars the way", "calm"),
    ("Mira and the hero are afraid", "fearful"),
    ("Mira frightens the hero", "fearful"),
    ("the hero fears Mira", "fearful"),
    ("anger at Mira", "angry"),
    ("Mira gives the hero hope", "hopeful"),
    ("a conflict with Mira", "conflicted"),
]


@pytest.mark.contract("character_state#4")
@pytest.mark.parametrize(("trigger", "emotion"), TRIGGERS)
async def test_a_trigger_counts_wherever_it_stands_unless_denied_or_said_of_another(
    context: TTAContext, trigger: str, emotion: str
) -> None:
    calm = CharacterState("hero", "Hero", emotional_state="calm")
    response = await CharacterStatePrimitive(states=[calm]).execute(
        CharacterInteraction("hero", "A door creaks.", trigger, interacting_with=["mira"]), context
    )
    assert response.emotion == emotion


@pytest.mark.contract("character_state#4")
async def test_what_somebody_feels_who_is_not_there_counts_for_the_scene(
    context: TTAContext,
) -> None:
    response = await CharacterStatePrimitive().execute(
        CharacterInteraction("hero", "A door creaks.", "Mira is afraid"), context
    )
    assert response.emotion == "fearful"


@pytest.mark.contract("character_state#5")
@pytest.mark.parametrize(
    ("scene", "trigger", "sign"),
    [
        ("The hero helps Mira over the wall", None, 1),
        ("They meet at the well", "help", 1),
        ("A bitter conflict breaks out between them", None, -1),
        ("They meet at the well", "conflict", -1),
    ],
)
async def test_help_raises_a_relationship_and_conflict_lowers_it_within_bounds(
    context: TTAContext, scene: str, trigger: str | None, sign: int
) -> None:
    characters = CharacterStatePrimitive()
    values = [0.0]
    for _ in range(30):
        response = await characters.execute(
            CharacterInteraction(
                "hero", scene, emotional_trigger=trigger, interacting_with=["mira", "tom"]
            ),
            context,
        )
        assert set(response.relationship_changes) == {"mira", "tom"}
        values.append(characters.get_relationship("hero", "mira"))
    assert values[1] * sign > 0
    assert all((b - a) * sign >= 0 for a, b in itertools.pairwise(values))
    assert values[-1] == sign * 1.0


@pytest.mark.contract("character_state#6")
async def test_an_opportunity_makes_a_goal_and_raises_it_up_to_one(context: TTAContext) -> None:
    characters = CharacterStatePrimitive()
    progress = []
    for _ in range(25):
        response = await characters.execute(
            CharacterInteraction("hero", "A test.", development_opportunity="trust others"),
            context,
        )
        progress.append(response.development_progress["trust others"])
    assert progress[0] > 0
    assert progress[1] > progress[0]
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    hero = characters.get_character("hero")
    assert hero is not None
    assert hero.development_goals == {"trust others": 1.0}


@pytest.mark.contract("character_state#7")
async def test_the_memory_holds_the_ten_most_recent_events_as_given(context: TTAContext) -> None:
    characters = CharacterStatePrimitive()
    for start in range(0, 15, 3):
        await characters.execute(
            CharacterInteraction(
                "hero", "A scene.", story_events=[f"event {start + n}" for n in range(3)]
            ),
            context,
        )
    hero = characters.get_character("hero")
    assert hero is not None
    assert hero.memory == [f"event {n}" for n in range(5, 15)]


@pytest.mark.contract("character_state#8")
async def test_in_setup_the_direction_mentions_the_ordinary_world(context: TTAContext) -> None:
    characters = CharacterStatePrimitive()
    response = await characters.execute(CharacterInteraction("hero", "A scene."), context)
    assert "ordinary world" in response.suggested_arc_direction
    directions = {response.suggested_arc_direction}
    for stage in ("development", "climax", "resolution"):
        characters.update_arc_stage("hero", stage)
        response = await characters.execute(CharacterInteraction("hero", "A scene."), context)
        directions.add(response.suggested_arc_direction)
    assert len(directions) == 4


@pytest.mark.contract("character_state#9")
@pytest.mark.parametrize("trigger", [None, "fear", "hope", "joy", "loneliness"])
async def test_the_dialogue_names_the_character_and_the_monologue_a_goal(
    context: TTAContext, trigger: str | None
) -> None:
    characters = CharacterStatePrimitive()
    characters.set_development_goal("hero", "learn to trust", 0.2)
    response = await characters.execute(
        CharacterInteraction("hero", "A scene.", emotional_trigger=trigger), context
    )
    assert "Hero" in response.dialogue
    assert "learn to trust" in response.internal_monologue


@pytest.mark.contract("character_state#10")
async def test_errors_say_what_is_wrong(context: TTAContext) -> None:
    characters = CharacterStatePrimitive()
    with pytest.raises(ValidationError, match="character_id is required"):
        await characters.execute(CharacterInteraction("", "A scene."), context)
    with pytest.raises(ValidationError, match="scene_context is required"):
        await characters.execute(CharacterInteraction("hero", ""), context)
    with pytest.raises(ValidationError, match="Invalid arc stage"):
        characters.update_arc_stage("hero", "encore")
    assert characters.get_all_characters() == []


@pytest.mark.contract("character_state#2")
async def test_concurrent_interactions_of_one_character_lose_nothing(context: TTAContext) -> None:
    characters = CharacterStatePrimitive()
    await asyncio.gather(
        *(
            characters.execute(
                CharacterInteraction("hero", "A scene.", interacting_with=[f"other{n}"]), context
            )
            for n in range(20)
        )
    )
    hero = characters.get_character("hero")
    assert hero is not None
    assert len(hero.relationships) == 20
