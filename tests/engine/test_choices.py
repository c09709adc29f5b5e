"""Which choices are offered, and what the player is told of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tta_rebuild.core.errors import ProviderBusy
from tta_rebuild.core.events import ChoicesOffered
from tta_rebuild.core.story import CharacterSketch
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.telling import RULES_ONLY
from tta_rebuild.engine.turn_events import TurnWarning

ADA = CharacterSketch(character_id="ada", name="Ada", is_player=True)


def branch(choice, *effects, consequence="", affects=("mara",)):
    """A branch of a scene reply."""
    return {
        "choice": choice,
        "consequence": consequence or f"{choice}, and it leads on.",
        "effects": list(effects),
        "affects": list(affects),
    }


def becomes(subject, relation, value):
    return {"subject": subject, "relation": relation, "value": value}


async def offered(kit, *branches, cast=()):
    """The choices of an opening scene with these branches, and the warnings that came with it."""
    desk = kit.desk(kit.scene("Mara looks at the sea.", story_branches=list(branches)))
    premise = replace(kit.premise, characters=(*kit.premise.characters, *cast))
    session = await desk.stories.open(premise)
    seen = await kit.play(session, Action.begin())
    log = [r.event async for r in desk.store.read(session.branch.branch_id)]
    warnings = [e.text for e in seen if isinstance(e, TurnWarning)]
    return next(e for e in log if isinstance(e, ChoicesOffered)), warnings


GOOD = (branch("Follow Mara down to the harbour"), branch("Ask Mara about the lamp she lost"))


async def test_two_choices_that_reach_the_same_are_offered_once(kit):
    lamp = becomes("mara", "holds", "lamp")
    made, _ = await offered(
        kit,
        *GOOD,
        branch("Let Mara pick up the lamp", lamp),
        branch("Hand the lamp over to Mara", lamp),
    )
    assert [c.text for c in made.choices][-1] == "Let Mara pick up the lamp"
    ((text, reason),) = made.rejected
    assert text == "Hand the lamp over to Mara"
    assert "leads to the same as" in reason


async def test_a_choice_after_which_the_player_could_do_nothing_is_not_offered(kit):
    dead = becomes("ada", "alive", "false")
    made, _ = await offered(
        kit, *GOOD, branch("Let Mara push Ada off the cliff", dead), cast=(ADA,)
    )
    assert [text for text, _ in made.rejected] == ["Let Mara push Ada off the cliff"]
    assert "would be dead" in made.rejected[0][1]


async def test_the_reason_for_a_rejection_is_what_counts_most_against_it(kit):
    desk = kit.desk(
        kit.scene(
            {"text": "Tom stood at the rail.", "facts": [becomes("tom", "located_in", "deck")]},
            {"text": "Tom died in the storm.", "facts": [becomes("tom", "alive", "false")]},
            story_branches=[
                *GOOD,
                branch(
                    "Let Tom carry the lamp for Mara",
                    becomes("tom", "holds", "lamp"),
                    consequence="something",
                    affects=(),
                ),
            ],
        )
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    ((text, reason),) = session.state.rejected
    assert text == "Let Tom carry the lamp for Mara"
    assert "dead" in reason


@pytest.mark.parametrize(("count", "says"), [(0, "no_choice"), (1, "one_choice"), (2, "")])
async def test_too_few_choices_are_owned_up_to(kit, count, says):
    made, warnings = await offered(kit, *GOOD[:count])
    assert len(made.choices) == count
    assert warnings == ([message(says)] if says else [])


async def test_a_model_that_checks_branches_sees_the_facts_that_matter_to_them(kit):
    desk = kit.desk(
        kit.scene(
            {"text": "Mara holds the brass lamp.", "facts": [becomes("mara", "holds", "lamp")]}
        ),
        '{"branches": []}',
    )
    stories = desk.stories
    stories._dependencies = replace(stories._dependencies, checks="choices")
    session = await stories.open(kit.premise)
    await kit.play(session, Action.begin(), Action.say("I greet Mara"))
    checks = [r for r in desk.teller.requests if r.task == "branch_check"]
    assert becomes("mara", "holds", "lamp") in checks[0].variables["facts"]
    assert "I greet Mara" in checks[1].variables["recent"]


@pytest.mark.parametrize("answer", [ProviderBusy("busy"), "", "All fine!", "{}", '{"branches": 7}'])
async def test_a_branch_check_that_fails_is_said_as_a_failed_reading_is(kit, answer):
    desk = replace(kit.desk(kit.scene("Mara waits."), answer), checks="choices")
    session = await desk.stories.open(kit.premise)
    seen = await kit.play(session, Action.begin())
    assert any(e.text.startswith(RULES_ONLY) for e in seen if isinstance(e, TurnWarning))
    assert RULES_ONLY in session.state.scene.degraded


async def test_a_branch_check_that_finds_nothing_is_no_failure(kit):
    desk = replace(kit.desk(kit.scene("Mara waits."), '{"branches": []}'), checks="choices")
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    assert RULES_ONLY not in session.state.scene.degraded
