"""A deed of the player's own is taken in by whoever is there before the plot goes on."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.storyteller.test_moves_meant import told
from tta_rebuild.storyteller.act_grammar import families
from tta_rebuild.storyteller.act_writer import conjugated
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.scene_file import ChoiceEntry, read_world
from tta_rebuild.storyteller.teller import Teller
from tta_rebuild.storyteller.word_lists import packaged_yaml

TABLE = packaged_yaml("data/sequels")
SORTS = list(TABLE["told"])
ADA = "My sister Ada has sold the piano that Mum left us. I have found the receipt in her coat."
WISH = "I want to find out why Ada has sold the piano"
SLOTS = {
    *("person", "Person", "they", "They", "them", "their", "matter"),
    *("object", "Object", "it", "its", "is", "It"),
}


def text_of(reply: dict[str, Any]) -> str:
    return " ".join(passage["text"] for passage in reply["passages"])


def choices_of(reply: dict[str, Any]) -> list[str]:
    return [branch["choice"] for branch in reply["story_branches"]]


def is_taken_in(reply: dict[str, Any], turn: int) -> bool:
    return bool(reply["notes"]["state"].get("sequel_at") == turn)


@pytest.mark.parametrize(
    ("move", "sort"),
    [
        ("burn the receipt", "destroy"),
        ("take the receipt", "take"),
        ("give Ada the receipt", "give"),
        ("hide the receipt in my shoe", "hide"),
        ("thank Ada", "comfort"),
        ("tell Ada that I know everything", "confess"),
        ("slap Ada", "harmed"),
        ("I refuse to leave", "refuse"),
    ],
)
def test_a_deed_is_taken_by_its_sort(move: str, sort: str) -> None:
    reply = told(ADA, WISH, move)[-1]
    texts = [text for mood in TABLE["told"][sort].values() for text in mood]
    pieces = [max(re.split(r"\{[^}]*\}|[“”]", text), key=len).strip() for text in texts]

    assert is_taken_in(reply, 3)
    assert any(piece in text_of(reply) for piece in pieces), text_of(reply)
    assert reply["notes"]["scenes"] == told(ADA, WISH)[-1]["notes"]["scenes"]  # the plot waits
    assert len(choices_of(reply)) == 3


def test_no_two_deeds_in_a_row_keep_the_plot_waiting() -> None:
    replies = told(ADA, WISH, "take the receipt", "burn the letter", "hide the receipt")

    assert [is_taken_in(r, turn) for turn, r in enumerate(replies, 1)][2:] == [True, False, True]
    assert len(replies[3]["notes"]["scenes"]) == len(replies[2]["notes"]["scenes"]) + 1


def test_the_first_scene_of_a_plot_is_told_first() -> None:
    replies = told(ADA, "take the receipt")

    assert not is_taken_in(replies[-1], 2)
    assert replies[-1]["notes"]["scenes"]


@pytest.mark.parametrize(
    "move", ["wait", "read the receipt", "climb on the table", "mend the lamp"]
)
def test_who_waits_or_looks_is_told_how_it_goes_on(move: str) -> None:
    replies = told(ADA, WISH, move)

    assert not is_taken_in(replies[-1], 3)
    assert len(replies[-1]["notes"]["scenes"]) == 2


def test_new_choices_come_of_a_deed_and_are_answered_in_its_matter() -> None:
    replies = told(ADA, WISH, "burn the receipt")
    rows = {row["do"].replace("{person}", "Ada"): row for row in TABLE["choices"]["destroy"]}
    new = [one for one in choices_of(replies[-1]) if re.sub("the piano", "{matter}", one) in rows]

    assert len(new) == 2
    after = told(ADA, WISH, "burn the receipt", new[0])[-1]
    says = max(
        re.split(r"\{[^}]*\}", rows[re.sub("the piano", "{matter}", new[0])]["says"]), key=len
    )
    assert says.strip() in text_of(after)


def test_where_nobody_is_there_the_plot_goes_on() -> None:
    alone = "I keep a lighthouse on my own. Every night a lamp is lit in the cellar."
    reply = told(alone, "I want to find out what is behind the lamp", "take the lamp")[-1]

    assert not is_taken_in(reply, 3)
    assert len(reply["notes"]["scenes"]) == 2


@pytest.mark.parametrize("sort", SORTS)
def test_every_sort_is_complete(sort: str) -> None:
    told_of = TABLE["told"][sort]
    assert set(told_of) == {"friend", "neutral", "foe"}
    for text in (one for mood in told_of.values() for one in mood):
        for number in ((False, False), (True, True)):
            assert template(conjugated(text, *number)).needs <= SLOTS, text
    kinds = {ChoiceEntry.model_validate(row).kind for row in TABLE["choices"][sort]}
    assert len(kinds) >= 5
    assert all("{object}" not in row["do"] + row["says"] for row in TABLE["choices"][sort])


def test_the_sorts_are_of_acts_and_none_is_of_two() -> None:
    named = [one for listed in TABLE["acts"].values() for one in listed.split()]

    assert len(named) == len({*named})
    assert {*named} <= {*families()}
    assert {*TABLE["acts"]} | {"harmed"} == {*SORTS}


def test_of_several_the_one_takes_it_who_has_taken_none_for_the_longest() -> None:
    theme = "My sister Ada has sold the piano. My brother Ben let her. Where is the receipt?"
    wish = "I want to find out why Ada has sold the piano"
    replies = told(theme, wish, "take the desk", "wait", "hide the lamp", "wait", "burn the desk")
    heard = {key: at for key, at in replies[-1]["notes"]["state"].items() if "heard_at" in key}

    assert set(heard) == {"ada.heard_at", "ben.heard_at"}


def test_every_other_scene_offers_a_deed_to_a_thing_of_the_premise() -> None:
    theme = "My sister Ada has sold the piano that Mum left us. I have found a letter in her coat."
    deeds = ("Read the letter", "Look closely at", "Show", "Hide", "Ask Ada about")
    offered = [
        any(choice.startswith(deeds) for choice in choices_of(reply)[2:])
        for reply in told(theme, WISH, "wait", "wait", "wait")
    ]

    assert offered[1:] == [True, False, True, False]


def scene_at(
    stage: str, turn: int, notes: dict[str, Any], action: str, *, ends: bool = False
) -> dict[str, Any]:
    given = {"theme": ADA, "seed": 3, "turn": turn, "stage": stage, "action": action}
    given["should_end"] = ends
    return Teller({**given, "world": "", "notes": notes, "recent": [], "characters": ()}).scene()


def test_where_the_plot_waits_for_a_decision_a_deed_is_taken_and_the_choices_stay() -> None:
    notes = told(ADA, WISH, "wait", "wait")[-1]["notes"]
    notes = scene_at("climax", 5, notes, "wait")["notes"]
    decision = scene_at("climax", 6, notes, "wait")
    reply = scene_at("climax", 7, decision["notes"], "take the receipt")
    pieces = [
        max(re.split(r"\{[^}]*\}|[“”]", text), key=len).strip()
        for mood in TABLE["told"]["take"].values()
        for text in mood
    ]

    assert any(piece in text_of(reply) for piece in pieces), text_of(reply)
    assert choices_of(reply) == choices_of(decision)


def test_a_choice_that_was_taken_does_not_come_again() -> None:
    taken: list[str] = []
    moves = [WISH]
    for thing in ("map", "scarf", "chair", "ticket", "broom"):
        moves.append(f"burn the {thing}")
        reply = told(ADA, *moves)[-1]
        assert is_taken_in(reply, len(moves) + 1)
        new = choices_of(reply)[0]
        assert new not in taken
        taken.append(new)
        moves.append(new)


def test_what_a_choice_does_to_somebody_is_done_to_whoever_took_the_deed() -> None:
    rows = {row["do"].replace("{person}", "Ada"): row for row in TABLE["choices"]["destroy"]}
    for seed in range(12):
        replies = told(ADA, WISH, "burn the receipt", seed=seed)
        kind = [
            one for one in choices_of(replies[-1]) if "trust" in rows.get(one, {"then": ""})["then"]
        ]
        if kind:
            before = replies[-1]["notes"]["state"].get("ada.trust", 0)
            after = told(ADA, WISH, "burn the receipt", kind[0], seed=seed)[-1]
            assert after["notes"]["state"].get("ada.trust", 0) == before + 1
            return
    raise AssertionError("no choice was kind")


@pytest.mark.parametrize(
    ("move", "effects"),
    [
        ("tell Ada that I know why she did it", {"did_aim"}),
        ("accuse Ada of theft", {"did_aim", "price"}),
        ("leave", {"letting"}),
    ],
)
def test_a_decision_in_ones_own_words_is_one(move: str, effects: set[str]) -> None:
    notes = told(ADA, WISH, "wait", "wait")[-1]["notes"]
    for turn in (5, 6):
        notes = scene_at("climax", turn, notes, "wait")["notes"]
    before = int(notes["state"].get("price", 0))
    state = scene_at("climax", 7, notes, move)["notes"]["state"]
    done = {one for one in ("did_aim", "letting") if state.get(one)}

    assert done | ({"price"} if int(state.get("price", 0)) >= before + 2 else set()) == effects


def at_the_decision() -> dict[str, Any]:
    notes = told(ADA, WISH, "wait", "wait")[-1]["notes"]
    for turn in (5, 6):
        reply = scene_at("climax", turn, notes, "wait")
        notes = reply["notes"]
    return reply


def test_several_acts_that_name_a_choice_of_the_decision_take_it() -> None:
    decision = at_the_decision()
    assert "Hold Ada to what you want, reason or no" in choices_of(decision)
    move = "I sit down beside her and hold her to what I want, with a reason or none"
    state = scene_at("climax", 7, decision["notes"], move)["notes"]["state"]

    assert state.get("did_aim")
    assert int(state.get("price", 0)) >= 2


@pytest.mark.parametrize(
    ("move", "ending"), [("show Ada the receipt", "won"), ("I refuse to say more", "let_go")]
)
def test_no_end_says_that_nothing_was_decided_after_one_has_acted(move: str, ending: str) -> None:
    decision = at_the_decision()
    reply = scene_at("resolution", 7, decision["notes"], move, ends=True)
    scenes = {scene.id: scene for scene in read_world(f"plots/{reply['notes']['plot']}").scenes}

    assert scenes[reply["notes"]["scenes"][-1]].ending == ending
    passive = scene_at("resolution", 7, decision["notes"], "", ends=True)
    assert not {"did_aim", "letting"} & passive["notes"]["state"].keys()


def test_whose_deed_the_story_turns_on_does_not_plot_against_themselves() -> None:
    friendly = [
        max(re.split(r"\{[^}]*\}|[“”]", t), key=len) for t in TABLE["told"]["take"]["friend"]
    ]
    for seed in range(6):
        replies = told(
            ADA, WISH, "thank Ada", "wait", "thank Ada", "wait", "take the lamp", seed=seed
        )
        assert is_taken_in(replies[-1], 7)
        assert not any(piece.strip() in text_of(replies[-1]) for piece in friendly)
