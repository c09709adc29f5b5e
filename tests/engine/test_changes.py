"""How a scene changes its people: directed, by what concerns them, and never the player's own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.test_remembering import CAST, YOU, said, told
from tests.engine.test_remembering import played as played

from tta_rebuild.core.errors import ValidationError
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.knowing import view_of
from tta_rebuild.narrative.character_state import feeling_at


def person(session, who):
    return session.state.characters[who]


async def test_a_tone_outside_the_list_is_felt_shown_and_fades_with_the_turns(played):
    scene = [said("duarte", "So be it.", emotion="weary")]
    quiet = [told("Bea stirs the soup.")]
    session = await played(scene)
    assert (person(session, "duarte").emotional_state, person(session, "duarte").shade) == (
        "sorrowful",
        "weary",
    )
    assert view_of(session.state, "duarte").for_scene()["emotion"] == "weary"
    assert view_of(session.state, "duarte").for_line()["character"]["mood"] == "weary"
    later = await played(scene, *[quiet] * 12)
    assert view_of(later.state, "duarte").for_scene()["emotion"] == "a little weary"
    at_last = await played(scene, *[quiet] * 20)
    assert feeling_at(person(at_last, "duarte"), at_last.state.turn).emotion == "neutral"


async def test_once_a_feeling_is_over_the_next_scene_with_them_says_so(played):
    session = await played(
        [said("duarte", "What!", emotion="surprised")],
        *[[told("Bea stirs the soup.")]] * 6,
        [told("Duarte sits down.")],
    )
    assert person(session, "duarte").emotional_state == "neutral"
    assert session.state.canon.value("duarte", "feeling") is None


async def test_a_bond_is_directed_and_concerns_those_alone_who_had_to_do_with_each_other(played):
    session = await played(
        [
            told("Duarte threatens Lidia with the poker."),
            said("bea", "Soup is ready."),
        ]
    )
    lidia, duarte, bea = (person(session, who) for who in ("lidia", "duarte", "bea"))
    assert lidia.bonds["duarte"].fear > 0 > lidia.relationships["duarte"]
    assert duarte.bonds["lidia"].fear == 0
    assert bea.relationships == {}
    assert lidia.emotional_state == "fearful", "what was done to her"
    assert duarte.emotional_state == "neutral"
    assert (
        "Duarte: not trusted, disliked, feared"
        in (view_of(session.state, "lidia").for_line()["character"]["bonds"])
    )


async def test_who_is_saved_owes_it_and_the_rescuer_owes_nothing(played):
    session = await played([told("Bea saves Lidia from the fire.")])
    assert person(session, "lidia").bonds["bea"].debt > 0
    assert person(session, "bea").bonds["lidia"].debt == 0
    assert person(session, "lidia").emotional_state == "grateful"


async def test_ones_own_tone_counts_before_what_was_done_to_one(played):
    session = await played(
        [
            told("Duarte threatens Lidia with the poker."),
            said("lidia", "Put it down.", emotion="calm"),
        ]
    )
    assert person(session, "lidia").emotional_state == "calm"


async def test_the_players_own_character_is_not_made_to_feel(played):
    session = await played(
        [
            said("ines", "I hate this house.", emotion="furious"),
            told("Duarte betrays Ines."),
            told("Ines embraces Bea."),
        ]
    )
    ines = person(session, "ines")
    assert (ines.emotional_state, ines.shade, ines.relationships) == ("neutral", "", {})
    assert person(session, "bea").relationships["ines"] > 0


def cast_with(**more):
    return tuple(replace(one, **more) if one.character_id == "duarte" else one for one in CAST)


async def test_a_goal_of_the_author_rises_by_what_becomes_true_with_the_reason_on_record(kit):
    got = told("Duarte takes the bakery books.", ("duarte", "holds", "bakery books"))
    desk = kit.desk(kit.scene("The kitchen is warm."), kit.scene(got))
    cast = cast_with(goals=("get the bakery books",))
    session = await desk.stories.open(replace(kit.premise, characters=(YOU, *cast)))
    assert person(session, "duarte").development_goals == {"get the bakery books": 0.0}
    await kit.play(session, Action.begin(), Action.say("I wait"))
    duarte = person(session, "duarte")
    assert duarte.development_goals == {"get the bakery books": 0.3}
    assert duarte.reasons == {"get the bakery books": "turn 2: Duarte has bakery books"}
    assert duarte.arc_stage == "development"
    row = view_of(session.state, "duarte").for_show()
    assert row["reasons"] == duarte.reasons


async def test_who_promises_something_works_at_it_but_the_player_decides_for_themselves(played):
    scene = [
        told("Duarte gives his word.", ("duarte", "promise", "to repay the loan")),
        told("So does Ines.", ("ines", "promise", "to keep quiet")),
    ]
    session = await played(scene)
    assert person(session, "duarte").development_goals == {"to repay the loan": 0.1}
    assert person(session, "ines").development_goals == {}


async def test_an_arc_follows_what_the_author_declares(kit):
    desk = kit.desk(*[kit.scene("The kitchen is warm. Duarte sits.")] * 3)
    cast = cast_with(arc={"development": "turn 3", "climax": "turn 9"})
    session = await desk.stories.open(replace(kit.premise, characters=(YOU, *cast)))
    await kit.play(session, Action.begin(), Action.say("I wait"))
    assert person(session, "duarte").arc_stage == "setup"
    await kit.play(session, Action.say("I wait"))
    assert person(session, "duarte").arc_stage == "development"


async def test_a_stage_set_by_hand_stays_until_it_is_left_to_itself(kit):
    desk = kit.desk(*[kit.scene("The kitchen is warm. Duarte sits.")] * 4)
    cast = cast_with(arc={"development": "turn 1", "climax": "turn 9"})
    session = await desk.stories.open(replace(kit.premise, characters=(YOU, *cast)))
    await kit.play(session, Action.begin())
    await session.set_arc_stage("duarte", "setup")
    await kit.play(session, Action.say("I wait"))
    assert person(session, "duarte").arc_stage == "setup"
    again = await desk.stories.resume(session.story_id)
    await again.set_arc_stage("duarte", None)
    await kit.play(again, Action.say("I wait"))
    assert person(again, "duarte").arc_stage == "development"
    with pytest.raises(ValidationError, match="Nobody called 'rui'"):
        await again.set_arc_stage("rui", "setup")
    with pytest.raises(ValidationError, match="Invalid arc stage 'end'"):
        await again.set_arc_stage("duarte", "end")


async def test_an_arc_that_nobody_can_read_begins_no_story(kit):
    cast = cast_with(arc={"climax": "whenever"})
    with pytest.raises(ValidationError, match="'whenever' of the stage climax"):
        await kit.desk().stories.open(replace(kit.premise, characters=cast))
