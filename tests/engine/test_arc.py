"""Where a story may end."""

from __future__ import annotations

import pytest

from tta_rebuild.engine.action import Action
from tta_rebuild.engine.turn_input import ArcPoint, arc_point


@pytest.mark.parametrize(
    ("point", "said_so", "is_cut", "ends"),
    [
        (arc_point(2, 0), True, False, False),  # a model that calls the second scene the end
        (arc_point(16, 0), True, False, False),  # the end of a chapter is no end of a story
        (arc_point(5, 20), True, False, False),
        (arc_point(19, 20), True, False, True),  # in the resolution a scene earlier will do
        (arc_point(19, 20), False, False, False),
        (arc_point(20, 20), False, False, True),
        (arc_point(20, 20), False, True, False),
        (arc_point(20, 20), True, True, True),
        (ArcPoint("resolution", should_end=True), False, False, True),  # the player wishes it
    ],
)
def test_a_reply_ends_the_story_only_where_the_arc_or_the_player_allows_it(
    point: ArcPoint, said_so: bool, is_cut: bool, ends: bool
) -> None:
    assert point.is_end(said_so=said_so, is_cut=is_cut) is ends


async def test_a_model_cannot_end_a_story_in_its_second_scene(kit) -> None:
    desk = kit.desk(kit.scene("The lamp burns."), kit.scene("And so it ends.", is_ending=True))
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), Action.say("I wait by the lamp"))
    assert not session.state.ended
    assert session.state.choices
