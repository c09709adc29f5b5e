"""What of a scene everybody takes with them, and what they come to believe by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tta_rebuild.core.story import CharacterSketch, Memory
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.knowing import view_of

YOU = CharacterSketch(character_id="ines", name="Ines", is_player=True)
CAST = tuple(
    CharacterSketch(character_id=name, name=name.title()) for name in ("duarte", "lidia", "bea")
)


def said(speaker: str, text: str, *facts: tuple[str, str, str], emotion: str = "") -> dict:
    return told(text, *facts) | {"speaker": speaker, "emotion": emotion}


def told(text: str, *facts: tuple[str, str, str]) -> dict:
    claims = [{"subject": s, "relation": r, "value": v} for s, r, v in facts]
    return {"text": text, "facts": claims}


@pytest.fixture
def played(kit):
    """Plays scenes after an empty opening, each with its passages; gives the session."""

    async def play(*scenes, **more):
        desk = kit.desk(kit.scene("The kitchen is warm."), *(kit.scene(*s, **more) for s in scenes))
        session = await desk.stories.open(replace(kit.premise, characters=(YOU, *CAST)))
        moves = [Action.say("I look around the kitchen")] * len(scenes)
        await kit.play(session, Action.begin(), *moves)
        return session

    return play


def memories(session, who: str) -> dict[str, Memory]:
    return {memory.text: memory for memory in session.state.characters[who].memories}


async def test_who_speaks_in_an_exchange_was_told_what_the_other_said_and_how_it_felt(played):
    scene = [
        said("duarte", "I forged it.", emotion="ashamed"),
        told("He looks at the floor."),
        said("lidia", "I knew."),
    ]
    session = await played(scene)
    own = memories(session, "duarte")["I forged it."]
    assert (own.origin, own.feeling, own.turn) == ("witnessed", "ashamed", 2)
    heard = memories(session, "lidia")["Duarte: “I forged it.”"]
    assert (heard.origin, heard.source, heard.turn) == ("told", "duarte", 2)
    assert memories(session, "bea") == {}


@pytest.mark.parametrize(
    "between",
    [
        [told("Ines goes up to the attic.", ("ines", "located_in", "attic"))],
        [told("Hours later.", ("story", "time_of_day", "night"))],
        [told("He leaves."), told("It is long quiet.")],
        [said("bea", "Hush.")],
    ],
    ids=["elsewhere", "later", "no answer", "another's words"],
)
async def test_what_is_said_before_the_scene_moves_on_reaches_no_later_speaker(played, between):
    session = await played([said("duarte", "I forged it."), *between, said("lidia", "Rain again.")])
    assert not [text for text in memories(session, "lidia") if "forged" in text]


async def test_prose_passes_by_those_who_stand_near_but_for_a_death_before_their_eyes(played):
    session = await played(
        [
            told("Ines slips the letter into her boot.", ("ines", "holds", "letter")),
            said("bea", "More soup?"),
            told("Lidia falls and does not get up.", ("lidia", "alive", "false")),
        ]
    )
    assert set(memories(session, "bea")) == {"More soup?", "Lidia is dead"}
    assert memories(session, "duarte") == {}


async def test_the_players_character_has_heard_all_that_is_told_and_keeps_no_feeling(played):
    session = await played(
        [said("ines", "I see.", emotion="furious"), said("duarte", "So?"), said("lidia", "Well.")]
    )
    mine = memories(session, "ines")
    assert {"Duarte: “So?”", "Lidia: “Well.”", "I look around the kitchen"} <= set(mine)
    assert mine["I see."].feeling == ""


async def test_a_line_that_some_know_is_remembered_by_these_alone(played):
    secret = "Duarte has a son in Porto."
    line = {"text": secret, "about": ["duarte"], "known_by": ["duarte", "bea"], "weight": 3}
    session = await played([told("They whisper.")], lines=[line])
    assert memories(session, "bea")[secret].weight == 3
    assert memories(session, "bea")[secret].origin == "told"
    assert secret not in memories(session, "lidia")


TRUTH = ("bea", "kin", "daughter of lidia")
LIE = ("bea", "kin", "sister of lidia")
LIED = (
    [told("Bea is the daughter of Lidia.", TRUTH)],
    [said("duarte", "Bea is your sister, Lidia.", LIE), said("lidia", "So she is.")],
)


async def test_a_lie_is_a_belief_of_who_heard_it_and_the_truth_stays(played):
    state = (await played(*LIED)).state
    assert state.canon.values("bea", "kin") == ["daughter of lidia"]
    assert "Lidia believes: Bea is sister of lidia" in view_of(state, "lidia").beliefs
    assert "Duarte has said: Bea is sister of lidia" in view_of(state, "duarte").beliefs
    assert not [text for text in view_of(state, "bea").beliefs if "sister" in text]
    assert not state.canon.beliefs_of("ines"), "the player decides what they believe"


async def test_a_belief_ends_when_they_are_told_what_is_so(played):
    told_so = [said("duarte", "Bea is your daughter.", TRUTH), said("lidia", "You liar.")]
    session = await played(*LIED, told_so)
    assert view_of(session.state, "lidia").beliefs == ()


async def test_what_became_true_of_others_or_of_ones_birth_is_not_known_by_itself(played):
    session = await played(
        [
            told("Bea is the daughter of Lidia.", ("bea", "kin", "daughter of lidia")),
            told("Lidia is dead.", ("lidia", "alive", "false")),
            told("Bea has the lamp.", ("bea", "holds", "lamp")),
        ]
    )
    assert view_of(session.state, "bea").known == ("Bea has lamp",)
    assert view_of(session.state, "duarte").known == ()


async def test_a_line_prompt_says_when_and_by_whom_and_what_older_turns_were_about(kit, played):
    scenes = [
        [said("duarte", f"Boat {n} is in."), said("lidia", f"Good, {n}.", emotion="calm")]
        for n in range(30)
    ]
    session = await played(*scenes)
    view = view_of(session.state, "lidia", memory_tokens=60)
    given = view.for_line()["character"]["memory"]
    assert given[-1].endswith("[turn 31, felt calm]")
    assert "Duarte: “Boat 29 is in.” [turn 31, told by Duarte]" in given
    assert given[0].startswith("turn"), "the older past in a line of its turns"
    first = session.state.characters["lidia"].past[0]
    stood_for = session.state.characters["lidia"].memories.during(first.first, first.last)
    assert {memory.turn for memory in stood_for} == set(range(first.first, first.last + 1))
