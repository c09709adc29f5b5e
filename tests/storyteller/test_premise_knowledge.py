"""What is known of words beyond the lists: kinds of nouns, cues, and the tagged places."""

from __future__ import annotations

import pytest

from tta_rebuild.storyteller.noun_phrases import is_animal, is_person, is_place, tokens_of
from tta_rebuild.storyteller.premise import read_premise
from tta_rebuild.storyteller.premise_cues import ENOUGH, cues_of, most_weighed, weighed
from tta_rebuild.storyteller.premise_mentions import gender_of
from tta_rebuild.storyteller.premise_tagger import spans_of, tags_of
from tta_rebuild.storyteller.word_lists import word_table


def test_nouns_that_no_list_has_are_known_by_their_kind() -> None:
    listed = {*word_table("premise_words")["people"].split()}

    assert {"flunky", "burgher"}.isdisjoint(listed)
    assert all(map(is_person, ("flunky", "burgher")))
    assert is_animal("gemsbuck")
    assert is_place("abattoir")
    assert not any(map(is_person, ("abattoir", "gemsbuck", "lamp")))
    assert gender_of("seamstress") == gender_of("dowager") == "she"


def test_names_of_all_the_world_tell_he_from_she() -> None:
    assert (gender_of("", "Ngozi"), gender_of("", "Dmitri")) == ("she", "he")
    assert read_premise("My brother is here.").people[0].pronouns == "he"
    assert gender_of("", "My") == ""


def test_a_strong_cue_counts_more_and_a_phrase_more_than_its_words() -> None:
    assert cues_of("situation")["juror"] == {"trial": 3}
    alone = weighed("A juror", "situation")["trial"]

    assert alone == weighed("JURORS!", "situation")["trial"] == 5.0
    assert weighed("my wife lies", "situation")["marriage"] > 5.0
    assert weighed("Nothing", "situation").get("trial", 0) == 0


def test_a_word_of_many_situations_is_sure_of_none() -> None:
    assert len(cues_of("situation")["captain"]) >= 12

    assert max(weighed("captain", "situation").values()) <= 2.0


def test_a_weak_sign_tells_nothing() -> None:
    assert most_weighed({"trial": ENOUGH, "war": 0.5}, "none") == "trial"
    assert most_weighed({"war": ENOUGH - 0.5}, "none") == "none"
    assert most_weighed({}, "none") == "none"


def test_the_best_tags_are_found_over_the_whole_row() -> None:
    weights = {"the": {"B": 1.0}, "mill": {"I": 2.0, "O": 1.0}, "T:B": {"I": 1.0}}

    tags = tags_of([["a"], ["the"], ["mill"], ["b"]], weights)

    assert tags == ["O", "B", "I", "O"]
    assert spans_of(tags) == [(1, 3, "")]
    assert tags_of([["mill"]], weights) == ["O"], "inside begins nothing"


def test_a_place_that_no_list_has_is_known_by_what_is_said_of_it() -> None:
    assert not is_place("planetarium")

    assert read_premise("I work nights at the planetarium.").at == "at the planetarium"
    assert read_premise("We talk about the planetarium.").places == ()


def people_of(premise: str) -> list[str]:
    people = (p for p in read_premise(premise).people if not p.is_implied)
    return [f"{p.name} | {p.role} | {p.pronouns}" for p in people]


@pytest.mark.parametrize(
    ("premise", "people"),
    [
        ("my mate tunde says nothing. my stepmum is out", ["Tunde | your mate | "]),
        ("the ring belongs to my best friends mother", [" | your best friend's mother | she"]),
        ("I wrote to my brother-in-law.", [" | your brother-in-law | he"]),
        ("On Thursday Leila met the new guy. I was there.", ["Leila |  | she"]),
        ("I saw a fox in the yard.", [" | the fox | it"]),
        ("Uncle Jonas oils the lift.", ["Uncle Jonas | your uncle | he"]),
        ("Grandad has bet the tractor.", [" | your grandad | he"]),
    ],
)
def test_people_are_known_by_the_words_around_them(premise: str, people: list[str]) -> None:
    assert {*people} <= {*people_of(premise)}


def test_what_somebody_is_said_to_be_is_nobody_new() -> None:
    assert people_of("My neighbour is Tomas. He is a baker.") == ["Tomas | your neighbour | he"]
    assert people_of("My sister came to the house as a nurse.") == [" | your sister | she"]


def test_a_name_is_no_place_after_a_verb_and_a_robbed_bank_is_nobody() -> None:
    assert "Pell" not in read_premise("I must find out who drowned old Pell Tarrow.").at
    assert people_of("We robbed the bank.") == []


def test_who_opens_a_text_by_a_job_is_played() -> None:
    assert read_premise("Vet for dragons. I have one nurse.").you.role == "a vet"
    assert read_premise("I want to play a courier on Mars.").you.role == "a courier"


def test_people_and_players_are_tagged_apart() -> None:
    weights = {"a": {"BY": 2.0}, "b": {"IY": 2.0, "I": 3.0}, "c": {"B": 1.0}}

    tags = tags_of([["a"], ["b"], ["c"]], weights, "people")

    assert tags == ["BY", "IY", "B"], "inside of a player follows a player only"
    assert spans_of(tags) == [(0, 2, "Y"), (2, 3, "")]


def test_an_empty_text_has_no_places() -> None:
    assert tokens_of("") == []
    assert read_premise("").places == ()
