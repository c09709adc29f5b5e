"""Counting prose, scoring a scene's form, guessing at readers' liking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.core.english import sentences_of, words_of
from tta_rebuild.quality import measured, scene_quality
from tta_rebuild.quality.parts import SceneAsked
from tta_rebuild.quality.prose import MOST_TEXTS, read_prose

GOOD = (
    "The boat scraped onto the shingle just as the last light left the water. Mira climbed out, "
    "her boots filling at once with cold, and hauled the bow past the line of dry weed. Above her "
    "the lighthouse stood dark. No lamp had burned there for eleven nights, the fishermen said, "
    "and none of them would say more than that. The door was open. Inside, the stairs wound upward "
    "into a smell of oil and old rope. On the third step lay a cup, still warm."
)
CHOICES = ["Climb the stairs to the lamp", "Search under the stairs", "Go back to the boat"]


def whole(text: str = GOOD, **change: object) -> float:
    given = {"lines": ["Hello?"], "setting": "a dark lighthouse", "tone": "uneasy"}
    return scene_quality([text], **{**given, "choices": CHOICES, **change}).score  # type: ignore[arg-type]


def test_words_and_sentences_are_counted_as_a_reader_counts_them() -> None:
    assert words_of("Don't stop; it's Mira's 2nd cup.") == [
        "don't",
        "stop",
        "it's",
        "mira's",
        "2nd",
        "cup",
    ]
    assert len(sentences_of('He ran. "Stop!" she cried. Why?\nNobody knew …')) == 4
    assert measured("").words == 0


def test_repetition_is_the_share_that_occurred_before() -> None:
    assert measured("One two three four. " * 2).repeated_sentences == pytest.approx(0.5)
    assert measured(GOOD).repeated_4grams == 0.0
    assert measured("a b c d " * 50).repeated_4grams > 0.9


def test_diversity_does_not_depend_on_length() -> None:
    words = [f"{a}{b}" for a in "abcdefghij" for b in "klmnopqrst"]
    assert measured(" ".join(words[:60])).lexical_diversity == 1.0
    assert measured(" ".join(words)).lexical_diversity == 1.0
    assert measured("same " * 200).lexical_diversity == pytest.approx(1 / 50)


def test_dialogue_is_what_stands_in_quotation_marks() -> None:
    assert measured('"Come in now," he said.').dialogue_share == pytest.approx(3 / 5)
    assert measured("“Come in now,” he said.").dialogue_share == pytest.approx(3 / 5)


def test_a_whole_scene_scores_high_and_each_missing_part_costs() -> None:
    assert whole() >= 0.9
    for missing in ({"lines": []}, {"setting": ""}, {"tone": ""}, {"choices": []}):
        assert whole(**missing) < whole()
    assert whole("Rain.") < whole()
    assert whole(GOOD[:60] + " It rained on. " * 20) < whole()


def test_an_ending_needs_no_choices_and_a_broken_scene_is_never_good() -> None:
    assert whole(choices=[], is_ending=True) == pytest.approx(whole(), abs=0.02)
    assert whole(broken=True) == 0.6
    assert whole("") == 0.0


def test_choices_that_say_the_same_count_once() -> None:
    assert whole(choices=[CHOICES[0]] * 3) < whole(choices=CHOICES[:1]) + 0.01


@given(st.text(max_size=500))
def test_no_text_leaves_the_ranges(text: str) -> None:
    found = measured(text)
    assert 0.0 <= found.lexical_diversity <= 1.0
    assert 0.0 <= found.repeated_4grams <= 1.0
    assert 0.0 <= found.dialogue_share <= 1.0 + 1e-9
    assert 0.0 <= scene_quality([text]).score <= 1.0


def test_a_scene_that_was_scored_is_not_read_again_for_the_three_after_it() -> None:
    told = [f"Mara counts {n} boats.\n\nNobody speaks of number {n}." for n in range(3)]
    for text in told:
        scene_quality(text.split("\n\n"))
    before = read_prose.cache_info().misses
    scene_quality(["Boats come and go."], asked=SceneAsked(recent=told))

    assert read_prose.cache_info().misses == before + 1
    assert read_prose.cache_info().maxsize == MOST_TEXTS


def test_all_that_is_known_of_a_long_story_is_looked_through_and_none_of_it_is_kept() -> None:
    known = [f"{n}. You count the boats again, and Tilde{n} writes it down." for n in range(80)]
    text = "Mara counts. There sits Tilde7, who writes down the boats that she counted."
    scene_quality([text], asked=SceneAsked(cast=["Mara: a keeper"]))
    before = read_prose.cache_info().misses
    found = scene_quality([text], asked=SceneAsked(cast=["Mara: a keeper"], known=known))
    strange = scene_quality([text], asked=SceneAsked(cast=["Mara: a keeper"], known=known[8:]))

    assert read_prose.cache_info().misses == before
    assert not [reason for reason in found.reasons if "unknown names" in reason]
    assert [reason for reason in strange.reasons if "unknown names" in reason]
