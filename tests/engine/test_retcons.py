"""An author takes back what the story has made true."""

from __future__ import annotations

import pytest

from tta_rebuild.core.errors import StoryError
from tta_rebuild.core.events import FactRetconned, FactRetracted
from tta_rebuild.core.story import Claim
from tta_rebuild.engine.action import Action


def told(text, **fact):
    """A passage with one fact."""
    return {"text": text, "facts": [fact] if fact else []}


LAMP = Claim(subject="mara", relation="holds", value="lamp")
KEY = Claim(subject="mara", relation="holds", value="key")


@pytest.fixture
async def lent(kit):
    """Mara takes a lamp (turn 1), sees a gull (turn 2), gives the lamp to Tom (turn 3)."""
    desk = kit.desk(
        kit.scene(told("Mara takes the lamp.", subject="mara", relation="holds", value="lamp")),
        kit.scene(told("A gull screams at the harbour.")),
        kit.scene(
            told("Mara gives the lamp to Tom.", subject="tom", relation="holds", value="lamp"),
            told("Mara laughs.", subject="mara", relation="feeling", value="happy"),
        ),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), Action.choose(1), Action.choose(1))
    return desk, session


async def path(desk, branch):
    return [r async for r in desk.store.read(branch.branch_id)]


async def test_the_plan_names_the_events_that_depend_on_the_fact_and_changes_nothing(lent):
    desk, session = lent
    plan = await desk.stories.plan_retcon(session.story_id, "main", LAMP)
    assert (plan.fact.subject, plan.fact.relation, plan.fact.value) == ("mara", "holds", "lamp")
    assert plan.dependents == ()  # Tom may have it from anybody
    assert (await desk.stories.resume(session.story_id)).state == session.state


async def test_a_dead_person_s_later_deeds_depend_on_their_life(kit):
    desk = kit.desk(
        kit.scene(told("Tom is alive.", subject="tom", relation="alive", value="true")),
        kit.scene(told("A gull screams.")),
        kit.scene(told("Tom takes the oar.", subject="tom", relation="holds", value="oar")),
        kit.scene(told("Mara takes the rope.", subject="mara", relation="holds", value="rope")),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), *[Action.choose(1)] * 3)
    alive = Claim(subject="tom", relation="alive", value="true")
    dead = Claim(subject="tom", relation="alive", value="false")
    plan = await desk.stories.plan_retcon(session.story_id, "main", alive, dead)
    log = {r.position: r for r in await path(desk, session.branch)}
    assert [log[d.position].event.claim.value for d in plan.dependents] == ["oar"]

    made = await desk.stories.retcon(session.story_id, "main", alive, dead, how="rewrite")
    assert made.branch.branch_id != session.branch.branch_id
    assert made.branch.turn == 2  # the last turn before the oar
    again = await desk.stories.resume(session.story_id, made.branch.name)
    assert again.state.canon.value("tom", "alive") == "false"
    assert again.state.canon.holds_at("tom", "holds", "oar") is None
    untouched = await desk.stories.resume(session.story_id)
    assert untouched.state == session.state

    marked = await desk.stories.retcon(session.story_id, "main", alive, dead, how="mark")
    assert [type(e) for e in marked.events] == [FactRetconned, FactRetracted]
    now = (await desk.stories.resume(session.story_id)).state.canon
    assert now.holds_at("tom", "holds", "oar") is None
    assert now.holds_at("mara", "holds", "rope") is not None


async def test_keep_corrects_the_fact_from_where_it_stood_and_leaves_what_came_after(lent):
    desk, session = lent
    made = await desk.stories.retcon(
        session.story_id, "main", LAMP, KEY, how="keep", reason="it was the key"
    )
    assert made.branch.branch_id == session.branch.branch_id
    assert made.events[0] == FactRetconned(
        claim=made.plan.fact.as_claim(), becomes=KEY, reason="it was the key"
    )
    canon = (await desk.stories.resume(session.story_id)).state.canon
    at = made.plan.fact.since
    assert canon.holds_at("mara", "holds", "key", at=at) is not None
    assert canon.holds_at("mara", "holds", "lamp", at=at) is None
    assert canon.holds_at("tom", "holds", "lamp") is not None


async def test_the_story_goes_on_and_replays_to_the_byte_after_a_correction(lent, kit):
    desk, session = lent
    await desk.stories.retcon(session.story_id, "main", LAMP, KEY, how="mark")
    again = await desk.stories.resume(session.story_id)
    await kit.play(again, Action.choose(1), Action.say("I wave at the gull"))
    report = await desk.stories.replay(session.story_id)
    assert report.agrees, report.difference
    assert report.turns == 5


async def test_a_correction_travels_with_an_exported_story(lent, kit):
    desk, session = lent
    await desk.stories.retcon(session.story_id, "main", LAMP, KEY)
    file = await kit.exported(desk, session.story_id)
    row = await desk.stories.import_story(file)
    canon = (await desk.stories.resume(row.story_id)).state.canon
    assert canon.holds_at("mara", "holds", "key") is not None


async def test_what_never_was_so_cannot_be_taken_back(lent):
    desk, session = lent
    with pytest.raises(StoryError, match="never was so"):
        await desk.stories.retcon(
            session.story_id, "main", Claim(subject="mara", relation="holds", value="crown")
        )


async def test_the_lasting_lines_that_say_a_fact_end_with_it(kit):
    lamp = {
        "text": "Mara takes the old lamp.",
        "facts": [{"subject": "mara", "relation": "holds", "value": "old lamp"}],
    }
    secret = "the mill is sold"
    heard = {
        "text": "Mara hears it: the mill is sold.",
        "facts": [{"subject": "mara", "relation": "knows", "value": secret}],
    }
    desk = kit.desk(kit.scene(lamp), kit.scene(heard), kit.scene("A gull screams."))
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), Action.choose(1))
    wrong = Claim(subject="mara", relation="holds", value="old lamp")
    rope = Claim(subject="mara", relation="holds", value="rope")
    await desk.stories.retcon(session.story_id, "main", wrong, rope, how="keep")
    lines = [
        line.text for line in (await desk.stories.resume(session.story_id)).state.lines.values()
    ]
    assert lines == ["Mara hears it: the mill is sold.", "Mara has rope."]
    knows = Claim(subject="mara", relation="knows", value=secret)
    await desk.stories.retcon(session.story_id, "main", knows, None, how="mark")
    again = await desk.stories.resume(session.story_id)
    assert [line.text for line in again.state.lines.values()] == ["Mara has rope."]
    await kit.play(again, Action.choose(1))
    assert (await desk.stories.replay(session.story_id)).difference is None
