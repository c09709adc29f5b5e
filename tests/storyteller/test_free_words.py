"""Free words in a story of a premise: taken as the choice that they mean, answered, followed."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

import pytest

from tests.storyteller.test_moves_meant import told
from tests.storyteller.test_whole_plots import own_scenes
from tta_rebuild.storyteller.act_parser import parse_act
from tta_rebuild.storyteller.casting import Cast, cast_of
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.meant_choice import decision, meant_choice
from tta_rebuild.storyteller.scene_file import ChoiceEntry, read_world
from tta_rebuild.storyteller.scene_order import possible_scenes, ranked
from tta_rebuild.storyteller.teller import Teller
from tta_rebuild.storyteller.word_filter import WordFilter
from tta_rebuild.storyteller.world_state import WorldState

ORCHARD = "My brother Colm is about to sell the orchard. Our mother Nuala is here."
KEEP = "keep Colm from selling the orchard"
DAM = "You are the deputy mayor. Mayor Castellan wants you to sign that the dam is safe."
SIGN = "decide whether to sign that the dam is safe"
OFFERED = (
    "Ask Colm what the buyer has promised",
    "Refuse to sign the paper",
    "Show Nuala the letter",
    "Tell Colm you will pay the debt",
    "Drink, and ask to hear the grounds",
)


def orchard() -> Cast:
    return cast_of({"theme": ORCHARD, "seed": "1"}, {"wish": KEEP})


@pytest.mark.parametrize(
    ("words", "choice"),
    [
        ("I ask him what the buyer promised him", OFFERED[0]),
        ("ask Colm about the buyer's promise", OFFERED[0]),
        ("I won't sign that paper", OFFERED[1]),
        ("show the letter to Nuala", OFFERED[2]),
        ("I tell him that I'll pay his debt myself", OFFERED[3]),
        ("I ask him what grounds he has", OFFERED[4]),
        ("I ask Nuala what the buyer has promised", ""),  # another person
        ("I sign the paper", ""),  # the contrary
        ("ask Colm why", ""),  # another matter
        ("I tell Colm about the letter", ""),  # another act
        ("show the letter to Nuala and tear it up", ""),  # more than the choice
        ("qwx zzz", ""),
    ],
)
def test_free_words_are_the_choice_that_they_mean(words: str, choice: str) -> None:
    choices = [ChoiceEntry(do=one, says="It is done.") for one in OFFERED]

    meant = meant_choice(words, choices, orchard())

    assert (meant.do if meant else "") == choice


def test_of_two_choices_that_words_may_mean_neither_is_taken() -> None:
    choices = [ChoiceEntry(do=f"Ask Colm about the {one} deed", says="x") for one in ("old", "new")]

    assert meant_choice("ask Colm about the deed", choices, orchard()) is None


def test_a_choice_meant_is_echoed_and_told_and_counts() -> None:
    opened = told(ORCHARD, f"I want to {KEEP}")[-1]
    offers = opened["notes"]["offers"]
    asks = next(one for one in offers if one["do"].startswith(("Ask ", "Say ")))
    after = told(ORCHARD, f"I want to {KEEP}", f"I {asks['do'][0].lower()}{asks['do'][1:]}")[-1]
    first, second, *_ = (passage["text"] for passage in after["passages"])

    assert first.startswith(("You ask", "You say"))
    assert second == asks["says"]
    assert asks["do"] in after["notes"]["taken"]


@pytest.mark.parametrize(
    ("words", "effect"),
    [("forgive Colm", "did_aim"), ("flee", "letting"), ("take the ledger", ""), ("wait", "")],
)
def test_an_act_decides_by_its_temper_where_the_plot_waits_for_it(words: str, effect: str) -> None:
    choices = [
        ChoiceEntry(do="Settle it", then="did_aim, gain+2", says="x"),
        ChoiceEntry(do="Force it", then="did_aim, price+2, forced", says="x"),
        ChoiceEntry(do="Let it be", then="letting", says="x"),
    ]

    taken = decision(parse_act(words), choices)

    assert (taken.then.split(",")[0] if taken else "") == effect
    assert taken is None or "forced" not in taken.then
    assert decision(parse_act(words), [ChoiceEntry(do="Go on", says="x")]) is None


def story(theme: str, wish: str, *moves: str) -> list[dict[str, Any]]:
    """A story told up to its climax by moves that decide nothing, and then these."""
    replies, notes, action, recent = [], dict[str, Any](), "", list[str]()
    stages = ["setup", "setup", "development", "climax", "resolution", "resolution"]
    typed = ("", f"I want to {wish}", "", "", *moves)
    for turn, (stage, move) in enumerate(zip(stages, typed, strict=True), 1):
        action = move or (replies[-1]["story_branches"][0]["choice"] if replies else "")
        reply = Teller(
            {
                "theme": theme, "seed": 3, "turn": turn, "stage": stage, "notes": notes,
                "action": action, "recent": recent, "should_end": turn == len(moves) + 4,
            }
        ).scene()  # fmt: skip
        notes = json.loads(json.dumps(reply["notes"]))
        recent.append(" ".join(passage["text"] for passage in reply["passages"]))
        replies.append(reply)
    return replies


@pytest.mark.parametrize(
    ("move", "state", "step"),
    [
        ("I refuse to sign it", "refused", "_refused"),
        ("I sign that the dam is safe", "did_it", "_did"),
    ],
)
def test_what_one_is_asked_is_done_or_refused_in_any_words(
    move: str, state: str, step: str
) -> None:
    replies = story(DAM, SIGN, move, "wait")
    last = replies[4]["notes"]
    scenes = own_scenes(last["plot"])

    assert last["plot"].startswith("motive.demand.asked.")
    assert last["state"][state]
    assert scenes[step].id in last["scenes"]
    assert replies[5]["is_ending"]
    assert replies[5]["notes"]["scenes"][-1] in {one.id for one in scenes.values() if one.ending}


def openings_of(plot: str) -> list[str]:
    """How what the doer has to say begins, up to the first slot."""
    return [one.partition("{")[0][:30] for one in read_world(f"plots/{plot}").tells["doer"]]


def test_who_is_asked_says_one_thing_after_the_other_and_then_that_it_is_all() -> None:
    asked = ("who built", "what is behind", "when they saw", "how they know", "what cracked")
    asked += ("who has seen", "what would break", "where they measured")
    moves = [f"ask Castellan {one} the dam" for one in asked]
    replies = told(DAM, f"I want to {SIGN}", *moves)[2:]
    tells = openings_of(replies[0]["notes"]["plot"])
    texts = [" ".join(p["text"] for p in reply["passages"]) for reply in replies]
    said = [next((i for i, one in enumerate(tells) if one in text), -1) for text in texts]
    in_turn = [one for one in said if one >= 0]

    assert in_turn == [*range(len(tells))]
    assert any("had from me" in t or "no more to it" in t or "said it all" in t for t in texts[5:])


def test_a_question_of_something_else_has_no_answer_of_the_plots() -> None:
    (reply,) = told(DAM, f"I want to {SIGN}", "ask Castellan if it will rain")[2:]
    tells = openings_of(reply["notes"]["plot"])
    text = " ".join(passage["text"] for passage in reply["passages"])

    assert not any(one in text for one in tells)


def test_the_story_goes_where_the_player_goes_unless_they_flee() -> None:
    went, fled = (
        told(ORCHARD, f"I want to {KEEP}", move)[-1]["notes"]["state"]
        for move in ("go to the harbour", "flee to the harbour")
    )

    assert went["here"] == went["home"] == went["colm.at"] == "harbour"
    assert not went.get("away")
    assert fled["away"]
    assert "colm.at" not in fled


def test_whoever_was_told_something_has_not_said_it_all() -> None:
    moves = ("tell Castellan that I saw the crack", "ask Castellan who built the dam")
    reply = told(DAM, f"I want to {SIGN}", *moves)[-1]
    text = " ".join(passage["text"] for passage in reply["passages"])

    assert openings_of(reply["notes"]["plot"])[0] in text


def test_who_does_something_is_not_asleep_for_what_sleeps() -> None:
    theme = "My captain Oren refuses to let me wake the sleeping passengers."
    cast = cast_of({"theme": theme, "seed": "1"}, {})

    assert not cast.start.get("oren.asleep")
    sleeper = "My brother Dex is asleep on the bus. I drive it."
    assert cast_of({"theme": sleeper, "seed": "1"}, {}).start.get("dex.asleep")


def test_what_denies_a_choice_is_not_that_choice() -> None:
    choices = [ChoiceEntry(do="Tell Colm that you will pay the debt", says="He hears it.")]

    assert meant_choice("tell Colm that I will never pay the debt", choices, orchard()) is None
    assert meant_choice("tell Colm that I shall pay the debt", choices, orchard()) is not None


def test_a_pardon_at_the_decisive_moment_settles_the_story() -> None:
    replies = story(ORCHARD, KEEP, "forgive Colm", "wait")
    state = replies[4]["notes"]["state"]

    assert state["did_aim"]
    assert not state.get("price")


def test_the_scene_that_has_most_of_a_move_is_ranked_first() -> None:
    cast = orchard()
    state = WorldState({**cast.start, "turn": 5, "now": 5, "stage": "development"})
    writer = LineWriter(Random(1), WordFilter({}, {}))
    writer.slots.update(cast.slots)
    own = own_scenes(cast.name.removeprefix("plots/"))
    scenes = [(own[step], "") for step in ("_slip", "_deed", "_favour")]

    for scene, npc in scenes:
        words = re.sub(r"\{\w+\}", "", scene.text)
        assert ranked(scenes, cast, state, writer, Random(1), words)[0] == (scene, npc)


def test_what_the_plot_has_put_to_the_player_ends_it_and_no_deed_beside() -> None:
    cast = cast_of({"theme": DAM, "seed": "1"}, {"wish": SIGN})
    decided = {"refused": True, "deed.turned": "truth", "stage": "resolution", "turn": 9}
    state = WorldState({**cast.start, **decided, "now": 9})
    own = {scene.id for scene in own_scenes(cast.name.removeprefix("plots/")).values()}

    endings = possible_scenes(cast, state, [], must_end=True, may_end=True)
    others = possible_scenes(cast, state, [], must_end=True, may_end=True, with_others=True)

    assert {scene.id for scene in endings} <= own
    assert not {scene.id for scene in others} <= own
