"""A story of a premise is told of what is undertaken in it, with nobody and nothing else."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from tests.storyteller.test_moves_meant import told
from tta_rebuild.cli.story_options import correction_of
from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.premise import read_premise
from tta_rebuild.storyteller.premise_situation import is_clear, undertakings_of
from tta_rebuild.storyteller.scene_file import packaged, paragraphs, read_world, shared_by
from tta_rebuild.storyteller.surroundings import PEOPLE, THINGS_AROUND
from tta_rebuild.storyteller.teller import Teller
from tta_rebuild.storyteller.word_lists import word_table

UNDERTAKINGS = sorted(word_table("premise_topics")["conflict"])
CRATE = "You must bring the crate to the harbour before dawn. Your brother Tom wants to help."
ALONE = "You must rob the harbour."
LAMB = "You must bring the last lamb, Thimble, down from High Fell. Your brother Tom is with you."


def scenes_of(reply: dict[str, Any]) -> list[str]:
    return list(reply["notes"]["scenes"])


@pytest.mark.parametrize("name", UNDERTAKINGS)
def test_every_undertaking_has_scenes_of_its_own_and_the_common_ones(name: str) -> None:
    file = read_world(f"plots/{name}")
    shared = shared_by(f"plots/{name}")
    own = [scene for scene in file.scenes if scene.id not in shared]

    assert file.common
    assert len(shared) > 200
    assert shared < {scene.id for scene in file.scenes}
    assert {scene.ending for scene in own} >= {"won", "price", "lost", "let_go"}
    assert sum("turn=1" in scene.when for scene in own) >= 2
    assert len([s for s in own if "stage=development" in s.when and ".here" not in s.when]) >= 4


@pytest.mark.parametrize("name", [*UNDERTAKINGS, *(n for n in packaged("plots") if "." in n)])
def test_a_scene_asks_for_everybody_whom_it_names(name: str) -> None:
    file = read_world(f"plots/{name}")
    for scene in file.scenes:
        for condition, _, text in paragraphs(scene.text):
            asked = f"{scene.when}, {condition}"
            named = {m.lower() for m in re.findall(r"\{(\w+?)(?:_he|_him|_his)?\}", text)}
            assert {f"{p}.here" for p in named & file.parts.keys()} <= {*re.split(r"[,/ ]+", asked)}
            is_asked = {"npc", "npc.mute"} & {*re.split(r"[,/ ]+", asked)}
            assert "npc" not in named or is_asked, scene.id


def test_nobody_and_nothing_of_the_surroundings_is_in_it() -> None:
    cast = cast_of({"theme": CRATE, "seed": "1"}, {})

    assert not cast.slots.keys() & {*PEOPLE, *THINGS_AROUND, "crowd", "food", "custom"}
    assert [one.name for one in cast.of_kind("person")] == ["Tom"]
    assert cast.parts == {}  # in a plot told whole Tom is npc


def test_a_part_that_nobody_plays_is_in_no_scene() -> None:
    replies = told(ALONE, *["wait"] * 9)
    ids = scenes_of(replies[-1])
    scenes = {scene.id: scene for scene in read_world("plots/steal").scenes}

    assert len(ids) > 6
    assert not any(".here" in scenes[one].when for one in ids if one in scenes)


def test_who_is_dead_plays_no_part_any_more() -> None:
    replies = told(CRATE, *["kill Tom with the axe"] * 3, *["wait"] * 6)
    after = scenes_of(replies[-1])[len(scenes_of(replies[1])) :]
    plot = replies[-1]["notes"]["plot"]
    scenes = {scene.id: scene for scene in read_world(f"plots/{plot}").scenes}

    assert replies[-1]["notes"]["state"]["tom.dead"]
    assert not any(", npc" in scenes[one].when for one in after if one in scenes)


def test_what_it_turns_on_plays_no_part() -> None:
    cast = cast_of({"theme": LAMB, "seed": "1"}, {})

    assert cast.parts == {"near": "tom"}
    assert cast.start["matter.alive"]
    assert not cast.start["matter.portable"]


def test_whom_it_is_about_can_be_asked_for_in_conditions() -> None:
    theme = "You must protect your sister Ruth. Your brother Tom is with you."
    teller = Teller({"theme": theme, "seed": 1, "turn": 1, "stage": "setup"})
    teller.draft.bind()

    assert teller.state.holds("whom.here, !whom.mute")


def test_somebody_whom_it_turns_on_plays_no_part() -> None:
    theme = "You must protect your sister Ruth. Your brother Tom is with you."
    cast = cast_of({"theme": theme, "seed": "1"}, {})

    assert cast.slots["matter"] == "your sister"
    assert "sister" not in cast.parts.values()


def test_what_is_carried_somewhere_is_there_and_not_sought() -> None:
    cast = cast_of({"theme": LAMB, "seed": "1"}, {})

    assert cast.start["thimble.at"] == cast.start["here"]


def test_a_scene_in_two_is_a_common_one() -> None:
    ids = scenes_of(told(ALONE, *["wait"] * 7)[-1])
    kinds = [one in shared_by("plots/steal") for one in ids[1:7]]

    assert kinds == [True, False, True, False, True, False]


@pytest.mark.parametrize("seed", range(1, 7))
def test_what_one_is_after_is_said_now_and_then_and_is_else_it(seed: int) -> None:
    replies = told(CRATE, *["wait"] * 8, seed=seed)
    aim = "bring the crate to the harbour before dawn"
    said = [aim in " ".join(p["text"] for p in reply["passages"]) for reply in replies[1:]]
    turns = [number for number, is_said in enumerate(said) if is_said]

    assert all(later - first >= 4 for first, later in pairwise(turns))


def test_elsewhere_the_story_goes_on_with_what_needs_nobody() -> None:
    replies = told(CRATE, "flee to the forest", "wait", "wait")
    plot = replies[-1]["notes"]["plot"]
    scenes = {scene.id: scene for scene in read_world(f"plots/{plot}").scenes}
    ids = scenes_of(replies[-1])[len(scenes_of(replies[1])) :]

    assert replies[1]["notes"]["state"]["away"]
    assert any(one in scenes for one in ids)
    assert not any(".here" in scenes[one].when for one in ids if one in scenes)


def test_a_ready_plot_is_told_only_where_it_is_asked_for() -> None:
    theme = "Four thieves plan to rob the vault of the casino on Sunday night."
    asked = cast_of({"theme": theme, "seed": "1", "plot": "heist"}, {})

    assert cast_of({"theme": theme, "seed": "1"}, {}).name.startswith("plots/steal")
    assert asked.name == "plots/heist"
    assert "keeper" in asked.slots


@pytest.mark.parametrize(
    ("theme", "aim"),
    [
        ("Ben loves the sea. He has until Friday to mend the boat.", "mend the boat"),
        (
            "Milo, twelve, wanted the drums but his best friend Priya got them. "
            "Mr Fenwick says he has until Friday to mend the tuba.",
            "mend the tuba",
        ),
        ("Nadia must decide whether to sell her mill.", "decide whether to sell your mill"),
        ("The old horse is lame. You must sell it.", "sell the old horse"),
    ],
)
def test_what_is_undertaken_is_what_the_premise_says(theme: str, aim: str) -> None:
    read = read_premise(theme)

    assert aim in (read.aim, *read.wishes)


def test_an_undertaking_is_clear_where_it_is_likely_or_likelier_than_the_next() -> None:
    assert not is_clear({"find": 0.2, "steal": 0.18, "love": 0.1})
    assert is_clear({"find": 0.2, "steal": 0.1, "love": 0.1})
    assert is_clear({"find": 0.31, "steal": 0.3})


def test_a_situation_speaks_for_the_first_two_conflicts_that_it_may_be_of() -> None:
    odds = undertakings_of({"heist": 0.6, "find": 0.4})

    assert list(odds) == ["find", "steal", "win_back"]
    assert sum(odds.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("I want to hide my llama", "What you want is to hide your llama."),
        ("aim: find out who did it.", "What you want is to find out who did it."),
        ("you want to leave", "What you want is to leave."),
        ("Ben wants to leave", ""),
    ],
)
def test_a_player_says_what_they_are_after(said: str, sentence: str) -> None:
    assert correction_of(said) == sentence


@pytest.mark.parametrize("wish", ["find out who did it", "keep Ren safe", "hide the map"])
def test_what_a_player_is_after_replaces_what_was_read_and_nothing_else(wish: str) -> None:
    theme = "Isolde draws a map. Her brother Ren must leave by Friday, and she must redraw the map."
    before, after = read_premise(theme), read_premise(f"{theme} {correction_of(f'aim: {wish}')}")

    assert after.aim == wish
    assert (after.you, after.told) == (before.you, before.told)
    assert [one.name for one in after.people] == [one.name for one in before.people]


def test_somebody_whom_it_turns_on_is_no_it() -> None:
    slots = cast_of({"theme": "I must find my aunt in the desert.", "seed": "1"}, {}).slots

    assert (slots["matter_it"], slots["matter_them"]) == ("she", "her")


def test_what_a_player_is_after_is_undertaken() -> None:
    theme = "My uncle bought a llama. The landlady Mrs Pickett comes on Thursday."
    mended = f"{theme} {correction_of('I want to hide the llama from Mrs Pickett')}"

    assert cast_of({"theme": mended, "seed": "1"}, {}).name.startswith("plots/hide.thing")
    assert "you want to hide the llama from Mrs Pickett" in read_premise(mended).understood


def test_the_files_of_undertakings_are_all_there() -> None:
    assert {*UNDERTAKINGS} <= packaged("plots").keys()
