"""One person aside: an answer from their knowledge alone, by a scene's way through the gate."""

from __future__ import annotations

import json
from contextlib import aclosing
from dataclasses import replace

import pytest

from tta_rebuild.core.errors import BudgetExceededError, ContentRefused, ReplyUnusable
from tta_rebuild.core.events import CharacterChanged, LineKept, ModelReplied, PersonAsked
from tta_rebuild.core.story import CharacterSketch, Voice
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.turn_events import (
    AsideEnded,
    PassageReleased,
    SceneRestarted,
    TurnRefused,
    TurnWarning,
)

JOSK = CharacterSketch(
    character_id="josk",
    name="Josk Verrin",
    description="warden of the bridge, an old soldier",
    voice=Voice(register="gruff", never=("please",)),
)
PELL = CharacterSketch(character_id="pell", name="Pell", description="the ferry-boy")
YOU = CharacterSketch(character_id="tamsin", name="Tamsin", is_player=True)
SECRET = "Josk fears that the Duke comes for his own son."
OPEN = "The Duke's riders come in two days."
OPENING = {
    "lines": [
        {"text": SECRET, "about": ["josk"], "known_by": ["josk"], "weight": 3},
        {"text": OPEN, "about": ["duke"], "known_by": [], "weight": 3},
    ]
}


async def seen(items):
    async with aclosing(items) as events:
        return [event async for event in events]


def texts(events):
    return [e.passage.text for e in events if isinstance(e, PassageReleased)]


async def stored(desk, session):
    return [r.event async for r in desk.store.read(session.branch.branch_id)]


@pytest.fixture
async def table(kit):
    """A desk, and a session in which Josk and Pell stand by."""
    first = kit.scene(
        "Josk Verrin and Pell wait at the gate.",
        {"text": "It's shut.", "speaker": "josk", "emotion": "grim", "facts": []},
        **OPENING,
    )
    desk = kit.desk(first)
    premise = replace(kit.premise, characters=(YOU, JOSK, PELL))
    session = await desk.stories.open(premise)
    await kit.play(session, Action.begin())
    return desk, session


async def test_an_answer_comes_by_sentences_is_no_turn_and_is_kept(table) -> None:
    desk, session = table
    before = session.branch.length
    desk.teller.replies = ["I heard it knock twice. Don't go down there, miss."]
    events = await seen(session.ask("Pell, what have you heard?"))

    assert texts(events) == ["I heard it knock twice.", "Don't go down there, miss."]
    ended = events[-1]
    assert isinstance(ended, AsideEnded)
    assert (ended.character_id, ended.calls) == ("pell", 1)
    assert session.state.turn == 1
    new = (await stored(desk, session))[before:]
    assert [type(e) for e in new] == [PersonAsked, ModelReplied, LineKept, CharacterChanged]
    assert (new[0].text, new[0].answer) == ("what have you heard?", ended.answer)
    assert new[2].line.known_by == ("pell", "tamsin")
    assert "what have you heard?" in session.state.characters["pell"].memory[-1]
    assert ended.answer in session.state.characters["pell"].spoken


async def test_the_prompt_holds_that_persons_knowledge_and_voice_alone(table) -> None:
    desk, session = table
    desk.teller.replies = ["Nothing, miss.", "Aye."]
    await seen(session.ask("Pell what does he fear?"))
    await seen(session.ask("the warden: what do you fear?"))
    of_pell, of_josk = (request.full_text for request in desk.teller.requests[-2:])

    assert OPEN in of_pell
    assert SECRET not in of_pell
    assert SECRET in of_josk
    assert "gruff" in of_josk
    assert "gruff" not in of_pell
    assert [r.task for r in desk.teller.requests[-2:]] == ["dialogue"] * 2


