"""Who plays a plot's parts: the premise's people where they fit, the place's people else."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tta_rebuild.core.english import for_they
from tta_rebuild.storyteller.entities import Entity, short
from tta_rebuild.storyteller.line_template import template, tidy
from tta_rebuild.storyteller.parts import part_slots, played_by, renamed, sides_of
from tta_rebuild.storyteller.surroundings import surroundings_of
from tta_rebuild.storyteller.teller import Teller
from tta_rebuild.storyteller.world_state import NOWHERE

RUTH = Entity("ruth", "person", "Ruth", "your older sister, who paints", "she")
BOSS = Entity("your_boss", "person", "your boss", "your boss", "he")
ALEX = Entity("alex", "person", "Alex", "", "")
GHOST = Entity("ghost", "person", "the ghost", "the ghost", "it")
SAM = Entity("sam", "person", "Sam", "your brother", "he")
PEOPLE = [RUTH, BOSS, ALEX, GHOST, SAM]
TIES = {"ruth.close": True, "your_boss.above": True, "sam.close": True}
AROUND = surroundings_of("ship", "1", ()).slots


def cast(parts: dict[str, str], **changed: Any) -> dict[str, str]:
    state = {"here": "ship", "home": "ship", **{f"{one.id}.at": "ship" for one in PEOPLE}, **TIES}
    state |= {key.replace("__", "."): value for key, value in changed.items()}
    return {part: one.id for part, one in played_by(parts, PEOPLE, state).items()}


@pytest.mark.parametrize(
    ("parts", "changed", "played"),
    [
        ({"partner": "close/worker"}, {}, {"partner": "ruth"}),
        ({"one": "close/worker", "other": "close/keeper"}, {}, {"one": "ruth", "other": "sam"}),
        ({"a": "any/worker", "boss": "above/keeper"}, {}, {"boss": "your_boss", "a": "ruth"}),
        ({"rival": "foe/worker"}, {}, {}),
        ({"spirit": "ghost/away/the dead man (he)"}, {}, {"spirit": "ghost"}),
        ({"sitter": "sister/any/worker"}, {"ruth__dead": True}, {"sitter": "your_boss"}),
        ({"partner": "close/worker"}, {"ruth__at": "elsewhere"}, {"partner": "sam"}),
        ({"lost": "away/the dead man (he)"}, {"sam__at": NOWHERE}, {"lost": "sam"}),
        ({"partner": "sister/worker"}, {"ruth__group": True}, {}),
        ({"partner": "any/worker"}, {"ruth__implied": True}, {"partner": "your_boss"}),
        ({"partner": "close/worker"}, {"ruth__caught": True}, {"partner": "sam"}),
    ],
)  # fmt: skip
def test_the_premises_people_play_the_parts_that_fit_them(
    parts: dict[str, str], changed: dict[str, Any], played: dict[str, str]
) -> None:
    assert cast(parts, **changed) == played


ODDS = {
    "ruth": {"culprit": 0.8, "close": 0.9},
    "alex": {"dying": 0.4, "ally": 0.6},
    "sam": {"dying": 0.6, "addressee": 0.9},
}


@pytest.mark.parametrize(
    ("parts", "played"),
    [
        ({"parting": "dying/close/worker"}, {"parting": "ruth"}),  # surer than who may be dying
        (
            {"parting": "dying/worker", "friend": "ally/worker"},
            {"parting": "sam", "friend": "alex"},
        ),
        ({"parting": "dying/worker", "to": "addressee/keeper"}, {"parting": "alex", "to": "sam"}),
        ({"who": "culprit/any/worker"}, {"who": "ruth"}),
        ({"who": "machine/the machine (it)"}, {}),
    ],
)  # fmt: skip
def test_parts_go_to_whoever_fits_them_best_on_the_whole(
    parts: dict[str, str], played: dict[str, str]
) -> None:
    state = {"here": "ship", "home": "ship", **{f"{one.id}.at": "ship" for one in PEOPLE}}
    cast = played_by(parts, PEOPLE, state, ODDS)

    assert {part: one.id for part, one in cast.items()} == played


def test_nobody_plays_the_other_side_only_since_nobody_else_is_there() -> None:
    state = {"here": "ship", "home": "ship", "sam.at": "ship"}
    foe, friend = ({"sam": {one: 0.9}} for one in ("foe", "close"))

    assert played_by({"helper": "close/any/worker"}, [SAM], state, foe) == {}
    assert played_by({"enemy": "foe/any/stranger"}, [SAM], state, friend) == {}
    assert played_by({"enemy": "foe/any/stranger"}, [SAM], state, {}) == {"enemy": SAM}


def test_an_animal_that_does_not_speak_plays_a_beast_or_nobody() -> None:
    state = {"here": "ship", "home": "ship", "ghost.at": "ship", "ghost.mute": True}
    odds = {"ghost": {"beast": 0.9, "close": 0.9}}

    assert played_by({"friend": "close/any/worker"}, [GHOST], state, odds) == {}
    assert played_by({"dog": "beast/the crow (it)"}, [GHOST], state, odds) == {"dog": GHOST}


def test_the_sides_of_a_plot_are_whoever_is_close_and_whoever_is_against() -> None:
    parts = {"boss": "above/keeper", "rival": "rival/foe/stranger", "mate": "close/any/worker"}
    slots = part_slots(parts, {"mate": RUTH}, AROUND)

    sides = renamed(slots, sides_of(parts))

    assert (sides["near"], sides["Near_he"], sides["near_his"]) == ("Ruth", "She", "her")
    assert sides["against"] == AROUND["the_stranger"]  # as somebody is called who is known


def test_a_part_has_every_form_whoever_plays_it() -> None:
    parts = {
        "a": "close/worker",
        "b": "foe/stranger",
        "c": "away/the dead man (he)",
        "d": "any/keeper",
    }
    slots = part_slots(parts, {"a": RUTH, "d": ALEX}, AROUND)

    assert (slots["a"], slots["A"], slots["a_he"], slots["A_his"]) == ("Ruth", "Ruth", "she", "Her")
    assert (slots["the_a"], slots["The_c"], slots["c_him"]) == ("Ruth", "The dead man", "him")
    assert (slots["b"], slots["The_b"]) == (AROUND["stranger"], AROUND["The_stranger"])
    assert slots["b_his"] == AROUND["stranger_his"]
    assert (slots["d"], slots["d_he"], slots["D_him"]) == ("Alex", "they", "Them")


@pytest.mark.parametrize(
    ("verb", "wanted"),
    [
        ("gives", "give"), ("was", "were"), ("hasn’t", "haven’t"), ("tries", "try"),
        ("rises", "rise"), ("watches", "watch"), ("passes", "pass"), ("would", "would"),
        ("gave", "gave"), ("dies", "die"),
    ],
)  # fmt: skip
def test_a_verb_is_made_to_go_with_they(verb: str, wanted: str) -> None:
    assert for_they(verb) == wanted


def test_a_sentence_about_somebody_called_they_has_its_verbs_right() -> None:
    line = template(
        "{X_he} slowly rises. “Well,” {x_he} says, “so {x_he}’s gone.” {X_he} had known."
    )

    assert tidy(line.draft(Random(1), {"x_he": "they", "X_he": "They"})) == (
        "They slowly rise. “Well,” they say, “so they’re gone.” They had known."
    )
    assert "She slowly rises" in tidy(line.draft(Random(1), {"x_he": "she", "X_he": "She"}))


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("Engineer Tom Bakker", "Tom"), ("Ada Quill", "Ada"), ("Dr Lund", "Dr Lund"),
        ("Captain Roe", "Captain Roe"), ("your sister", "your sister"), ("Old Tam", "Old Tam"),
        ("Mrs Nakato's nephew", "the nephew"), ("your aunt’s old cook", "the old cook"),
    ],
)  # fmt: skip
def test_whoever_is_known_goes_by_a_short_name(name: str, called: str) -> None:
    assert short(name) == called


def test_somebodys_nephew_is_the_nephew_where_a_scene_is_told() -> None:
    theme = "Mrs Nakato sews. Mrs Nakato's nephew waits outside. I am Nilesh."
    teller = Teller({"theme": theme, "turn": 1, "seed": 1})
    [nephew] = [one for one in teller.cast.of_kind("person") if "nephew" in one.name]

    assert teller.rules.telling.person_slots(nephew.id, "npc")["npc"] == "the nephew"
    assert teller.rules.telling.person_slots(nephew.id, "person")["person"] == nephew.name
