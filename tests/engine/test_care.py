"""A turn pauses for a player in need before any model is asked, and keeps none of their words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tta_rebuild.core.errors import PausedForCare, ProviderBusy
from tta_rebuild.core.events import BoundariesTightened, CareShown, PlayerActed
from tta_rebuild.core.story import CharacterSketch
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.care import QUIET_TURNS, SITTING
from tta_rebuild.engine.turn_events import (
    AsideEnded,
    TurnPaused,
    TurnRefused,
    TurnStored,
    TurnWarning,
)
from tta_rebuild.safety.care import CarePolicy, gentler
from tta_rebuild.safety.help_lines import help_lines
from tta_rebuild.safety.needs import Level, NeedFinding, read_need

CRY = "I want to kill myself. I mean me, not the keeper."
DANGER = "please call an ambulance for me, i have taken an overdose"
JOSK = CharacterSketch(character_id="josk", name="Josk", description="warden of the bridge")


async def log_of(desk, session):
    return [r.event async for r in desk.store.read(session.branch.branch_id)]


async def test_the_turn_pauses_before_any_model_is_asked_and_keeps_that_alone(begun, kit):
    desk, session = begun
    asked, before = len(desk.teller.requests), await log_of(desk, session)

    [paused] = await kit.play(session, Action.say(CRY))

    assert isinstance(paused, TurnPaused)
    assert (paused.note.need, len(desk.teller.requests)) == ("harm", asked)
    assert (await log_of(desk, session))[len(before) :] == [CareShown()]
    assert "kill" not in json.dumps(await kit.exported(desk, session.story_id))


async def test_going_on_plays_exactly_the_move(begun, kit):
    desk, session = begun
    [paused] = await kit.play(session, Action.say(CRY))

    seen = await kit.play(session, paused.go_on)

    assert isinstance(seen[-1], TurnStored)
    acted = [e for e in await log_of(desk, session) if isinstance(e, PlayerActed)]
    assert acted == [PlayerActed(text=CRY)]


async def test_a_story_with_a_pause_replays_and_forks_as_any_other(begun, kit):
    desk, session = begun
    [paused] = await kit.play(session, Action.say(CRY))
    await kit.play(session, paused.go_on, Action.choose(1))
    [again] = await kit.play(session, Action.say(DANGER))
    assert isinstance(again, TurnPaused)
    await session.make_gentler()
    await kit.play(session, Action.choose(2))

    report = await desk.stories.replay(session.story_id)
    fork = await desk.stories.fork(session.story_id, turn=3)
    other = await desk.stories.resume(session.story_id, fork.name)
    await kit.play(other, Action.choose(1))

    assert report.agrees, report.difference
    assert report.turns == 4
    assert other.state.turn == 4


async def test_the_opening_pauses_for_a_premise_that_is_a_cry(kit):
    desk = kit.desk()
    session = await desk.stories.open(replace(kit.premise, theme=CRY))

    [paused] = await kit.play(session, Action.begin())
    assert isinstance(paused, TurnPaused)
    assert not desk.teller.requests

    await kit.play(session, paused.go_on)
    assert session.state.turn == 1


async def test_a_caller_that_waits_for_the_turn_gets_the_pause_as_an_error(begun):
    _, session = begun
    with pytest.raises(PausedForCare) as caught:
        await session.turn(Action.say(CRY))

    played = await session.turn(caught.value.paused.go_on)
    assert played.turn == 2


async def test_nobody_skips_a_note_that_was_not_shown(begun, kit):
    _, session = begun

    [paused] = await kit.play(session, replace(Action.say(CRY), after_note=True))

    assert isinstance(paused, TurnPaused)


async def test_the_same_need_soon_after_gets_a_line_and_another_need_a_pause(begun, kit):
    _, session = begun
    await kit.play(session, Action.say(CRY), replace(Action.say(CRY), after_note=True))

    again = await kit.play(session, Action.say(CRY))
    [other] = await kit.play(session, Action.say(DANGER))

    assert isinstance(again[0], TurnWarning)
    assert again[0].is_care
    assert "findahelpline.com" in again[0].text
    assert isinstance(again[-1], TurnStored)
    assert isinstance(other, TurnPaused)
    assert other.note.need == "danger"


async def test_whoever_plays_the_story_next_knows_what_was_shown(begun, kit):
    desk, session = begun
    await kit.play(session, Action.say(CRY), replace(Action.say(CRY), after_note=True))

    again = await kit.play(await desk.stories.resume(session.story_id), Action.say(CRY))
    [other] = await kit.play(await desk.stories.resume(session.story_id), Action.say(DANGER))

    assert isinstance(again[0], TurnWarning)
    assert again[0].is_care
    assert isinstance(other, TurnPaused)
    assert other.note.need == "danger"


async def test_where_the_player_went_on_otherwise_a_danger_pauses_and_harm_gets_a_line(begun, kit):
    desk, session = begun
    await kit.play(session, Action.say(DANGER), Action.choose(1))

    first = await kit.play(await desk.stories.resume(session.story_id), Action.say(CRY))
    second = await kit.play(await desk.stories.resume(session.story_id), Action.say(DANGER))

    assert [type(first[0]), type(second[0])] == [TurnWarning, TurnPaused]


async def test_after_an_aside_that_went_on_from_a_note_the_line_is_there_too(kit):
    desk = kit.desk()
    session = await desk.stories.open(replace(kit.premise, characters=(JOSK,)))
    await kit.play(session, Action.begin())
    [_] = [e async for e in session.ask(f"Josk, {DANGER}")]
    desk.teller.replies = ["Sit down with me a while, and tell me everything."]
    [e async for e in session.ask(f"Josk, {DANGER}", after_note=True)]

    seen = await kit.play(await desk.stories.resume(session.story_id), Action.say(DANGER))

    assert isinstance(seen[0], TurnWarning)


async def test_the_note_before_the_opening_was_for_what_the_theme_tells(kit):
    desk = kit.desk()
    session = await desk.stories.open(replace(kit.premise, theme=DANGER))
    await kit.play(session, Action.begin(), replace(Action.begin(), after_note=True))

    seen = await kit.play(await desk.stories.resume(session.story_id), Action.say(DANGER))

    assert isinstance(seen[0], TurnWarning)


async def test_on_another_day_the_same_need_pauses_again(begun, kit):
    desk, session = begun
    await kit.play(session, Action.say(CRY), replace(Action.say(CRY), after_note=True))
    desk.ticks += int(SITTING.total_seconds())

    [paused] = await kit.play(session, Action.say(CRY))

    assert isinstance(paused, TurnPaused)


async def test_while_nobody_has_answered_a_note_the_same_words_pause_again(begun, kit):
    _, session = begun
    await kit.play(session, Action.say(CRY))

    [paused] = await kit.play(session, Action.say(CRY))

    assert isinstance(paused, TurnPaused)


async def test_after_some_turns_the_same_need_pauses_again(begun, kit):
    _, session = begun
    await kit.play(session, Action.say(CRY))
    await kit.play(session, *[Action.choose(1)] * QUIET_TURNS)

    [paused] = await kit.play(session, Action.say(CRY))

    assert isinstance(paused, TurnPaused)


async def test_a_strict_operator_pauses_every_time(begun, kit):
    _desk, session = begun
    session._dependencies = replace(session._dependencies, care=CarePolicy(is_strict=True))

    seen = await kit.play(session, Action.say(CRY), Action.say(CRY))

    assert [type(e) for e in seen] == [TurnPaused, TurnPaused]


async def test_a_choice_of_the_story_is_nobodys_cry(kit):
    desk = kit.desk(kit.scene("Mara weeps.", choices=[CRY, "Go home"]))
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())

    assert isinstance((await kit.play(session, Action.choose(1)))[-1], TurnStored)


async def test_a_boundary_does_not_refuse_a_cry_before_it_is_heard(kit):
    desk = kit.desk()
    bounded = replace(kit.premise, boundaries={"self_harm": "none"})
    session = await desk.stories.open(bounded)
    await kit.play(session, Action.begin())

    seen = await kit.play(session, Action.say(CRY))
    assert isinstance(seen[0], TurnPaused)

    assert isinstance((await kit.play(session, seen[0].go_on))[0], TurnRefused)


async def test_a_gentler_story_keeps_heavy_matter_out_and_stays_so(begun, kit):
    desk, session = begun

    tighter = await session.make_gentler()
    later = await desk.stories.resume(session.story_id)

    assert tighter["self_harm"] == "none"
    assert later.state.premise.boundaries == tighter
    assert isinstance((await kit.play(later, Action.say("I slit my wrists.")))[0], TurnRefused)
    assert await session.make_gentler() == {}
    assert sum(isinstance(e, BoundariesTightened) for e in await log_of(desk, session)) == 1


def test_gentler_never_loosens_what_is_set() -> None:
    assert "violence" not in gentler({"violence": "none"})
    assert gentler({"violence": "high"})["violence"] == "low"


async def test_a_question_aside_pauses_too_and_can_be_asked_again(kit):
    desk = kit.desk()
    session = await desk.stories.open(replace(kit.premise, characters=(JOSK,)))
    await kit.play(session, Action.begin())
    asked = len(desk.teller.requests)

    [paused] = [e async for e in session.ask(f"Josk, {CRY}")]
    assert isinstance(paused, TurnPaused)
    assert len(desk.teller.requests) == asked

    desk.teller.replies = ["Sit down with me a while, and tell me everything."]
    answered = [e async for e in session.ask(f"Josk, {CRY}", after_note=True)]
    assert isinstance(answered[-1], AsideEnded)


@pytest.fixture
def doubtful(monkeypatch):
    """Makes every line one that the words leave open."""

    def as_if(level):
        found = NeedFinding("harm", level)
        monkeypatch.setattr("tta_rebuild.safety.needs.read_need", lambda *_: found)

    return as_if


@pytest.mark.parametrize(
    ("level", "answer", "pauses"),
    [
        ("doubtful", '{"need": "danger"}', True),
        ("doubtful", '{"need": "none"}', False),
        ("doubtful", "I cannot say.", False),
        ("doubtful", ProviderBusy("busy"), False),
        ("likely", '{"need": "none"}', False),
        ("likely", "no JSON", True),
        ("likely", ProviderBusy("busy"), True),
    ],
)
async def test_a_reader_decides_what_words_leave_open_and_the_rules_where_it_fails(
    begun, kit, doubtful, level, answer, pauses
):
    desk, session = begun
    session._dependencies = replace(session._dependencies, checks="all")
    doubtful(level)
    desk.teller.replies = [answer]
    seen = await kit.play(session, Action.say("It is late here."))

    assert isinstance(seen[0], TurnPaused) == pauses
    tasks = [request.task for request in desk.teller.requests[1:]]
    assert tasks[0] == "care"
    if pauses:
        assert tasks == ["care"]
        assert seen[0].note.need == ("danger" if "danger" in str(answer) else "harm")


async def test_what_the_reader_was_asked_is_paid_for_and_not_kept(begun, kit, doubtful):
    desk, session = begun
    session._dependencies = replace(session._dependencies, checks="all")
    doubtful("doubtful")
    desk.teller.replies = ['{"need": "none"}']

    played = await session.turn(Action.say("It is late here."))

    assert played.calls == 1 + sum(e.KIND == "model_replied" for e in played.events)
    assert "care" not in {getattr(e, "task", "") for e in await log_of(desk, session)}


async def test_a_line_that_is_plainly_a_move_asks_no_reader(begun, kit):
    desk, session = begun
    session._dependencies = replace(session._dependencies, checks="all")

    await kit.play(session, Action.say("I open the red door and look inside."))

    assert "care" not in {request.task for request in desk.teller.requests}


def test_a_country_has_its_own_lines_and_everybody_the_directory() -> None:
    british, unknown = help_lines("GB"), help_lines("XX")

    assert british.emergency == "999"
    assert next(line.name for line in british.for_need("harm")) == "Samaritans"
    assert british.lines[-2:] == unknown.lines
    assert all(help_lines(c).for_need(n) for c in ("US", "NG", "") for n in ("harm", "danger"))


@given(st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_whatever_is_typed_is_judged_and_not_an_error(text: str) -> None:
    assert read_need(text).level in get_args(Level)
