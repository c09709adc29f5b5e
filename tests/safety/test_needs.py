"""A line that a player typed: their own cry, or the story; judged alike every time, and quickly."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tta_rebuild.core.errors import UnreadableFile
from tta_rebuild.safety.care import CarePolicy
from tta_rebuild.safety.help_lines import help_lines
from tta_rebuild.safety.need_features import features_of
from tta_rebuild.safety.needs import learned, read_need

PAUSES = ("likely", "certain")


@pytest.mark.parametrize(
    ("line", "need"),
    [
        ("I want to kill myself.", "harm"),
        ("I\u2019m going to end my life, tonight", "harm"),
        ("i dont want to live any more", "harm"),
        ("open the door. sorry, i feel suicidal, i mean me", "harm"),
        ("I have just taken an overdose", "danger"),
        ("please call the police for me", "danger"),
    ],
)
def test_an_unmistakable_phrase_always_pauses(line: str, need: str) -> None:
    found = read_need(line)

    assert (found.need, found.level) == (need, "certain")
    assert read_need(line, "de").level == "certain"


@pytest.mark.parametrize(
    "line",
    [
        "\u201cI want to die,\u201d whispers the old king.",
        "I open the red door and look inside.",
        "take the sword",
        "I ask the ferryman what he wants for the crossing.",
        "climb down the rope into the well",
        "kiss her",
        "",
        "42",
    ],
)
def test_a_move_is_no_cry(line: str) -> None:
    assert read_need(line).level not in PAUSES


def test_of_another_language_the_weights_know_nothing() -> None:
    assert read_need("Ich \u00f6ffne die rote T\u00fcr.", "de").level == "doubtful"


def test_apostrophes_and_case_change_nothing_of_what_is_seen_of_words() -> None:
    one, other = features_of("I can't go on"), features_of("I CAN\u2019T GO ON")

    assert one[:2] == other[:2]


def test_the_levels_rise_and_every_weight_is_read() -> None:
    begins = learned().begins

    assert list(begins) == ["doubtful", "possible", "likely", "certain"]
    assert sorted(begins.values()) == list(begins.values())
    assert len(learned().of) > 10_000


def test_a_line_is_judged_within_two_milliseconds() -> None:
    line = "I light the lantern and go down to the cellar, where the old man keeps his bees."
    read_need(line)
    began = time.process_time()
    for _ in range(100):
        read_need(line)

    assert (time.process_time() - began) / 100 < 0.002


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_whatever_is_typed_gets_the_same_answer_twice(text: str) -> None:
    assert read_need(text) == read_need(text)


def test_the_note_is_short_and_kind_and_names_the_emergency_number() -> None:
    policy = CarePolicy(given=help_lines("GB"))
    for need in ("harm", "danger"):
        note = policy.note(need)
        assert "999" in note.text
        assert "story program" in note.text
        assert len(note.text) < 500
        others = [line for line in note.lines if need not in line.needs]
        assert len(others) <= (need == "danger")  # pills may have been taken


def test_our_lines_say_from_where_and_of_when_they_are() -> None:
    lines = help_lines("US")

    assert lines.source
    assert lines.dated <= date.today()
    assert all(line.web and line.contact for line in lines.lines)


def test_an_own_file_counts_for_its_countries_and_ours_for_the_others(tmp_path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'source = "us"\ndate = 2026-01-01\n[countries.GB]\nemergency = "999"\n'
        'lines = [{ name = "Desk", contact = "ring 7", needs = ["harm"] }]\n'
    )

    assert [one.name for one in help_lines("GB", own).lines][:1] == ["Desk"]
    assert help_lines("US", own).lines == help_lines("US").lines
    own.write_text("source = 7")
    with pytest.raises(UnreadableFile, match=r"own\.toml"):
        help_lines("GB", own)
