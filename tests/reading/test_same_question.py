"""One answer is shared only among questions that ask the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tta_rebuild.reading.same_question import LONGEST, SameQuestion

CAST = ("Mira", "Tom", "Lena", "Captain Harrow")
HERE = Path(__file__).parent
PAIRS, PLAYERS = [
    [json.loads(line) for line in (HERE / name).read_text("utf-8").splitlines()]
    for name in ("question_pairs.jsonl", "player_question_pairs.jsonl")
]

is_same = SameQuestion(has_parser=True)
without_parser = SameQuestion(has_parser=False)


@pytest.mark.parametrize("rule", [is_same, without_parser], ids=["parsed", "in_order"])
def test_no_pair_that_asks_something_else_is_shared(rule: SameQuestion) -> None:
    pairs = [*PAIRS, *PLAYERS]
    wrong = [p for p in pairs if not p["same"] and rule(p["first"], p["second"], p["cast"])]

    assert not wrong


def test_most_plain_paraphrases_are_shared() -> None:
    same = [p for p in PAIRS if p["same"] and p["how"] != "free"]
    shared = [p for p in same if is_same(p["first"], p["second"], p["cast"])]

    assert len(shared) >= 0.85 * len(same)


def test_more_than_half_of_what_players_ask_twice_is_shared() -> None:
    same = [p for p in PLAYERS if p["same"]]
    shared = [p for p in same if is_same(p["first"], p["second"], p["cast"])]

    assert len(shared) >= 0.55 * len(same)


def test_it_does_not_matter_which_question_came_first() -> None:
    pairs = [*PAIRS, *PLAYERS]
    one_way = [is_same.differences(p["first"], p["second"], p["cast"]) == () for p in pairs]
    other_way = [is_same.differences(p["second"], p["first"], p["cast"]) == () for p in pairs]

    assert one_way == other_way


@pytest.mark.parametrize(
    ("what", "first", "second"),
    [
        ("names", "Do you trust Tom?", "Do you trust Lena?"),
        ("names", "Have you been to Ostrava?", "Have you been to Kassel?"),
        ("numbers", "Did you see two wolves?", "Did you see three wolves?"),
        ("numbers", "Was it the 3rd of May?", "Was it the fourth of May?"),
        ("numbers", "Did every guard sleep?", "Did some guard sleep?"),
        ("negations", "Is the gate open?", "Isn't the gate open?"),
        ("negations", "Did you ever see it?", "Did you never see it?"),
        ("people", "Is this my bed?", "Is this your bed?"),
        ("tense", "Do you work here?", "Did you work here?"),
        ("tense", "Can you swim?", "Must you swim?"),
        ("time_and_place", "Did it rain before the trial?", "Did it rain after the trial?"),
        ("time_and_place", "Is she still asleep?", "Is she already asleep?"),
        ("words", "Did you find the key?", "Did you find the ring?"),
        ("words", "Is your brother ill?", "Are your brothers ill?"),
        ("words", "Did you bring a lamp?", "Did you bring the lamp?"),
        ("roles", "Did Mira betray Tom?", "Did Tom betray Mira?"),
        ("roles", "Did Mira give Tom the key?", "Did Tom give Mira the key?"),
        ("roles", "Take the key and open the door", "Open the door and take the key"),
        ("order", "Is Tom older than Mira?", "Is Mira older than Tom?"),
        ("scope", "Did only you see Tom?", "Did you only see Tom?"),
        ("scope", "Did everybody not come?", "Did not everybody come?"),
        ("kind", "Why did you leave?", "How did you leave?"),
        ("kind", "Who hit Tom?", "Who did Tom hit?"),
        ("kind", "You left him there.", "You left him there?"),
        ("names", "Mira, are you well?", "Tom, are you well?"),
        ("people", "Do you know who I am?", "Who am I?"),
        ("negations", "He isn't ill, is he?", "He is ill, isn't he?"),
        ("words", "Tell me why the bridge is closed.", "Tell me why the gate is closed."),
        ("length", "Where is he?", "Where is he? Is he ill?"),
    ],
)
def test_a_difference_that_may_change_the_answer_is_named(
    what: str, first: str, second: str
) -> None:
    assert what in is_same.differences(first, second, CAST)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Did Tom break the lock?", "Was the lock broken by Tom?"),
        ("Did Lena send Tom the letter?", "Did Lena send the letter to Tom?"),
        ("What is the name of your sister?", "What is your sister's name?"),
        ("Are Tom and Mira here?", "Are Mira and Tom here?"),
        ("Where did you hide the map?", "Could you please tell me where you hid the map?"),
        ("Did you see 21 ships?", "Did you see twenty-one ships?"),
        ("Look for the rope", "Search for the rope."),
        ("Hi, how are you?", "How are you doing?"),
        ("Who robbed the mill?", "Do you happen to know who robbed the mill?"),
        ("What do you fear?", "What is it that you fear?"),
        ("Is Tom your uncle?", "Tom is your uncle, isn't he?"),
        ("Who was this bridge built by?", "Who built this bridge?"),
        ("Was the gate opened by Tom?", "Did Tom open the gate?"),
        ("Mira, where is the boat?", "Where is the boat?"),
        ("Mira! Is it late?", "Is it late?"),
        ("Are you well, my friend?", "Are you well?"),
        ("But where did he go?", "Where did he go?"),
        ("Heard of Ostrava?", "Have you heard of Ostrava?"),
        ("Want an apple?", "Do you want an apple?"),
        ("Can you give me the rope?", "Give me the rope."),
        ("Can I have the rope?", "Give me the rope."),
        ("Can you carry it?", "Could you carry it, please?"),
        ("Is there someone on the roof?", "Is someone on the roof?"),
        ("How many boats are there in the bay?", "How many boats are in the bay?"),
        ("Do you have any brothers?", "Do you have brothers?"),
        ("What are you going to say?", "What will you say?"),
        ("Is she going to come?", "Will she come?"),
        ("Have you ever lied?", "Did you ever lie?"),
        ("How long have you been waiting?", "How long have you waited?"),
        ("For whom do you work?", "Who do you work for?"),
        ("Why is the bridge closed?", "Any idea why the bridge is closed?"),
        ("Come back to the house", "Return to the house"),
        ("Do you often sing?", "Do you frequently sing?"),
    ],
)
def test_the_same_in_another_form_is_shared(first: str, second: str) -> None:
    assert is_same(first, second, CAST)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Where is the lamp?", "Please, where is the lamp?"),
        ("What's in the chest?", "What is in the chest?"),
        ("Do you have 3 coins?", "Do you have three coins?"),
        ("Hello!", "Hi there"),
    ],
)
def test_without_a_parser_words_in_the_same_order_are_shared(first: str, second: str) -> None:
    assert without_parser(first, second, CAST)


def test_without_a_parser_nothing_that_is_built_otherwise_is_shared() -> None:
    assert not without_parser("Did Tom break the lock?", "Was the lock broken by Tom?", CAST)


def test_a_very_long_question_is_like_no_other() -> None:
    long = "Where is " + "the very " * LONGEST + "old lamp?"

    assert is_same.differences(long, f"Please, {long}", CAST) == ("length",)


def test_no_word_stands_in_two_groups_of_one_kind() -> None:
    from tta_rebuild.reading.question_text import table

    for kind, groups in table()["groups"].items():
        words = [word for group in groups for word in group.split(" = ")]

        assert len(words) == len(set(words)), kind
