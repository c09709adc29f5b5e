"""What is looked for is found: a definite thing, told and kept, and the same whenever one looks."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.storyteller.test_moves_meant import told
from tta_rebuild.storyteller.act_grammar import families, verb_at
from tta_rebuild.storyteller.findings import said_in_premise
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.teller import Teller
from tta_rebuild.storyteller.word_lists import packaged_yaml

TABLE = packaged_yaml("data/findings")
JAR = "I run a junk shop with my sister Ada. A sealed jar has come with the morning post."
SLOTS = {
    *("object", "Object", "it", "It", "its", "is", "number"),
    *("someone", "Someone", "matter", "few", "few_cap"),
}


def lines_of(reply: dict[str, Any]) -> list[str]:
    return [line["text"] for line in reply["lines"]]


def text_of(reply: dict[str, Any]) -> str:
    return " ".join(passage["text"] for passage in reply["passages"])


@pytest.mark.parametrize(
    ("move", "kind"),
    [
        ("read the label on the jar", "read"),
        ("count the boxes", "count"),
        ("search the cupboard", "search"),
        ("listen at the door", "listen"),
        ("smell the jar", "smell"),
        ("look closely at the shelf", "look"),
        ("compare the jar with the lamp", "compare"),
        ("measure the jar", "measure"),
        ("what does the label say?", "read"),
        ("what does it say on the jar?", "read"),
        ("how many boxes are there?", "count"),
        ("what is in the cupboard?", "search"),
    ],
)
def test_an_act_that_looks_for_something_finds_a_definite_thing(move: str, kind: str) -> None:
    reply = told(JAR, "I want to find out what is in the jar", move)[-1]
    pieces = [
        max(re.split(r"\{[^}]*\}|[“”]", row["say"]), key=len).strip()
        for entry in TABLE["found"][kind]
        for row in entry["found"]
    ]

    assert any(piece in text_of(reply) for piece in pieces), text_of(reply)
    assert len(lines_of(reply)) >= 2  # what was done, and what was found


def test_what_was_found_is_found_again_as_it_was() -> None:
    replies = told(JAR, "I want to keep the jar", "count the boxes", "wait", "count the boxes")

    assert re.search(r"\d", " ".join(lines_of(replies[2])))
    again = ("has changed", "the first time", "come to the same result")
    assert any(one in text_of(replies[4]) for one in again), text_of(replies[4])
    assert not [line for line in lines_of(replies[4]) if re.search(r"\d", line)]


def test_what_is_opened_is_open_and_something_is_in_it() -> None:
    reply = told(JAR, "I want to keep the jar", "open the box")[-1]

    assert "The box is open." in lines_of(reply)
    assert len(lines_of(reply)) >= 2


def test_nobody_is_found_out_like_a_thing() -> None:
    reply = told(JAR, "I want to keep the jar", "look at Ada")[-1]

    assert not any(key.endswith(".found_look") for key in reply["notes"]["state"])


def test_a_finding_speaks_of_nobody_where_the_premise_has_nobody() -> None:
    alone = "I keep a lighthouse on my own. A sealed jar has come with the tide."
    for seed in range(6):
        reply = told(alone, "I want to keep the jar", "read the label", seed=seed)[-1]
        assert "{" not in text_of(reply)


@pytest.mark.parametrize("kind", TABLE["found"])
def test_each_kind_ends_with_what_fits_anything_and_fills_known_slots(kind: str) -> None:
    entries = TABLE["found"][kind]
    rows = [row for entry in entries for row in entry["found"]]

    assert kind in TABLE["acts"] or kind in ("inside", "count_people")
    assert all(template(row["say"]).needs <= SLOTS | {"o"} for row in map(_plain, rows))
    assert all(template(row["line"]).needs <= SLOTS for row in map(_plain, rows))
    assert all("{" not in re.sub(r"\{(?:o:)?\w+\}", "", row["say"]) for row in rows)
    if kind != "follow":
        assert "any" in entries[-1]["of"].split()


def _plain(row: dict[str, str]) -> dict[str, str]:
    return {key: re.sub(r"\{o:(\w+)\}", r"\1", text) for key, text in row.items()}


def test_the_acts_that_find_something_are_acts() -> None:
    for acts in TABLE["acts"].values():
        assert all(one in families() for one in acts.get("families", ()))
        verbs = [one for one in acts.get("verbs", "").split(", ") if one]
        assert all(verb_at(verb.split()) for verb in verbs)


def test_a_shop_that_is_opened_has_no_lid() -> None:
    reply = told(JAR, "I want to keep the jar", "open the shop")[-1]

    assert lines_of(reply)[:2] == ["You opened the shop.", "The shop is open."]
    assert not any(key.endswith(".found_open") for key in reply["notes"]["state"])


@pytest.mark.parametrize(
    ("move", "kind", "of"),
    [
        ("look out of the window", "look", "view"),
        ("go to the window", "look", "view"),
        ("look in the register", "read", "register"),
        ("open the letter from Oslo", "read", "letter"),
    ],
)
def test_what_is_looked_at_is_what_is_seen(move: str, kind: str, of: str) -> None:
    reply = told(JAR, "I want to keep the jar", move)[-1]
    entry = next(e for e in TABLE["found"][kind] if of in e["of"].split())
    pieces = [max(re.split(r"\{[^}]*\}|[“”]", row["say"]), key=len) for row in entry["found"]]

    assert any(piece.strip() in text_of(reply) for piece in pieces), text_of(reply)


def test_of_what_has_become_of_a_thing_that_is_told_and_nothing_found() -> None:
    replies = told(JAR, "I want to keep the jar", "burn the ledger", "wait", "look at the ledger")

    assert "ash" in text_of(replies[-1])
    assert not any(key.endswith(".found_look") for key in replies[-1]["notes"]["state"])


def test_a_search_that_finds_something_of_its_own_leaves_nothing_untold_behind() -> None:
    for seed in range(12):
        state = told(JAR, "I want to keep the jar", "search the desk", seed=seed)[-1]["notes"][
            "state"
        ]
        assert not state.get("has_trifle")
        assert not state.get("found_list")


def test_a_thing_of_the_plots_own_is_left_to_the_plot() -> None:
    theme = "My sister Ada has sold the piano that Mum left us. She will not say why."
    told_of = "A note lies on the table, and Ada has turned it face down."
    reply = told(theme, "I want to find out why Ada has sold the piano")[-1]
    given = {"theme": theme, "seed": 3, "turn": 3, "stage": "development", "characters": ()}
    scene = Teller(
        {
            **given,
            "world": "",
            "notes": reply["notes"],
            "recent": [told_of],
            "action": "read the note",
        }
    ).scene()

    assert not any(key.endswith(".found_read") for key in scene["notes"]["state"])


@pytest.mark.parametrize(
    ("thing", "premise", "says"),
    [
        (
            "the note",
            'A dress hangs there, and a note: "Ten minutes. Smile."',
            "Ten minutes. Smile.",
        ),
        ("the orders", "Ida opens the orders. They say only: trust nobody.", "Trust nobody."),
        ("the sign", "My neighbour’s sign says “Beware of the husband”.", "Beware of the husband."),
        ("the letter", "I got the letter saying he had died in March.", ""),
        ("the letter", "My sister reads the letter. I say: go away.", ""),
    ],
)
def test_what_a_premise_says_that_stands_there_is_what_is_read(
    thing: str, premise: str, says: str
) -> None:
    assert said_in_premise(thing, [premise]) == says


def test_what_stands_on_a_thing_of_the_premise_is_read_to_the_player() -> None:
    theme = (
        'I wake in a bath. There is a wedding dress on the door, and a note: "Ten minutes. Smile."'
    )
    reply = told(theme, "I want to find out who is behind the note", "read the note")[-1]

    assert "The note says: “Ten minutes. Smile.”" in text_of(reply)
    assert "The note says: “Ten minutes. Smile.”" in lines_of(reply)
