"""English in one place: what the rooms that look at words rely on."""

from __future__ import annotations

import pytest

from tta_rebuild.core.english import (
    article_for,
    number_in,
    past,
    plural,
    sentences_of,
    singular,
    stem,
    verb_forms,
    words_of,
)


def test_speech_titles_and_initials_do_not_cut_a_sentence() -> None:
    text = "“Go home,” said Dr. Watson. “It is late!” Mara laughed at 5 p.m. and left."

    assert sentences_of(text) == [
        "“Go home,” said Dr. Watson.",
        "“It is late!”",
        "Mara laughed at 5 p.m. and left.",
    ]


def test_a_line_break_ends_a_sentence() -> None:
    assert sentences_of("A poem\nwithout stops\n\nof three lines") == [
        "A poem",
        "without stops",
        "of three lines",
    ]


def test_other_languages_are_cut_by_their_own_rules() -> None:
    assert sentences_of("Er kam z. B. am 3. Mai. Sie ging.", "de") == [
        "Er kam z. B. am 3. Mai.",
        "Sie ging.",
    ]


def test_a_possessive_is_one_word_and_case_does_not_matter() -> None:
    assert words_of("Tom's 2 Lamps") == ["tom's", "2", "lamps"]


@pytest.mark.parametrize("form", ["trust", "trusts", "trusted", "trusting", "Trusting"])
def test_the_forms_of_a_word_share_a_stem(form: str) -> None:
    assert stem(form) == stem("trust")


@pytest.mark.parametrize(
    ("verb", "form"),
    [
        ("stab", "stabbed"),
        ("carry", "carried"),
        ("lie", "lying"),
        ("go", "goes"),
        ("hide", "hiding"),
    ],
)
def test_the_forms_of_a_verb_are_known(verb: str, form: str) -> None:
    assert form in verb_forms(verb)


@pytest.mark.parametrize(
    ("verb", "form"),
    [("give", "gave"), ("carry", "carried"), ("move", "moved"), ("play", "played")],
)
def test_the_past_of_a_verb_can_be_written(verb: str, form: str) -> None:
    assert past(verb) == form


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("wolf", "wolves"),
        ("witch", "witches"),
        ("story", "stories"),
        ("lamp", "lamps"),
        ("torpedo", "torpedoes"),
        ("superhero", "superheroes"),
        ("shoe", "shoes"),
    ],
)
def test_a_noun_finds_its_plural_and_back(one: str, many: str) -> None:
    assert (plural(one), singular(many)) == (many, one)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("twenty-three coins", "23"),
        ("sixty", "60"),
        ("one hundred and five ships", "105"),
        ("a hundred steps", "100"),
        ("the third key", "3"),
        ("no coins", "0"),
        ("12 lamps", "12"),
        ("lamps", ""),
    ],
)
def test_numbers_are_read_from_words(text: str, number: str) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize(
    ("word", "article"),
    [("hour", "an"), ("uninvited", "an"), ("one", "a"), ("unicorn", "a"), ("XML", "an")],
)
def test_the_article_follows_the_sound(word: str, article: str) -> None:
    assert article_for(word) == article
