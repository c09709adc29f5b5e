"""Words are found in all that a story has told, whatever the branch."""

from __future__ import annotations

from tta_rebuild.engine.action import Action


async def test_words_are_found_on_the_branch_that_told_them_and_once(kit) -> None:
    desk = kit.desk(
        kit.scene("A kettle sings."), kit.scene("The red lamp turns."), kit.scene("No lamp is red.")
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), Action.say("I wait."))
    await desk.stories.fork(session.story_id, turn=1, name="other")
    other = await desk.stories.resume(session.story_id, "other")
    await kit.play(other, Action.say("I look for the lamp."))

    kettle = await desk.stories.search(session.story_id, "kettle")
    phrase = await desk.stories.search(session.story_id, "red lamp")
    apart = await desk.stories.search(session.story_id, "kettle red")

    assert [(one.branch, one.turn) for one in kettle] == [("main", 1)]
    assert [(one.branch, one.turn) for one in phrase] == [("main", 2)]
    assert {(one.branch, one.turn) for one in apart} >= {("main", 1), ("main", 2), ("other", 2)}
    assert phrase[0].excerpt.endswith("The red lamp turns.")
    assert await desk.stories.search(session.story_id, "") == []
