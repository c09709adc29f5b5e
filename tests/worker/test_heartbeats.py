"""What a heartbeat says of a call: no less than may have come of it when its machine is lost."""

from __future__ import annotations

from tta_rebuild.core.turn_calls import CallPlace
from tta_rebuild.worker.activities import UNHEARD_BEATS, CharsBound

SCENE, CHECK = CallPlace("scene", 1), CallPlace("check", 1)


def test_a_call_may_have_gone_on_as_fast_as_it_ever_was_until_it_is_given_up() -> None:
    bounds = CharsBound()
    told = [bounds.after({SCENE: chars})[SCENE] for chars in (0, 100, 400, 450)]

    assert told == [0, 100 + UNHEARD_BEATS * 100, 400 + UNHEARD_BEATS * 300, 450 + 300 * 5]


def test_each_call_has_its_own_pace_and_one_that_ended_is_told_of_no_more() -> None:
    bounds = CharsBound()
    bounds.after({SCENE: 500})

    assert bounds.after({CHECK: 10}) == {CHECK: 10 + UNHEARD_BEATS * 10}
