"""What is known of words beyond the lists: kinds of nouns, cues, and the tagged places."""

from __future__ import annotations

from tta_rebuild.storyteller.noun_phrases import is_animal, is_person, is_place, tokens_of
from tta_rebuild.storyteller.premise import read_premise
from tta_rebuild.storyteller.premise_cues import ENOUGH, cues_of, most_weighed, weighed
from tta_rebuild.storyteller.premise_people import gender_of
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

    assert read_premise("We meet in the planetarium at midnight.").at == "in the planetarium"
    assert read_premise("We talk about the planetarium.").places == ()


def test_an_empty_text_has_no_places() -> None:
    assert tokens_of("") == []
    assert read_premise("").places == ()
