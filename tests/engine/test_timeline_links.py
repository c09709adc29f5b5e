"""A scene that changes what an earlier one made so goes back to it on the story's timeline."""

from __future__ import annotations

from tta_rebuild.core.events import TimelineMarked
from tta_rebuild.engine.action import Action


def told(text, subject, relation, value):
    return {"text": text, "facts": [{"subject": subject, "relation": relation, "value": value}]}


async def links_of(desk, session):
    path = await desk.stories.path(session.story_id, session.branch.name)
    marks = [r.event for r in path if isinstance(r.event, TimelineMarked)]
    return {mark.event_id: mark.causal_links for mark in marks}


async def test_a_scene_is_linked_to_the_scene_whose_fact_it_changes(kit):
    desk = kit.desk(
        kit.scene(told("Mara picked up the lamp.", "mara", "holds", "lamp")),
        kit.scene(told("Tom picked up an oar.", "tom", "holds", "oar")),
        kit.scene(told("Mara gave Tom the lamp.", "tom", "holds", "lamp")),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), Action.choose(1), Action.choose(1))
    links = await links_of(desk, session)
    assert links["turn-2-scene"] == ("turn-2-action",)
    assert links["turn-3-scene"] == ("turn-3-action", "turn-1-scene")


async def test_a_scene_in_which_a_thing_is_taken_is_linked_to_the_scene_that_put_it_there(kit):
    desk = kit.desk(
        kit.scene(told("The lamp lay in the mill.", "lamp", "located_in", "mill")),
        kit.scene("A gull screams."),
        kit.scene(told("Mara picked up the lamp.", "mara", "holds", "lamp")),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), Action.choose(1), Action.choose(1))
    links = await links_of(desk, session)
    assert links["turn-3-scene"] == ("turn-3-action", "turn-1-scene")


async def test_inferred_links_hold_on_a_fork_and_replay_to_the_byte(kit):
    desk = kit.desk(
        kit.scene(told("Mara picked up the lamp.", "mara", "holds", "lamp")),
        kit.scene("A gull screams."),
        kit.scene(told("Mara gave Tom the lamp.", "tom", "holds", "lamp")),
        kit.scene(told("Mara gave Anna the lamp.", "anna", "holds", "lamp")),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), Action.choose(1), Action.choose(1))
    other = await desk.stories.rewind(session)
    await kit.play(other, Action.choose(2))
    links = await links_of(desk, other)
    assert links["turn-3-scene"] == ("turn-3-action", "turn-1-scene")
    assert (await desk.stories.replay(session.story_id, other.branch.name)).agrees