async def test_a_sentence_of_a_scene_that_nobody_marked_is_in_no_prompt_of_one_person(kit) -> None:
    told = kit.scene(
        {
            "text": "Mara whispers that the box is under the stairs.",
            "facts": [{"subject": "box", "relation": "located_in", "value": "stairs"}],
        }
    )
    desk = kit.desk(told, "I know of no box.")
    session = await desk.stories.open(replace(kit.premise, characters=(YOU, JOSK, PELL)))
    await kit.play(session, Action.begin())
    assert any("under the stairs" in line.text for line in session.state.lines.values())
    await seen(session.ask("Pell where is the box?"))
    assert "under the stairs" not in desk.teller.requests[-1].full_text


async def test_the_next_scene_knows_what_was_said_and_who_knows_it(table, kit) -> None:
    desk, session = table
    desk.teller.replies = ["The key is in the well."]
    await seen(session.ask("Pell where is the key?"))
    await kit.play(session, Action.choose(1))
    assert "The key is in the well. [known to: pell, tamsin]" in desk.teller.requests[-1].prompt


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Say whom"),
        ("Nobody why?", "Nobody called 'Nobody'"),
        ("Pell", "Say what you ask"),
        ("Pell ...", "Say what you ask"),
        ("Tamsin what do you feel?", "your own character"),
        ("me what do I feel?", "your own character"),
        (f"Pell {'x' * 5000}", "5,000 characters"),
    ],
)
async def test_what_cannot_be_asked_is_said_and_costs_nothing(table, typed, says) -> None:
    desk, session = table
    before = session.branch.length, len(desk.teller.requests)
    events = await seen(session.ask(typed))
    assert [type(e) for e in events] == [TurnRefused]
    assert says in events[0].reason
    assert (session.branch.length, len(desk.teller.requests)) == before


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Pell, what is knocking under the floor?", "what is knocking under the floor?"),
        ("Josk Verrin do you trust Pell?", "do you trust Pell?"),
        ("the warden: why?", "why?"),
        ("pell why is the gate shut", "why is the gate shut"),
    ],
)
async def test_the_name_ends_where_the_question_begins(table, typed, words) -> None:
    desk, session = table
    desk.teller.replies = ["Hm, I could not say."]
    await seen(session.ask(typed))
    asked = [e for e in await stored(desk, session) if isinstance(e, PersonAsked)]
    assert asked[-1].text == words


async def test_the_players_own_character_is_not_thought_for(table) -> None:
    desk, session = table
    asked = len(desk.teller.requests)
    for typed in ("Tamsin", "you", "me"):
        (refused,) = await seen(session.think(typed))
        assert "yours to say" in refused.reason
    assert len(desk.teller.requests) == asked


async def test_a_thought_is_shown_and_kept_nowhere(table) -> None:
    desk, session = table
    before = session.branch.length
    desk.teller.replies = ["If she asks again, I will say it."]
    events = await seen(session.think("Pell"))
    assert texts(events) == ["If she asks again, I will say it."]
    assert desk.teller.requests[-1].task == "monologue"
    assert session.branch.length == before


async def test_the_dead_and_those_elsewhere_are_not_asked(table, kit) -> None:
    desk, session = table
    gone = [{"subject": "josk", "relation": "alive", "value": "false"}]
    away = [{"subject": "pell", "relation": "located_in", "value": "mill"}]
    away.append({"subject": "tamsin", "relation": "located_in", "value": "gate"})
    desk.teller.replies = [
        kit.scene(
            {"text": "The old soldier lies dead.", "facts": gone},
            {"text": "A way off, wheels turn.", "facts": away},
        ),
        kit.scene("The wind drops, and Tamsin thinks of Pell."),
    ]
    await kit.play(session, Action.say("I wait."), Action.say("I wait again."))
    (dead,) = await seen(session.ask("Josk why?"))
    (away_now,) = await seen(session.ask("Pell why?"))
    assert "dead" in dead.reason
    assert "not here" in away_now.reason


