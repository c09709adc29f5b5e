"""Big deeds count: they are in the ledger, the story turns by them, and the end tells of them."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

import pytest

from tta_rebuild.core.errors import MoveRefused
from tta_rebuild.lab.prose_lint import blemishes_in
from tta_rebuild.storyteller import casting
from tta_rebuild.storyteller.act_parser import parse_act
from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.deeds import record
from tta_rebuild.storyteller.line_template import template, tidy
from tta_rebuild.storyteller.scene_file import packaged, paragraphs, read_world
from tta_rebuild.storyteller.scene_order import OF_DEEDS
from tta_rebuild.storyteller.surroundings import forms_of, person_slots
from tta_rebuild.storyteller.word_lists import packaged_yaml
from tta_rebuild.storyteller.world_state import WorldState, keys_of

SHIP = "Zora, a pilot, and her sister Mirela are on a ship with their enemy Castor. You are Zora."
LOVE = "A botanist on Mars has fallen for Adaeze, the pilot. She has never told Adaeze."
TURNINGS = {scene.id for scene in read_world("data/turnings").scenes}
SHARED = {"gain", "heat", "price", "did_aim", "here"}


async def played(ask: Any, theme: str, *moves: str, **more: Any) -> list[Any]:
    """The replies to an opening and some moves, the last of which ends the story."""
    replies: list[Any] = []
    notes: dict[str, Any] = {}
    for turn, action in enumerate(("", *moves), start=1):
        ends = turn == len(moves) + 1
        stage = "resolution" if ends else "setup" if turn < 3 else "development"
        reply = await ask(
            theme=theme, seed=5, turn=turn, notes=notes, action=action, stage=stage,
            should_end=ends, **more,
        )  # fmt: skip
        replies.append(reply)
        notes = json.loads(json.dumps(reply["notes"])) | more.get("changed", {})
    return replies


@pytest.fixture
def plot(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets every premise be told by one plot."""
    return lambda name: monkeypatch.setattr(casting, "chosen_plot", lambda *_, **__: name)


async def test_what_is_done_is_in_the_ledger_for_any_condition(ask: Any) -> None:
    *_, last = await played(ask, SHIP, "kiss Mirela", "ask Castor where he was", "wait")
    state = WorldState(last["notes"]["state"], {"partner": "mirela"})

    assert state.holds("deed.kiss, deed.kiss.mirela, deed.kiss.partner=2, !deed.kiss.castor")
    assert state.holds("deed.ask.castor=3, !deed.ask.partner, !deed.kill")


async def test_a_choice_of_the_plots_is_a_deed_as_well(ask: Any, plot: Any) -> None:
    plot("heist")
    opening = await ask(theme=SHIP, seed=5, turn=1, stage="setup")
    notes = opening["notes"]
    notes["offers"][0]["do"] = "Forgive Mirela before you begin"
    notes["offers"][0] |= {"then": "gain+1", "says": "She nods."}
    reply = await ask(
        theme=SHIP, seed=5, turn=2, stage="setup", notes=notes, action=notes["offers"][0]["do"]
    )

    assert reply["notes"]["state"]["deed.forgive.mirela"] == 2
    assert "deed.rows" not in reply["notes"]["state"]  # what comes of it the plot tells


@pytest.mark.parametrize(
    ("theme", "move", "turned"),
    [
        (LOVE, "tell Adaeze I love her", "love"),
        (LOVE, "tell Adaeze I am hungry", ""),
        (
            "Hannah has come to confess to her father Emil that she burned the barn.",
            "tell Emil that I burned the barn",
            "confess",
        ),
        ("The tyrant Varg rules the town. You are Ilse, a smith.", "kill Varg", "kill"),
        ("You are Ilse. Your sister Ruth is a prisoner of the baron.", "set Ruth free", "free"),
        (
            "You must bring a letter to the mayor. Her clerk Voss is with you.",
            "give the letter to Voss",
            "deliver",
        ),
        ("You are Ilse and want to forgive your brother Jon.", "forgive Jon", "forgive"),
    ],
)
async def test_the_question_of_a_premise_done_turns_the_story(
    ask: Any, plot: Any, theme: str, move: str, turned: str
) -> None:
    plot("understand")  # which foresees none of it
    for waits in range(6):  # an act may fail
        *_, after, _ = await played(ask, theme, *["wait"] * waits, move, "wait")
        state = after["notes"]["state"]
        if state.get("deed.turned"):
            break

    assert state.get("deed.turned", "") == turned
    assert not turned or state["deed.foreseen"] or after["notes"]["scenes"][-1].startswith("turn_")


