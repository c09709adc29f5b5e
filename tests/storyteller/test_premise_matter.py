"""What a premise turns on, of which situation it is, and how its plot is told with both."""

from __future__ import annotations

from typing import Any

import pytest

from tta_rebuild.core.errors import RequestRejected
from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.premise import read_premise
from tta_rebuild.storyteller.premise_situation import (
    CERTAIN,
    plot_names,
    plot_of,
    situations_of,
)
from tta_rebuild.storyteller.scene_file import packaged

DEBT = "I have until Sunday to give my brother his telescope back, and I have sold it."
ORGAN = "The village wants to sell the church organ. I am the organist."


def slots_of(theme: str, **variables: Any) -> dict[str, str]:
    return cast_of({"theme": theme, "seed": "1", **variables}, {}).slots


@pytest.mark.parametrize(
    ("theme", "matter"),
    [
        (ORGAN, "the church organ"),
        ("Every night the bell of room 9 rings, and room 9 is empty.", "the bell of room 9"),
        ("You must find your aunt in the forest.", "your aunt"),
        ("The lid opens and the captain screams.", "the lid"),
    ],
)
def test_what_a_premise_turns_on_is_a_thing_that_it_names(theme: str, matter: str) -> None:
    read = read_premise(theme)

    assert (read.matter, read.names_matter) == (matter, True)


def test_where_nothing_is_named_the_plot_has_its_own_and_says_so() -> None:
    read = read_premise("Somebody has murdered somebody.", plot="murder")

    assert (read.matter, read.names_matter) == ("the money", False)


def test_an_aim_that_says_it_names_what_it_means() -> None:
    theme = "You are Ada. Mr Voss has taken your lantern and you have until dawn to get it back."

    assert read_premise(theme).aim == "get your lantern back"


def test_a_deadline_is_told_as_one_hears_it() -> None:
    assert read_premise(DEBT).deadline == "by Sunday"
    assert slots_of(DEBT)["deadline"] == "by Sunday"
    assert slots_of(ORGAN)["deadline"] == "in time"


def test_several_things_are_they() -> None:
    seeds = slots_of("I must find the seeds.")
    lamp = slots_of("I must find the lamp.")

    names = ("matter", "matter_is", "matter_it", "matter_them")
    assert [seeds[one] for one in names] == ["the seeds", "are", "they", "them"]
    assert slots_of("I must deliver the news.")["matter_is"] == "is"
    assert [lamp[one] for one in names] == ["the lamp", "is", "it", "it"]


def test_a_thing_to_carry_is_told_from_a_place() -> None:
    start = cast_of({"theme": "I must find the letter.", "seed": "1"}, {}).start
    other = cast_of({"theme": "I must save the lighthouse.", "seed": "1"}, {}).start

    assert (start["matter.portable"], other["matter.portable"]) == (True, False)


def test_other_rooms_of_the_premise_come_before_those_of_the_surroundings() -> None:
    theme = "We live in the old mill. There is a noise in the cellar. I must find the deed."

    assert "the cellar" in (slots_of(theme)["room"], slots_of(theme)["room2"])


def test_every_plot_has_a_name_in_words_and_every_name_a_plot() -> None:
    told = {name.partition(".")[0] for name in packaged("plots")} - {"motive"}  # of any question
    assert told == plot_names().keys()


def test_the_probabilities_are_shares_and_ranked() -> None:
    odds = situations_of("a ghost walks in the old house every night", "")

    assert sum(odds.values()) == pytest.approx(1)
    assert [*odds.values()] == sorted(odds.values(), reverse=True)
    assert next(iter(odds)) == "haunted"


def test_a_plot_that_is_chosen_is_told_whatever_the_premise_says() -> None:
    read = read_premise("A ghost walks in the old house.", plot="contest")

    assert (read.situation, cast_of({"theme": ORGAN, "plot": "trial"}, {}).name) == (
        "contest",
        "plots/trial",
    )


def test_a_situation_that_is_not_sure_leaves_its_story_to_a_conflict() -> None:
    others = dict.fromkeys(plot_names().keys() - {"heist", "decide"}, 0.015)

    assert plot_of({"heist": 0.2, "decide": 0.1, **others}, "") == ("heist", "steal")
    assert plot_of({"heist": 0.1, "decide": 0.08, **others}, "") == ("", "decide")
    assert plot_of({"heist": 0.1, **others, "decide": 0.01}, "") == ("", "understand")
    assert plot_of({"heist": 0.2, "decide": 0.1, **others}, "love") == ("", "love")


def test_other_plots_are_named_unless_one_is_certain() -> None:
    read = read_premise("Something knocks in the wall at night.")

    assert len(read.likely) == 3
    assert max(situations_of(read.nameless, read.stated).values()) < CERTAIN


def test_a_plot_that_is_none_is_refused() -> None:
    with pytest.raises(RequestRejected, match="no plot 'bogus'"):
        slots_of(ORGAN, plot="bogus")
