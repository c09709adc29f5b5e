"""Goals rise by what happens and say by what; stages are entered by the conditions declared."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tta_rebuild.core.errors import ValidationError
from tta_rebuild.core.story import ArcStage, Bond
from tta_rebuild.narrative.arcs import ArcMoment, Happened, check_arc, goals_raised, stage_after
from tta_rebuild.narrative.character_state import CharacterState, new_character

HERO = new_character("hero", datetime(2026, 1, 1, tzinfo=UTC))


def stage(
    now: CharacterState, declared: dict[str, str] | None = None, story: ArcStage = "setup"
) -> str:
    """The stage at turn 7, where the hero has the lamp."""
    moment = ArcMoment(
        now=now, story_stage=story, turn=7, is_so=lambda *fact: fact == ("holds", "lamp")
    )
    return stage_after(moment, declared or {})


def test_by_itself_a_stage_follows_the_story_or_runs_ahead_with_a_goal() -> None:
    assert stage(HERO) == "setup"
    assert stage(HERO, story="climax") == "climax"
    for progress, reached in ((0.1, "setup"), (0.3, "development"), (0.6, "climax")):
        assert stage(replace(HERO, development_goals={"find the lamp": progress})) == reached


def test_a_stage_is_never_left_for_an_earlier_one_but_in_a_new_chapter() -> None:
    assert stage(replace(HERO, arc_stage="climax")) == "climax"
    assert stage(replace(HERO, arc_stage="resolution")) == "setup"
    declared = {"resolution": "turn 1"}
    assert stage(replace(HERO, arc_stage="resolution"), declared) == "resolution"


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ("goal 0.4", True),
        ("goal 0.5", False),
        ("goal find the lamp 0.4", True),
        ("goal sleep 0.4", False),
        ("trust mara 0.5", True),
        ("fear mara 0.1", False),
        ("bond tom -0.4", True),
        ("bond mara -0.4", False),
        ("turn 7", True),
        ("turn 8", False),
        ("story development", False),
        ("fact holds lamp", True),
        ("fact holds the lamp", False),
        ("turn 7 and  fact holds lamp", True),
        ("turn 7 and fact holds rope", False),
    ],
)
def test_a_declared_condition_takes_the_place_of_the_usual_ones(
    condition: str, *, is_met: bool
) -> None:
    check_arc({"development": condition})
    hero = replace(
        HERO,
        development_goals={"find the lamp": 0.4},
        bonds={"mara": Bond(trust=0.5), "tom": Bond.of(-0.6)},
    )
    declared = {"development": condition, "climax": "turn 99"}
    assert stage(hero, declared) == ("development" if is_met else "setup")


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"middle": "turn 1"}, "Invalid arc stage 'middle'"),
        ({"climax": "when all is lost"}, "'when all is lost' of the stage climax cannot be read"),
        ({"climax": "turn 1 and soon"}, "'soon'"),
    ],
)
def test_what_cannot_be_a_condition_is_refused(declared: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        check_arc(declared)


def test_what_is_told_raises_a_goal_and_what_becomes_true_raises_it_further() -> None:
    goals = {"find the brass lamp": 0.2, "sleep": 0.0, "be free": 1.0}
    told = Happened("The hero looks everywhere for the brass lamp.")
    true = Happened("Hero has brass lamp", is_fact=True)
    assert list(goals_raised(goals, [told])) == [("find the brass lamp", 0.3, told.text)]
    assert list(goals_raised(goals, [told, true])) == [("find the brass lamp", 0.5, true.text)]
    assert list(goals_raised(goals, [Happened("The lamp is lit.")])) == []
    assert [goal for goal, *_ in goals_raised(goals, [Happened("He sleeps.")])] == ["sleep"]
    assert list(goals_raised(goals, [Happened("At last to be free!")])) == []
    assert list(goals_raised({"": 0.0, "the": 0.0}, [told])) == []
