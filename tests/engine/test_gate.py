"""What the gate lets through, where it cuts, and when a new scene begins for it."""

from __future__ import annotations

from dataclasses import replace

from tta_rebuild.core.events import FactAsserted, PassageWithheld
from tta_rebuild.core.story import CharacterSketch
from tta_rebuild.engine.action import Action

ADA = CharacterSketch(character_id="ada", name="Ada", is_player=True)
ASKS = {"text": "“Give me the lamp.”", "speaker": "ada"}
ADDS = {"text": "“And the rope.”", "speaker": "ada"}


def fact(subject, relation, value):
    return {"subject": subject, "relation": relation, "value": value}


async def log_of(desk, session):
    return [r.event async for r in desk.store.read(session.branch.branch_id)]


async def test_the_good_beginning_of_a_passage_is_shown_and_its_facts_hold(kit):
    desk = kit.desk(
        kit.scene(
            {"text": "Tom had the line.", "facts": [fact("tom", "holds", "line")]},
            {"text": "Tom died in the storm.", "facts": [fact("tom", "alive", "false")]},
        ),
        kit.scene(
            {
                "text": "Mara picked up the rope. Tom opened the door.",
                "facts": [fact("mara", "holds", "rope"), fact("tom", "does", "opened the door")],
            }
        ),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), Action.choose(1))
    log = await log_of(desk, session)
    (held,) = [e for e in log if isinstance(e, PassageWithheld)]
    assert held.text == "Tom opened the door."
    assert session.state.scene.passages[0].text == "Mara picked up the rope."
    assert session.state.canon.holds_at("mara", "holds", "rope") is not None
    assert any(isinstance(e, FactAsserted) and e.claim.value == "rope" for e in log)


async def test_what_changes_between_scenes_need_not_be_told(kit):
    desk = kit.desk(
        kit.scene({"text": "Mara sat in the mill.", "facts": [fact("mara", "located_in", "mill")]}),
        kit.scene(
            {"text": "Mara sat in the chapel.", "facts": [fact("mara", "located_in", "chapel")]}
        ),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), Action.choose(1))
    assert session.state.withheld == ()
    assert session.state.canon.value("mara", "located_in") == "chapel"


async def test_somebody_who_was_told_nothing_cannot_say_it(kit):
    secret = "Mara sold the boat to the abbey"
    said = {"text": "“The abbey has Mara's boat.”", "speaker": "edda"}
    desk = kit.desk(
        kit.scene({"text": "Edda held the net.", "facts": [fact("edda", "holds", "net")]}),
        kit.scene({"text": "“Sold!”", "speaker": "tom", "facts": [fact("tom", "knows", secret)]}),
        kit.scene(said | {"facts": [fact("edda", "knows", "the boat was sold to the abbey")]}),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), Action.choose(1), Action.choose(1))
    (held,) = [e for e in await log_of(desk, session) if isinstance(e, PassageWithheld)]
    assert held.against == f"tom knows {secret}"
    assert "nobody has told them" in held.reason


async def test_the_player_s_character_speaks_once_for_a_move_and_never_without_one(kit):
    desk = kit.desk(
        kit.scene("A gull screams.", ASKS),
        kit.scene("The wind turns."),
        kit.scene(ASKS, "The tide is out.", ADDS),
    )
    session = await desk.stories.open(replace(kit.premise, characters=(ADA,)))
    await kit.play(session, Action.begin(), Action.say("I ask for the lamp"))
    held = [e for e in await log_of(desk, session) if isinstance(e, PassageWithheld)]
    assert [h.text for h in held] == [ASKS["text"], ADDS["text"]]
    assert {h.against for h in held} == {"the player speaks for their own character"}


async def test_what_the_player_s_character_said_in_a_draft_taken_back_does_not_count(kit):
    desk = kit.desk()
    session = await desk.stories.open(replace(kit.premise, characters=(ADA,)))
    await kit.play(session, Action.begin())
    desk.teller.restart_with = kit.scene(ASKS, "The tide is out.")[:-40]
    desk.teller.replies = [kit.scene("The wind turns.", ASKS)]
    await kit.play(session, Action.say("I ask for the lamp"))
    assert session.state.withheld == ()
    assert session.state.scene.passages[-1].text == ASKS["text"]
