"""Feelings: tones outside the list are mapped and kept, traits count, turns pass; bonds by kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.story import Bond
from tta_rebuild.narrative.feelings import Feeling, bond_change, faded, feeling_of

EMOTIONS = packaged_toml("tta_rebuild.narrative", "emotions")["emotions"]


@pytest.mark.parametrize(
    ("tone", "emotion"),
    [
        ("weary", "sorrowful"),
        ("wry", "joyful"),
        ("brisk", "neutral"),
        ("wearily", "sorrowful"),
        ("gruffness", "angry"),
        ("Fearful", "fearful"),
    ],
)
def test_a_tone_goes_to_the_emotion_that_it_lies_nearest_to(tone: str, emotion: str) -> None:
    felt = feeling_of(tone, {})
    assert felt is not None
    assert felt.emotion == emotion


def test_the_very_word_is_kept_known_or_not_but_for_the_emotions_own_name() -> None:
    shades = {tone: feeling_of(tone, {}) for tone in ("wry", "oleaginous", "müde", "angry", "  ")}
    assert {tone: felt and felt.shade for tone, felt in shades.items()} == {
        "wry": "wry",
        "oleaginous": "oleaginous",
        "müde": "müde",
        "angry": "",
        "  ": None,
    }
    assert shades["oleaginous"] == Feeling("", "oleaginous", 0.4), "felt under the last emotion"


def test_every_tone_of_the_data_belongs_to_one_emotion() -> None:
    tones = [tone for entry in EMOTIONS.values() for tone in entry.get("shades", "").split()]
    assert len(tones) == len(set(tones))


def test_strong_words_and_adverbs_count_and_traits_incline() -> None:
    def much(tone: str, **traits: float) -> float:
        felt = feeling_of(tone, traits)
        return felt.intensity if felt else 0.0

    assert much("furious") > much("very angry") > much("angry") > much("slightly angry")
    assert much("angry", fierce=0.9) > much("angry") > much("angry", gentle=0.9)


def test_a_feeling_fades_with_the_storys_turns_longer_in_whom_it_suits() -> None:
    angry = Feeling("angry", "furious", 0.8)
    left = [faded(angry, turns, {}) for turns in (0, 3, 6, 12)]
    assert [round(one.intensity, 3) for one in left] == [0.8, 0.4, 0.2, 0.0]
    assert left[-1] == Feeling("neutral", "", 0.0)
    assert faded(angry, 6, {"proud": 1.0}).intensity > left[2].intensity
    assert faded(angry, 6, {"gentle": 1.0}).intensity < left[2].intensity


def test_what_was_set_by_hand_stays() -> None:
    assert faded(Feeling("angry", "", 0.0), 100, {}) == Feeling("angry", "", 0.0)


@pytest.mark.parametrize(
    ("feeling", "words"),
    [
        (Feeling("angry", "", 0.9), "very angry"),
        (Feeling("angry", "furious", 0.9), "furious"),
        (Feeling("angry", "furious", 0.2), "a little furious"),
        (Feeling("neutral", "brisk", 0.4), "brisk"),
        (Feeling("sorrowful", "very sad", 0.85), "very sad"),
        (Feeling("neutral", "", 0.0), ""),
        (Feeling("angry", "", 0.0), "angry"),
    ],
)
def test_a_feeling_in_words(feeling: Feeling, words: str) -> None:
    assert feeling.in_words() == words


def test_help_raises_a_bond_conflict_lowers_it_each_in_its_dimensions() -> None:
    changes = {
        text: bond_change(text)
        for text in ("He helps her.", "He saves her.", "He threatens her.", "He lied to her.")
    }
    now = {text: Bond().moved(change.moves) for text, change in changes.items() if change}
    assert now["He saves her."].debt > 0 < now["He saves her."].number
    assert now["He threatens her."].fear > 0 > now["He threatens her."].number
    assert now["He lied to her."].trust < now["He lied to her."].affection == 0
    assert bond_change("They wait.") is None
    assert bond_change("They wait.", "He helps her.") == changes["He helps her."]


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["trust", "affection", "fear", "debt"]), st.floats(-3, 3), max_size=4
        ),
        max_size=12,
    )
)
def test_whatever_moves_a_bond_it_keeps_its_ranges(moves: list[dict[str, float]]) -> None:
    bond = Bond()
    for by in moves:
        bond = bond.moved(by)
        assert min(bond.trust, bond.affection, bond.debt) >= -1
        assert max(bond.trust, bond.affection, bond.fear, bond.debt) <= 1
        assert bond.fear >= 0
        assert -1 <= bond.number <= 1


@given(st.floats(-1, 1))
def test_a_single_number_is_a_bond_and_comes_back(number: float) -> None:
    assert Bond.of(number).number == pytest.approx(number, abs=1e-5)
