"""Spoken lines: who speaks is seen, and the quotation marks are one proper pair."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.core.speech import quoted, script, shown
from tta_rebuild.core.story import Passage, Scene


@pytest.mark.parametrize(
    ("given_as", "seen_as"),
    [
        ("It is late.", "“It is late.”"),
        ('"It is late."', "“It is late.”"),
        ("“It is late.”", "“It is late.”"),
        ("““It is late.””", "“It is late.”"),
        ("«Il est tard.»", "“Il est tard.”"),
        ('"It is late.', "“It is late.”"),
        ('"He told me "run" and I ran."', "“He told me ‘run’ and I ran.”"),
        ('"He told me "run""', "“He told me ‘run’”"),
        ('"Yes," she says. "No."', "“Yes,” she says. “No.”"),
        ('Tom shrugs. "It is late."', "Tom shrugs. “It is late.”"),
        ("I'm late", "“I'm late”"),
    ],
)
def test_spoken_words_stand_between_one_proper_pair_of_marks(given_as: str, seen_as: str) -> None:
    assert quoted(given_as) == seen_as


@given(st.text(alphabet='aB .,"“”«»-\n'))
def test_marks_once_proper_stay_as_they_are(text: str) -> None:
    once = quoted(text)

    assert '"' not in once
    assert quoted(once) == once


def test_a_spoken_passage_names_its_speaker_and_prose_does_not() -> None:
    names = {"mara": "Mara Voss"}

    assert shown(Passage(text='"Well."', speaker="mara"), names) == "Mara Voss: “Well.”"
    assert shown(Passage(text="Well?", speaker="the_old_man"), names) == "The Old Man: “Well?”"
    assert shown(Passage(text='"Well," says a sign.'), names) == '"Well," says a sign.'


def test_a_scene_is_shown_passage_by_passage() -> None:
    scene = Scene(
        scene_id="s", passages=(Passage(text="Rain."), Passage(text="At last.", speaker="tom"))
    )

    assert script(scene, {"tom": "Tom"}) == "Rain.\n\nTom: “At last.”"
