"""One turn, from the player's words to the log."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace

import pytest

from tta_rebuild.core.errors import ExecutionError, PositionConflict, ValidationError
from tta_rebuild.core.events import (
    FactAsserted,
    ModelReplied,
    PassageWithheld,
    PlayerActed,
    SceneTold,
)
from tta_rebuild.engine.action import MAX_ACTION_CHARS, Action
from tta_rebuild.engine.telling import CUT_SHORT
from tta_rebuild.engine.turn_events import (
    ChoicesReady,
    CostReported,
    PassageReleased,
    SceneFinished,
    SceneRestarted,
    TurnRefused,
    TurnStored,
    TurnWarning,
)

DEAD = {
    "facts": [
        {"subject": "mara", "relation": "holds", "value": "lamp"},
        {"subject": "mara", "relation": "alive", "value": "false"},
    ],
    "text": "Mara is dead, the lamp in her hand.",
}

SHE_TAKES_IT = {
    "facts": [{"subject": "mara", "relation": "holds", "value": "rope"}],
    "text": "Mara laughs and takes the rope.",
}


IN_THE_CELLAR = {"subject": "mara", "relation": "located_in", "value": "cellar"}


def shown(events):
    """The passages that the player still sees at the end."""
    texts = []
    for event in events:
        if isinstance(event, SceneRestarted):
            texts.clear()
        elif isinstance(event, PassageReleased):
            texts.append(event.passage.text)
    return texts


async def events_of(desk, session):
    return [r.event async for r in desk.store.read(session.branch.branch_id)]


async def test_a_turn_shows_passages_then_scene_choices_cost_and_that_it_is_stored(begun, kit):
    _, session = begun
    seen = await kit.play(session, Action.choose(1))
    assert [type(e) for e in seen] == [
        PassageReleased,
        PassageReleased,
        SceneFinished,
        ChoicesReady,
        CostReported,
        TurnStored,
    ]
    assert seen[-1].turn == session.state.turn == 2
    assert session.state.position == seen[-1].position == session.branch.length


async def test_the_log_keeps_the_move_the_reply_word_for_word_and_the_scene(begun, kit):
    desk, session = begun
    seen = await kit.play(session, Action.choose(2))
    log = await events_of(desk, session)
    move = [e for e in log if isinstance(e, PlayerActed)][-1]
    assert (move.text, move.choice) == ("Ask Mara where the lamp came from", 2)
    reply = [e for e in log if isinstance(e, ModelReplied)][-1]
    assert reply.request_key == desk.teller.requests[-1].key()
    told = [e for e in log if isinstance(e, SceneTold)][-1]
    assert [p.text for p in told.scene.passages] == shown(seen)


async def test_free_words_reach_the_storyteller_as_the_players_action(begun, kit):
    desk, session = begun
    await kit.play(session, Action.say("I  sing to\x00 the gull"))
    assert desk.teller.requests[-1].variables["action"] == "I sing to the gull"
    assert desk.teller.requests[-1].variables["chosen"] is None


async def test_a_prompt_and_an_export_say_who_spoke_in_one_pair_of_quotation_marks(begun, kit):
    desk, session = begun
    await kit.play(session, Action.say("I count the boats"), Action.say("I wait"))
    assert "Mara: “That makes " in desk.teller.requests[-1].variables["recent"][-1]
    assert "Mara: “That makes " in await desk.stories.markdown(session.story_id)


async def test_copies_of_a_story_hold_the_same_events_and_go_apart_with_the_next_turn(begun, kit):
    desk, session = begun
    copy = await desk.stories.import_story(await kit.exported(desk, session.story_id))
    assert [row.story_id for row in await desk.stories.copies(copy)] == [session.story_id]
    again = await desk.stories.resume(copy.story_id)
    await kit.play(again, Action.say("I wait"))
    assert not await desk.stories.copies(await desk.stories.find(copy.story_id))


async def test_a_choice_reaches_the_storyteller_with_its_consequence(begun, kit):
    desk, session = begun
    await kit.play(session, Action.choose(1))
    chosen = desk.teller.requests[-1].variables["chosen"]
    assert chosen["text"] == "Follow Mara down to the harbour"
    assert chosen["consequence"]


async def test_the_notes_of_a_scene_come_back_with_the_next_request(begun, kit):
    desk, session = begun
    await kit.play(session, Action.choose(1))
    assert desk.teller.requests[-1].variables["notes"] == {"told": 1}


@pytest.mark.parametrize(
    ("action", "word"),
    [
        (Action.choose(7), "choose 1 to 2"),
        (Action.choose(0), "choose 1 to 2"),
        (Action.say("   "), "in a few words"),
        (Action.say("\x00\x07"), "in a few words"),
        (Action.say("...!?"), "in a few words"),
        (Action.say("x" * (MAX_ACTION_CHARS + 1)), "at most"),
        (Action.begin(), "already begun"),
    ],
)
async def test_a_move_that_cannot_be_made_is_refused_and_costs_nothing(begun, kit, action, word):
    desk, session = begun
    before, asked = session.state, len(desk.teller.requests)
    (refused,) = await kit.play(session, action)
    assert isinstance(refused, TurnRefused)
    assert word in refused.reason
    assert (session.state, len(desk.teller.requests)) == (before, asked)


async def test_a_choice_where_none_is_offered_is_refused_and_the_longest_move_is_taken(kit):
    desk = kit.desk(kit.scene("A gull screams.", choices=()))
    session = await desk.stories.open(kit.premise)
    *_, refused = await kit.play(session, Action.begin(), Action.choose(1))
    assert "no numbered choices here" in refused.reason
    await kit.play(session, Action.say("x" * MAX_ACTION_CHARS))
    assert session.state.turn == 2


async def test_words_against_the_players_own_boundaries_are_refused_kindly(kit):
    desk = kit.desk()
    session = await desk.stories.open(replace(kit.premise, boundaries={"violence": "none"}))
    await kit.play(session, Action.begin())
    (refused,) = await kit.play(session, Action.say("I stab the keeper"))
    assert isinstance(refused, TurnRefused)
    assert "violence" in refused.reason


async def test_a_storyteller_that_fails_leaves_the_story_as_it_was(begun, kit):
    desk, session = begun
    before = session.state
    desk.teller.replies.append(kit.busy("overloaded"))
    with pytest.raises(ExecutionError):
        await kit.play(session, Action.choose(1))
    assert session.state == before
    assert len(await events_of(desk, session)) == before.position
    await kit.play(session, Action.choose(1))
    assert session.state.turn == before.turn + 1


async def test_leaving_in_the_middle_of_a_turn_stores_nothing_and_closes_the_stream(begun, kit):
    desk, session = begun
    turn = session.play(Action.choose(1))
    async for _ in turn:
        break
    await turn.aclose()
    assert session.state.turn == 1
    assert desk.teller.closed_early == 1
    assert (await desk.store.branch(session.branch.branch_id)).turn == 1


async def test_two_sessions_on_one_branch_never_mix(begun, kit):
    desk, session = begun
    other = await desk.stories.resume(session.story_id)
    await kit.play(session, Action.choose(1))
    with pytest.raises(PositionConflict):
        await kit.play(other, Action.choose(2))
    again = await desk.stories.resume(session.story_id)
    assert again.state == session.state


async def test_a_stream_that_begins_anew_never_shows_a_text_twice(begun, kit):
    desk, session = begun
    desk.teller.restart_with = kit.scene("A first try.", "Another of it.")[:-40]
    seen = await kit.play(session, Action.choose(1))
    assert any(isinstance(e, SceneRestarted) for e in seen)
    told = next(e.scene for e in seen if isinstance(e, SceneFinished))
    assert shown(seen) == [p.text for p in told.passages]
    assert "A first try." not in told.text


async def test_what_a_draft_that_was_taken_back_claimed_never_reaches_the_log(begun, kit):
    desk, session = begun
    claims = {"text": "Mara stands in the cellar.", "facts": [IN_THE_CELLAR]}
    desk.teller.restart_with = kit.scene(claims, "She waits.")[:-40]
    desk.teller.replies = [kit.scene("The tide is out.", "A gull cries.")]
    seen = await kit.play(session, Action.choose(1))
    assert any(isinstance(e, SceneRestarted) for e in seen)
    logged = [e.claim for e in await events_of(desk, session) if isinstance(e, FactAsserted)]
    assert "cellar" not in {claim.value for claim in logged}
    assert session.state.canon.value("mara", "located_in") != "cellar"


async def test_two_turns_of_one_session_are_played_one_after_the_other(begun, kit):
    _, session = begun
    first, second = session.play(Action.choose(1)), session.play(Action.choose(2))
    async with aclosing(first), aclosing(second):
        await anext(first)  # the first turn is under way
        waiting = asyncio.ensure_future(anext(second))
        for _ in range(50):
            await asyncio.sleep(0)
        assert not waiting.done()
        assert len([e async for e in first if isinstance(e, TurnStored)]) == 1
        await waiting
        assert len([e async for e in second if isinstance(e, TurnStored)]) == 1
    assert session.state.turn == 3


async def test_a_sentence_against_what_holds_is_held_back_and_the_storyteller_goes_on(kit):
    desk = kit.desk(
        kit.scene(DEAD, "The sea goes on."),
        kit.scene("The wind turns.", SHE_TAKES_IT, "The lamp swings."),
        kit.scene("The door stands alone in the dusk."),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    seen = await kit.play(session, Action.say("I look at the door"))
    assert shown(seen) == ["The wind turns.", "The door stands alone in the dusk."]
    repair = desk.teller.requests[-1]
    assert repair.task == "continue_scene"
    assert "Mara laughs" in repair.variables["withheld"]
    assert repair.variables["told_so_far"] == "The wind turns."
    held = [e for e in await events_of(desk, session) if isinstance(e, PassageWithheld)]
    assert [h.gate for h in held] == ["canon"]
    assert session.state.withheld == tuple(held)


async def test_two_contradictions_end_the_scene_soundly_and_say_so(kit):
    contradiction = kit.scene(SHE_TAKES_IT)
    desk = kit.desk(kit.scene(DEAD), contradiction, contradiction)
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    seen = await kit.play(session, Action.say("I look at the door"))
    assert shown(seen) == [CUT_SHORT]
    assert any(isinstance(e, TurnWarning) and "cut short" in e.text for e in seen)
    assert session.state.scene.degraded
    assert len(session.state.withheld) == 2
    await kit.play(session, Action.say("I look around"))
    assert session.state.turn == 3


async def test_what_the_boundaries_keep_out_never_reaches_the_player(kit):
    desk = kit.desk(
        kit.scene("A quiet street. He stabbed the watchman."),
        kit.scene("The watchman yawns."),
    )
    session = await desk.stories.open(replace(kit.premise, boundaries={"violence": "none"}))
    seen = await kit.play(session, Action.begin())
    assert shown(seen) == ["A quiet street.", "The watchman yawns."]
    assert session.state.withheld[0].gate == "safety"


async def test_a_choice_against_the_boundaries_is_not_offered(kit):
    choices = ["Stab the watchman with the knife", "Ask Mara for the way home"]
    desk = kit.desk(kit.scene("A street.", choices=choices))
    session = await desk.stories.open(replace(kit.premise, boundaries={"violence": "none"}))
    await kit.play(session, Action.begin())
    assert [c.text for c in session.state.choices] == ["Ask Mara for the way home"]
    assert session.state.rejected[0][0].startswith("Stab")


async def test_heavy_matter_that_is_allowed_comes_with_a_warning_before_it(kit):
    desk = kit.desk(kit.scene("He stabbed the watchman."))
    session = await desk.stories.open(replace(kit.premise, boundaries={"violence": "medium"}))
    seen = await kit.play(session, Action.begin())
    assert isinstance(seen[0], TurnWarning)
    assert "violence" in seen[0].text
    assert isinstance(seen[1], PassageReleased)


async def test_a_reply_that_is_no_json_is_shown_as_it_came_and_says_so(kit):
    desk = kit.desk("Just words, no form.", "Still just words.")
    session = await desk.stories.open(kit.premise)
    seen = await kit.play(session, Action.begin())
    assert shown(seen)
    assert session.state.scene.degraded
    assert any(isinstance(e, TurnWarning) for e in seen)


async def test_the_story_ends_when_the_player_asks_for_it(begun, kit):
    desk, session = begun
    seen = await kit.play(session, Action.end("I go home"))
    assert desk.teller.requests[-1].variables["should_end"] is True
    assert session.state.ended
    assert [e.choices for e in seen if isinstance(e, ChoicesReady)] == [()]
    (refused,) = await kit.play(session, Action.say("go on"))
    assert "come to its end" in refused.reason


async def test_cost_and_tokens_of_all_calls_of_a_turn_are_reported(begun, kit):
    _, session = begun
    seen = await kit.play(session, Action.choose(1))
    cost = next(e for e in seen if isinstance(e, CostReported))
    assert (cost.cost_usd, cost.calls, cost.usage.total_tokens) == (0.001, 1, 150)


async def test_a_character_who_speaks_feels_and_remembers(begun, kit):
    _, session = begun
    await kit.play(session, Action.say("I help Mara with the lamp"))
    mara = session.state.characters["mara"]
    assert mara.emotional_state == "hopeful"
    assert mara.memory == ["That makes 1.", "That makes 2."]


async def test_a_character_remembers_what_they_came_to_know_and_nobody_else_does(kit):
    learnt = {"subject": "tom", "relation": "knows", "value": "the lamp is out"}
    desk = kit.desk(
        kit.scene({"text": "Hm.", "speaker": "mara"}, {"text": "Aye.", "speaker": "tom"}),
        kit.scene({"text": "Mara and Tom saw the lamp go out.", "facts": [learnt]}),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), Action.choose(1))
    told = {who: list(now.memory) for who, now in session.state.characters.items()}
    assert told == {
        "mara": ["Hm.", "Tom: “Aye.”"],
        "tom": ["Mara: “Hm.”", "Aye.", "knows: the lamp is out"],
    }


async def test_prose_alone_makes_nothing_true(kit):
    flat = json.dumps({"narrative_text": "Mara walks to the old mill.", "story_branches": []})
    for reply in (kit.scene("Mara walks to the old mill."), flat):
        desk = kit.desk(reply)
        session = await desk.stories.open(kit.premise)
        await kit.play(session, Action.begin())
        assert [f.value for f in session.state.facts if f.relation == "located_in"] == []


async def test_facts_under_a_spoken_line_are_the_speakers_word_and_no_more(kit):
    claim = {"subject": "the keeper", "relation": "alive", "value": "false"}
    line = {"facts": [claim], "text": "The keeper is dead.", "speaker": "mara"}
    desk = kit.desk(kit.scene("Mara turns.", line), kit.scene("The keeper waves from the door."))
    session = await desk.stories.open(kit.premise)
    seen = await kit.play(session, Action.begin(), Action.say("I look up"))
    assert "The keeper waves from the door." in shown(seen)
    assert [f.value for f in session.state.canon.beliefs_of("mara")] == ["false"]


@pytest.mark.parametrize("number", ["1", 1.0, True, None])
def test_a_choice_is_a_whole_number(number):
    with pytest.raises(ValidationError, match="the number of a choice must be a whole number"):
        Action.choose(number)


@pytest.mark.parametrize("make", [Action.say, Action.end])
def test_what_a_player_says_is_a_text(make):
    with pytest.raises(ValidationError, match="must be a text, not None"):
        make(None)


async def test_a_move_is_an_action(begun):
    _, session = begun
    with pytest.raises(ValidationError, match=r"a move is an Action, such as .*not 'hello'"):
        await session.turn("hello")
    with pytest.raises(ValidationError, match="a move is an Action"):
        async with aclosing(session.play("hello")) as events:
            _ = [event async for event in events]