@pytest.mark.parametrize(
    ("told", "is_here"),
    [
        ("“Say it louder,” says Pell.", True),
        ("Pell sits down before Tamsin and crosses his legs.", True),
        ("The wind drops, and Tamsin thinks of Pell.", False),
        ("Somebody calls for Pell. The mill wheel turns.", False),
    ],
)
async def test_who_speaks_or_acts_in_the_last_scene_is_here_wherever_they_were_before(
    table, kit, told, is_here
) -> None:
    desk, session = table
    away = [{"subject": "pell", "relation": "located_in", "value": "mill"}]
    away.append({"subject": "tamsin", "relation": "located_in", "value": "gate"})
    desk.teller.replies = [kit.scene({"text": "Wheels turn.", "facts": away}), kit.scene(told)]
    await kit.play(session, Action.say("I wait."), Action.say("I wait again."))
    desk.teller.replies = ["I was at the mill."]
    items = await seen(session.ask("Pell why?"))
    refused = [item.reason for item in items if isinstance(item, TurnRefused)]
    away_now = ["Pell is not here. Go to Pell first, in words of your own."]
    assert refused == ([] if is_here else away_now)


async def test_a_question_or_an_answer_against_a_boundary_is_held_back(kit) -> None:
    desk = kit.desk(kit.scene("Pell waits at the gate."))
    premise = replace(kit.premise, characters=(YOU, PELL), boundaries={"spiders": "none"})
    session = await desk.stories.open(premise)
    await kit.play(session, Action.begin())
    (refused,) = await seen(session.ask("Pell, is there a spider?"))
    assert isinstance(refused, TurnRefused)

    desk.teller.replies = ["I know it. A spider sits there.", "There is a spider."]
    events = await seen(session.ask("Pell, what sits there?"))
    assert texts(events) == ["I know it."]
    assert "WHAT WAS HELD BACK" in desk.teller.requests[-1].prompt
    assert any("cut short" in e.text for e in events if isinstance(e, TurnWarning))
    assert len(session.state.withheld) == 2


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ('"Aye, it knocks."', "Aye, it knocks."),
        ("Pell: Aye, it knocks.", "Aye, it knocks."),
        ('{"dialogue": "Aye, it knocks."}', "Aye, it knocks."),
        ("<think>he is shy</think>Aye, it knocks.", "Aye, it knocks."),
        ("*shuffles his feet* Aye, it knocks.", "Aye, it knocks."),
        ("(quietly) Aye, it knocks.", "Aye, it knocks."),
        ("```\nAye, it knocks.\n```", "Aye, it knocks."),
    ],
)
async def test_what_a_model_wraps_around_the_words_is_left_out(table, reply, said) -> None:
    desk, session = table
    desk.teller.replies = [reply]
    assert (await seen(session.ask("Pell does it knock?")))[-1].answer == said


@pytest.mark.parametrize("reply", ["", "   ", '{"x": 1}', "…"])
async def test_an_answer_that_is_none_is_asked_for_once_more_then_said(table, reply) -> None:
    desk, session = table
    before = session.branch.length
    desk.teller.replies = [reply, "Aye."]
    assert (await seen(session.ask("Pell why?")))[-1].answer == "Aye."
    desk.teller.replies = [reply, reply]
    length = session.branch.length
    with pytest.raises(ReplyUnusable, match="Pell"):
        await seen(session.ask("Pell why?"))
    assert session.branch.length == length > before


async def test_a_refusal_is_no_answer(table) -> None:
    desk, session = table
    desk.teller.replies = ["I'm sorry, but I can't help with that request."] * 2
    with pytest.raises(ContentRefused, match="Pell"):
        await seen(session.ask("Pell why?"))


async def test_what_fails_stores_nothing(table, kit) -> None:
    desk, session = table
    before = session.branch.length
    spent = BudgetExceededError(
        scope="turn", limit_usd=0.1, spent_usd=0.1, needed_usd=0.1, how_to_raise="raise it"
    )
    for one in (spent, kit.busy("busy")):
        desk.teller.replies = [one]
        with pytest.raises(type(one)):
            await seen(session.ask("Pell why?"))
    assert session.branch.length == before


