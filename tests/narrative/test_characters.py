"""Characters: with a model, with one that fails, handed in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.core import TTAContext
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import BudgetExceededError, ProviderBusy
from tta_rebuild.narrative import CharacterInteraction, CharacterState, CharacterStatePrimitive
from tta_rebuild.narrative.character_rules import emotion_in, personality_fit
from tta_rebuild.narrative.character_state import new_character, respond

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCENE = CharacterInteraction("hero", "A door creaks.", emotional_trigger="fear")
EMOTIONS = packaged_toml("tta_rebuild.narrative", "emotions")["emotions"]


async def test_a_model_puts_the_words_and_the_rules_keep_the_state(
    scripted: Any, context: TTAContext
) -> None:
    provider = scripted(['"Who is there?"\n'], ["I should not have come."])
    characters = CharacterStatePrimitive(llm_provider=provider)
    response = await characters.execute(SCENE, context)
    assert {response.dialogue, response.internal_monologue} == {
        "Who is there?",
        "I should not have come.",
    }
    assert response.emotion == "fearful"
    assert [r.task for r in provider.requests] == ["dialogue", "monologue"]
    assert all("violence: low" in r.full_text for r in provider.requests)
    assert all("A door creaks." in r.prompt for r in provider.requests)
    assert [r.template for r in provider.requests] == ["dialogue@2", "monologue@2"]


@pytest.mark.parametrize(
    "error",
    [
        ProviderBusy("the model is busy"),
        BudgetExceededError(
            scope="story", limit_usd=1, spent_usd=1, needed_usd=1, how_to_raise="raise it"
        ),
    ],
)
async def test_a_model_that_fails_leaves_the_word_to_the_built_in_voice_and_says_so(
    scripted: Any, context: TTAContext, error: Any
) -> None:
    with_model = CharacterStatePrimitive(llm_provider=scripted([error]))
    response = await with_model.execute(SCENE, context)
    alone = await CharacterStatePrimitive().execute(SCENE, context)
    assert response.dialogue == alone.dialogue
    assert str(error) in response.degraded
    assert (
        with_model.get_all_characters()
        == CharacterStatePrimitive(states=with_model.get_all_characters()).get_all_characters()
    )


async def test_calls_are_booked_on_the_story_branch_and_turn_of_the_context(
    scripted: Any, context: TTAContext
) -> None:
    provider = scripted(["Yes."])
    here = replace(context, session_state={"branch_id": "b2", "turn": 7})
    await CharacterStatePrimitive(llm_provider=provider).execute(SCENE, here)
    places = {(r.story_id, r.branch_id, r.turn) for r in provider.requests}
    assert places == {("workflow", "b2", 7)}


async def test_an_empty_answer_leaves_the_word_to_the_built_in_voice(
    scripted: Any, context: TTAContext
) -> None:
    characters = CharacterStatePrimitive(llm_provider=scripted([" \n "]))
    assert "Hero" in (await characters.execute(SCENE, context)).dialogue


async def test_characters_that_are_handed_in_go_on_from_there(context: TTAContext) -> None:
    mira = CharacterState("mira", "Mira of the Mill", {"kind": 0.9})
    characters = CharacterStatePrimitive(states=[mira])
    assert characters.get_all_characters() == [mira]
    response = await characters.execute(CharacterInteraction("mira", "A scene."), context)
    assert "Mira of the Mill" in response.dialogue


def test_the_same_moment_always_gets_the_same_answer() -> None:
    state = new_character("old_tom", NOW)
    assert state.name == "Old Tom"
    assert respond(state, SCENE, NOW) == respond(state, SCENE, NOW)


def test_traits_speak_for_and_against_an_emotion() -> None:
    assert personality_fit({}, "fearful") == 1.0
    assert personality_fit({"brave": 0.9}, "fearful") < personality_fit({"brave": 0.9}, "hopeful")


@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, *EMOTIONS, "nonsense"]),
            st.sampled_from(["They help.", "They fight, a conflict.", "They meet.", "betrayal"]),
            st.lists(st.sampled_from(["a", "b"]), max_size=3),
            st.sampled_from([None, "goal one", "goal two"]),
            st.lists(st.text(max_size=5), max_size=4),
        ),
        max_size=40,
    )
)
def test_whatever_happens_all_values_stay_within_their_ranges(
    lived: list[tuple[str | None, str, list[str], str | None, list[str]]],
) -> None:
    state, events = new_character("hero", NOW), []
    for trigger, scene, others, opportunity, story_events in lived:
        events += story_events
        interaction = CharacterInteraction(
            "hero", scene, trigger, others, story_events, opportunity
        )
        before = state
        state, response = respond(state, interaction, NOW)
        assert all(-1.0 <= v <= 1.0 for v in state.relationships.values())
        assert all(0.0 < v <= 1.0 for v in state.development_goals.values())
        assert 0.0 <= response.consistency_score <= 1.0
        assert 0.0 <= response.personality_alignment <= 1.0
        assert set(response.relationship_changes) == set(others)
        for other, change in response.relationship_changes.items():
            was = before.relationships.get(other, 0.0)
            assert state.relationships[other] == pytest.approx(was + change)
    assert state.memory == events[-10:]


@pytest.mark.parametrize(
    "denial",
    """no not never without neither lacks refuses lost overcomes free_from devoid_of instead_of
    nobody_feels hardly_any does_not_feel cannot_feel doesn't_show""".split(),
)
def test_an_emotion_that_is_denied_does_not_count(denial: str) -> None:
    assert emotion_in("hope fills the hero") == "hopeful"
    assert emotion_in(f"the hero, {denial.replace('_', ' ')} hope") == ""


@pytest.mark.parametrize("end", ["is gone", "has faded", "vanishes", "leaves her", "dies", "not"])
def test_an_emotion_that_ends_does_not_count(end: str) -> None:
    assert emotion_in(f"the hope {end}") == ""


@pytest.mark.parametrize("turn", ["turns to", "gives way to", "is replaced by", "yielded to"])
def test_an_emotion_that_turns_into_another_ends_there(turn: str) -> None:
    assert emotion_in(f"the fear {turn} hope") == "hopeful"
