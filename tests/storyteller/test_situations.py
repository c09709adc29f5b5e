"""The situation of a premise: which plot is told of it, and who of its people plays in it."""

from __future__ import annotations

import pytest

from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.premise import read_premise
from tta_rebuild.storyteller.premise_cues import labels_of
from tta_rebuild.storyteller.scene_file import packaged, read_world
from tta_rebuild.storyteller.word_lists import word_table

SITUATIONS = word_table("premise_topics")["situation"]
CLOSES = "The last bookshop closes on Friday."
PIANO = "Every night the ghost of old Mr Dunn plays the piano upstairs."


@pytest.mark.parametrize(
    ("theme", "situation", "aim"),
    [
        ("My sister Ruth and I are going to rob the casino.", "heist", "rob the casino"),
        (PIANO, "haunted", "find out why the ghost plays the piano upstairs"),
        ("A detective must stop a bank robbery.", "", "stop a bank robbery"),
        (CLOSES, "last_season", "be ready when the last bookshop closes on Friday"),
        ("Rob is here.", "", "find out what is behind it"),
        ("Find out who murdered the singer.", "murder", "find out who murdered the singer"),
        ("my sister ruby marries, the groom is late", "wedding", "bring off the wedding"),
    ],
)  # fmt: skip
def test_a_situation_is_read_from_its_cues(theme: str, situation: str, aim: str) -> None:
    read = read_premise(theme)

    assert aim in (read.aim, *read.wishes)
    assert read.situation == situation


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_situation_has_a_plot_with_parts_and_says_what_is_sought(situation: str) -> None:
    row = SITUATIONS[situation]

    assert situation in packaged("plots")
    assert len(read_world(f"plots/{situation}").parts) >= 2
    assert row["aim"]
    assert row["matter"]
    assert situation in labels_of("situation")


@pytest.mark.parametrize(
    ("theme", "slot", "who"),
    [
        ("My sister Ruth and I rob the vault of Mr Voss, our boss.", "partner", "Ruth"),
        ("My sister Ruth and I rob the vault of Mr Voss, our boss.", "guard", "Mr Voss"),
        ("Murder: I am a detective and must find out who killed Pell Tarrow.", "dead", "Pell"),
        ("Ada is a prisoner in a prison cell. The warden Vehl hates her.", "warden", "Vehl"),
        ("My sister Kay is here. Uncle Bert is in the hospice.", "dying", "Uncle Bert"),
        ("My friend Jo and I find a strange box in the cellar.", "near", "Jo"),
    ],
)  # fmt: skip
def test_the_premises_people_play_the_parts_of_its_situation(
    theme: str, slot: str, who: str
) -> None:
    plot = read_premise(theme).situation

    notes = {"plot": plot or "understand"}
    assert cast_of({"theme": theme, "seed": "1"}, notes).slots[slot] == who


def test_in_a_plot_of_a_conflict_the_people_of_the_premise_play() -> None:
    theme = "My brother Tom and I must find the lost lamp. The captain hates us."
    slots = cast_of({"theme": theme, "seed": "1"}, {"plot": "find"}).slots

    assert (slots["near"], slots["above"]) == ("Tom", "the captain")