async def test_left_half_way_nothing_is_stored_and_the_stream_is_closed(table) -> None:
    desk, session = table
    before, desk.teller.piece_chars = session.branch.length, 10
    desk.teller.replies = ["One thing first, miss, if I may say so. Another. A third thing, too."]
    async with aclosing(session.ask("Pell why?")) as events:
        async for event in events:
            if isinstance(event, PassageReleased):
                break
    assert desk.teller.closed_early == 1
    assert session.branch.length == before


async def test_a_restart_takes_the_sentences_back(table) -> None:
    desk, session = table
    desk.teller.restart_with = "I had begun to say something quite else here. And more of it. And"
    desk.teller.replies = ["Aye."]
    events = await seen(session.ask("Pell why?"))
    assert any(isinstance(e, SceneRestarted) for e in events)
    assert events[-1].answer == "Aye."


async def test_an_aside_does_not_disturb_replay_fork_undo_or_export(table, kit) -> None:
    desk, session = table
    desk.teller.replies = ["The key is in the well."]
    await seen(session.ask("Pell where is the key?"))
    await kit.play(session, Action.choose(1))
    report = await desk.stories.replay(session.story_id)
    assert report.agrees, report.difference
    back = await desk.stories.rewind(session, 1)
    assert back.state.characters["pell"].spoken[-1] == "The key is in the well."
    assert "(aside) where is the key?" in await desk.stories.markdown(session.story_id)
    copy = await desk.stories.import_story(await kit.exported(desk, session.story_id))
    assert (
        await desk.stories.resume(copy.story_id)
    ).state.lines.keys() == session.state.lines.keys()


async def test_an_imported_aside_is_held_against_the_boundaries(table, kit) -> None:
    from tta_rebuild.core.errors import ImportRejected

    desk, session = table
    desk.teller.replies = ["A spider sits in the well."]
    await seen(session.ask("Pell what is there?"))
    data = await kit.exported(desk, session.story_id)
    data["branches"][0]["events"][0]["data"]["premise"]["boundaries"] = {"spiders": "none"}
    with pytest.raises(ImportRejected, match="aside"):
        await desk.stories.import_story(data)


async def test_the_fit_of_an_answer_is_measured_with_reasons(table) -> None:
    desk, session = table
    desk.teller.replies = ["Leave it shut, please."]
    ended = (await seen(session.ask("Josk shall I open it?")))[-1]
    assert ended.personality_alignment < 1.0
    assert any("never says “please”" in reason for reason in ended.reasons)


async def test_the_scene_prompt_carries_voices_but_not_the_players(table, kit) -> None:
    desk, session = table
    await kit.play(session, Action.choose(1))
    prompt = desk.teller.requests[-1].prompt
    shown = {c["character_id"]: c for c in desk.teller.requests[-1].variables["characters"]}
    assert shown["josk"]["voice"]["register"] == "gruff"
    assert shown["josk"]["voice"]["samples"] == ["It's shut."]
    assert "voice" not in shown["tamsin"]
    assert "gruff" in prompt


async def test_with_a_second_reader_no_sentence_is_out_before_it_is_read(table) -> None:
    desk, session = table
    desk.checks = "all"
    session = await desk.stories.resume(session.story_id)
    number = next(n for n, line in session.state.lines.items() if line.text == SECRET)
    objection = {
        "passage": 1,
        "cites": f"K{number}",
        "words": "his own son",
        "why": "nobody told Pell",
    }
    desk.teller.replies = [
        "The Duke comes for his own son.",
        json.dumps({"objections": [objection], "choices": [], "lines": [], "ended": []}),
        "I could not say, miss.",
        json.dumps({"objections": [], "choices": [], "lines": [], "ended": []}),
    ]
    events = await seen(session.ask("Pell why does the Duke come?"))
    assert texts(events) == ["I could not say, miss."]
    assert [r.task for r in desk.teller.requests[-4:]] == ["dialogue", "reading"] * 2
    assert session.state.withheld[0].text == "The Duke comes for his own son."
