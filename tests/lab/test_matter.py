"""Whether a text holds the matter of a sentence."""

from __future__ import annotations

import pytest

from tta_rebuild.lab.matter import Matter

FORMS = {"Nela": "nela", "Bram": "bram", "the old founder": "bram", "Bram Holt": "bram"}


@pytest.mark.parametrize(
    ("sentence", "text", "is_there"),
    [
        ("Bram has a bad knee.", "The old founder rubbed his bad knee.", True),
        ("Bram has a bad knee.", "Nela rubbed her bad knee.", False),
        ("Bram is sixty-one.", "bram age 61", True),
        ("Bram is sixty-one.", "bram age 34", False),
        ("The bell has a crack.", "A crack ran down the bell.", True),
        ("The bell is cracked.", "The rope was new.", False),
        (
            "The bronze bell has a crack.",
            "A crack ran here.\nIt was late.\nRain fell.\nDogs barked.\nNo bell rang.",
            False,
        ),
    ],
)
def test_words_names_and_numbers_must_stand_together(
    sentence: str, text: str, is_there: bool
) -> None:
    assert Matter(FORMS).is_in(sentence, [text]) is is_there


def test_forms_of_a_word_are_one_in_a_language_without_a_stemmer() -> None:
    matter = Matter({"Jule": "jule"}, "de")

    assert matter.is_in("Jule hat den Schlüssel.", ["Jule sucht die Schlüsselbunde."])


def test_names_alone_give_no_secret_away() -> None:
    matter = Matter(FORMS)

    assert not matter.gives_away("Bram is Nela's father.", "Nela went to Bram.")
    assert matter.gives_away("Bram is Nela's father.", "Bram, her father, waved to Nela.")