async def test_the_end_is_that_of_the_deed_where_the_plot_has_not_foreseen_it(
    ask: Any, plot: Any, text_of: Any
) -> None:
    plot("understand")
    *_, last = await played(ask, LOVE, "tell Adaeze I love her", "wait", "look around")

    assert last["is_ending"]
    assert last["notes"]["scenes"][-1].startswith("end_love")
    assert "Adaeze" in text_of(last)


async def test_the_end_tells_what_became_of_the_greatest_deeds(
    ask: Any, plot: Any, text_of: Any
) -> None:
    plot("heist")
    *_, last = await played(ask, SHIP, "stab Castor with a knife", "kiss Mirela", "wait", "wait")
    fate = last["passages"][-1]["text"]

    assert "Castor" in fate
    if last["notes"]["state"].get("deed.kiss.mirela"):
        assert "Mirela" in fate


async def test_whoever_was_hurt_stays_hurt_in_later_scenes(
    ask: Any, plot: Any, text_of: Any
) -> None:
    plot("heist")
    replies = await played(ask, SHIP, "stab Castor with a knife", "wait", "wait", "look around")
    later = packaged_yaml("data/deeds")["deeds"]["hurt"]["later"][0]["say"]
    slots = person_slots("who", "Castor", "he")
    told = {tidy(template(line).draft(Random(1), slots)) for line in later}

    assert any(line in text_of(reply) for reply in replies[2:] for line in told)


@pytest.mark.parametrize("name", [n for n in packaged("plots") if read_world(f"plots/{n}").parts])
@pytest.mark.parametrize("what", ["dead", "caught"])
async def test_whoever_is_dead_or_held_does_not_act_and_nobody_takes_their_part(
    ask: Any, plot: Any, text_of: Any, name: str, what: str
) -> None:
    plot(name)
    theme = f"{SHIP} You must bring the ship home."  # it is not about Mirela
    notes = (await ask(theme=theme, seed=5, turn=1, stage="setup"))["notes"]
    notes["state"] |= {f"mirela.{what}": True, "way_taken": 1}
    for turn in range(2, 9):
        reply = await ask(
            theme=theme, seed=5, turn=turn, stage="resolution" if turn == 8 else "development",
            should_end=turn == 8, notes=notes, action="wait" if turn > 2 else "look around",
        )  # fmt: skip
        notes = reply["notes"]
        assert not re.search(r"\bMirela\b", text_of(reply)), notes["scenes"][-1]
        assert not any("Mirela" in one["choice"] for one in reply["story_branches"] if turn > 2)


async def test_the_dead_take_no_part_in_what_their_love_has_turned(
    ask: Any, plot: Any, text_of: Any
) -> None:
    plot("secret_love")
    notes = (await played(ask, LOVE, "tell Adaeze I love her", "wait"))[1]["notes"]
    notes["state"] |= {"adaeze.dead": True, "deed.kill.adaeze": 2, "slain_one": "adaeze"}
    for turn in range(3, 12):
        reply = await ask(
            theme=LOVE, seed=5, turn=turn, stage="resolution" if turn == 11 else "development",
            should_end=turn == 11, notes=notes, action="look around",
        )  # fmt: skip
        notes = reply["notes"]
        assert not re.search(r"says Adaeze|Adaeze (?!is dead|lies|fell)\w+s\b", text_of(reply))


def flags_of(name: str, *, asked: bool) -> set[str]:
    """The flags that a file of scenes sets, and asks for."""
    found: set[str] = set()
    for scene in read_world(name).scenes:
        effects = [scene.then, *(choice.then for choice in scene.choices)]
        found |= {key for one in effects for key in keys_of(one, is_effect=True)}
        conditions = [scene.when, *(part[0] for part in paragraphs(scene.text))]
        conditions += [choice.if_ for choice in scene.choices]
        found |= {key for one in conditions if asked for key in keys_of(one)}
    return {key for key in found if "." not in key} - SHARED


@pytest.mark.parametrize("name", packaged("plots"))
def test_no_plot_takes_a_flag_of_scenes_on_acts_for_its_own(name: str) -> None:
    """A blow at anybody set ``struck``, and in another plot that meant: you have killed him."""
    general = flags_of("data/episodes", asked=False) | flags_of("data/turnings", asked=False)

    assert not general & flags_of(f"plots/{name}", asked=True)


