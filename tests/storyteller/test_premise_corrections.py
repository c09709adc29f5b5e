"""What a player says after a premise to put its reading right."""

from __future__ import annotations

import pytest

from tta_rebuild.cli.story_options import correction_of
from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.premise import PremiseReading, read_premise
from tta_rebuild.storyteller.premise_corrections import corrected
from tta_rebuild.storyteller.world_state import NOWHERE

BAKERS = "Two bakers, Ada and Ben, steal the sourdough starter from the vault of Mr Brandt."
ORCHARD = "My brothers Dan and Lewis and I meet at our late father's orchard to decide about it."
INSPECTOR = (
    "The caretaker Bruno is questioned by Inspector Amara Quill. Somebody has cut the strings of "
    "every cello at the school."
)


def names(read: PremiseReading) -> set[str]:
    return {person.name or person.role for person in read.people}


def test_what_is_said_to_be_a_thing_is_nobody() -> None:
    read = read_premise(f"{BAKERS} Mr Brandt is a thing.")

    assert "Mr Brandt" in names(read_premise(BAKERS))
    assert "Mr Brandt" not in names(read)
    assert all("is a thing" not in told for told in read.told)


def test_whoever_is_said_to_be_away_or_alive_is() -> None:
    at = [
        cast_of({"theme": f"{BAKERS} {said}", "seed": "1"}, {}).start["mr_brandt.at"]
        for said in ("", "Mr Brandt is not here.")
    ]
    died = "My brother Lewis died at sea, and I meet his widow on the quay."

    assert at[0] != NOWHERE == at[1]
    for said, is_gone in (("", True), (" Lewis is alive.", False)):
        start = cast_of({"theme": f"{died}{said}", "seed": "1"}, {}).start
        assert (start["lewis.at"] == NOWHERE) is is_gone


def test_where_it_begins_can_be_said() -> None:
    read = read_premise(f"{BAKERS} It begins on the roof of the bakery.")

    assert (read.at, read.places[0]) == ("on the roof of the bakery", "the roof of the bakery")


def test_who_is_played_by_name_is_the_one_of_the_premise() -> None:
    read = read_premise(INSPECTOR, [{"name": "Amara Quill", "is_player": True}])

    assert read.you.name == "Amara Quill"
    assert "Bruno" in names(read)
    assert not any("Quill" in name for name in names(read))
    assert "name" not in read.matter


def test_only_who_stands_after_late_is_dead() -> None:
    start = cast_of({"theme": ORCHARD, "seed": "1"}, {}).start

    assert start["late_father.at"] == NOWHERE
    assert NOWHERE not in (start["dan.at"], start["lewis.at"])


def test_who_is_there_in_a_premise_is_told_of_as_ever() -> None:
    read = read_premise("I must find out who did it. Ada and Jon are here.")

    assert {"Ada", "Jon"} <= names(read)
    assert "Ada and Jon are here." in read.told


def test_a_premise_of_corrections_alone_is_a_premise() -> None:
    assert corrected(["It begins in the mill."])[0] == ["It begins in the mill."]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("sourdough starter: a thing", "Sourdough starter is a thing."),
        ("baby: not here", "Baby is not here."),
        ("Lewis: alive", "Lewis is alive."),
        ("Lewis: here", "Lewis is alive."),
        ("place: High Fell", "It begins at High Fell."),
        ("place: on the fell", "It begins on the fell."),
        ("Clara: your sister", ""),
        ("contest", ""),
    ],
)  # fmt: skip
def test_the_command_line_says_it_in_a_sentence(said: str, sentence: str) -> None:
    assert correction_of(said) == sentence


def test_it_of_an_aim_is_what_the_sentence_has_named_before() -> None:
    orchard = ORCHARD.replace("about it", "whether to sell it")

    assert read_premise(orchard).aim == "decide whether to sell your late father's orchard"
    assert read_premise("Nadia owns a violin shop and must decide whether to keep it.").matter == (
        "the violin shop"
    )


def test_who_has_died_by_another_sentence_is_not_there() -> None:
    kept = "My teacher, Abosede, rang the bell of the bridge for fifty years."
    for said, is_gone in (("She drowned there.", True), ("She sings there.", False)):
        start = cast_of({"theme": f"{kept} {said} I have her stool.", "seed": "1"}, {}).start
        assert (start["abosede.at"] == NOWHERE) is is_gone


@pytest.mark.parametrize(
    ("deed", "is_gone"),
    [
        ("They hanged my brother Anselmo in the market.", True),
        ("We buried the treasure with my brother Anselmo.", False),
        ("Ann buried my brother Anselmo.", True),
        ("Ann buried the letter for Anselmo, my brother.", False),
    ],
)
def test_whom_they_hanged_is_not_there_but_who_only_stood_by(deed: str, is_gone: bool) -> None:
    theme = f"{deed} I have come back to marry the judge."
    start = cast_of({"theme": theme, "seed": "1"}, {}).start

    assert (start["anselmo.at"] == NOWHERE) is is_gone


def test_whom_a_storm_has_taken_is_not_there() -> None:
    for deed, is_gone in (("has taken", True), ("has not taken", False), ("has woken", False)):
        theme = f"In the kitchen, a storm {deed} my little brother Pip. I call for Ann."
        start = cast_of({"theme": theme, "seed": "1"}, {}).start
        assert (start["pip.at"] == NOWHERE) is is_gone