@pytest.mark.parametrize("pronoun", ["she", "he", "they", "it"])
def test_what_is_told_of_deeds_reads_well_of_anybody(pronoun: str) -> None:
    name = "Ruth" if pronoun != "it" else "the crow"
    slots = person_slots("who", name, pronoun) | forms_of("what", "the old maps")
    slots |= {"what_was": "were", "what_it": "them"}
    for spec in packaged_yaml("data/deeds")["deeds"].values():
        for entry in [*spec.get("later", ()), *spec.get("fate", ())]:
            for line in entry["say"]:
                told = tidy(template(line).draft(Random(1), slots))
                assert not list(blemishes_in(told)), told


def test_every_turning_has_its_scene_and_its_end() -> None:
    asked = {
        name: [s for s in read_world("data/turnings").scenes if f"={name}" in s.when]
        for name in packaged_yaml("data/deeds")["turnings"]
    }
    for name, scenes in asked.items():
        assert {bool(scene.ending) for scene in scenes} == {True, False}, name
        assert all(not s.ending or OF_DEEDS & keys_of(s.when) for s in scenes)


PRISON = (
    "I am locked in the cellar of my uncle Tom. My phone is dead and there is no signal anyway. "
    "My hands are tied. My brother Bo is deaf and has not spoken since the fire."
)


@pytest.mark.parametrize(
    ("move", "why"),
    [
        ("call the police", "your phone is dead"),
        ("text Anna", "your phone is dead"),
        ("hit uncle Tom", "your hands are tied"),
        ("ask Bo to tell me where the key is", "has not spoken"),
        ("whisper to Bo that we must go", "is deaf"),
    ],
)
async def test_what_the_premise_rules_out_is_refused_in_its_words(
    ask: Any, move: str, why: str
) -> None:
    with pytest.raises(MoveRefused, match=why):
        await played(ask, PRISON, move)


async def test_what_was_in_the_way_can_be_done_away_with(ask: Any) -> None:
    *_, cut, hit = await played(ask, PRISON, "cut the ropes with a nail", "hit uncle Tom")

    assert cut["notes"]["acts"][0]["family"] == "cut"
    assert hit["notes"]["acts"][0]["family"] == "attack"


@pytest.mark.parametrize(
    ("theme", "move", "why"),
    [
        ("Our dog Rex is dead and buried. You are Ruth, a girl.", "kiss Rex", "is dead"),
        ("You are blind. Your aunt Ada lives here.", "look at Ada", "you are blind"),
        ("The boat is broken. You are a fisher.", "row the boat to the pier", "boat is broken"),
        ("You are Lin, a mute girl. Bo is your brother.", "tell Bo that it is time", "mute"),
    ],
)
async def test_the_dead_the_blind_and_the_broken_have_their_reason(
    ask: Any, theme: str, move: str, why: str
) -> None:
    with pytest.raises(MoveRefused, match=why):
        await played(ask, theme, move)


TOWER = "You are locked in the Tower of Salt by the sorcerer Vehl. A boy named Pim is your friend."


@pytest.mark.parametrize(
    ("move", "told"),
    [
        ("look at Vehl", "locked in the Tower of Salt by the sorcerer Vehl"),
        ("ask Pim who Vehl is", "locked in the Tower of Salt by the sorcerer Vehl"),
    ],
)
async def test_looking_and_asking_are_answered_from_the_premise(
    ask: Any, text_of: Any, move: str, told: str
) -> None:
    reply = (await played(ask, TOWER, move, "wait"))[1]

    assert told in text_of(reply)


async def test_looking_says_what_was_done_and_where_things_are(ask: Any, text_of: Any) -> None:
    replies = await played(ask, TOWER, "promise Pim to come back", "look at Pim", "wait")
    assert "promise" in text_of(replies[2])

    with pytest.raises(MoveRefused, match="You have it with you"):
        await played(ask, TOWER, "take the lantern", "where is the lantern?")


async def test_whoever_is_asked_what_they_want_says_so(ask: Any, text_of: Any) -> None:
    reply = (await played(ask, TOWER, "ask Vehl what he wants", "wait"))[1]

    assert "what he wants; he wants" in " ".join(line["text"] for line in reply["lines"]) or any(
        said in text_of(reply) for said in ("give it up", "same door")
    )


def test_family_is_kissed_as_family() -> None:
    theme = "You never told your grandfather Abel that you love him."
    kissed, wife = (
        cast_of({"theme": text, "seed": "1"}, {}).start
        for text in (theme, "You never told your wife Ana that you love her.")
    )

    assert kissed["abel.family"]
    assert "ana.family" not in wife
    state = WorldState({"home": "x", "here": "x", "now": 2, "abel.family": True})
    state.bound |= {"person": "abel", "object": ""}
    record(parse_act("kiss Abel"), cast_of({"theme": theme, "seed": "1"}, {}), state)
    assert state.get("deed.kiss.abel") == 2
    assert not state.get("deed.turning")
