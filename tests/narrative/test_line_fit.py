"""How well a line fits whoever says it, and why."""

from __future__ import annotations

import pytest

from tta_rebuild.core.errors import ValidationError
from tta_rebuild.core.speech import lines_said, spoken_words
from tta_rebuild.core.story import CharacterSketch, Passage, Voice
from tta_rebuild.narrative.line_fit import Speaker, fit_of
from tta_rebuild.narrative.voice_style import Everybody, voice_shown

GRUFF = (
    "Shut it. Now.",
    "Aye. Go on, then.",
    "No. Don't ask.",
    "Aye, it's cold. So?",
    "Get down! Don't talk.",
)
STATELY = (
    "I should be most obliged if you would consider, before the evening is over, what I have said.",
    "There is a great deal that we do not know, and I would rather that it were left so.",
    "It has been my custom to walk by the river, whatever the weather may have been.",
    "I cannot think that he would have wished for it, although he has never told me.",
)
EVERYBODY = Everybody([*GRUFF, *STATELY])


def test_a_line_fits_the_voice_that_it_is_like_better_than_the_other() -> None:
    line = "Aye. Don't go."
    own = fit_of(line, Speaker(name="Josk", lines=GRUFF), EVERYBODY)
    other = fit_of(line, Speaker(name="Ada", lines=STATELY), EVERYBODY)

    assert own.odds > other.odds
    assert own.consistency_score > other.consistency_score
    assert other.reasons
    assert any("mostly takes" in reason for reason in other.reasons)


def test_every_line_of_two_clear_voices_ranks_lower_in_the_others_mouth() -> None:
    voices = {"Josk": GRUFF, "Ada": STATELY}
    for name, lines in voices.items():
        for line in lines:
            left = {n: tuple(one for one in all_ if one != line) for n, all_ in voices.items()}
            everybody = Everybody([one for all_ in left.values() for one in all_])
            odds = {n: fit_of(line, Speaker(name=n, lines=left[n]), everybody).odds for n in left}
            assert max(odds, key=odds.__getitem__) == name, line


def test_topic_is_no_part_of_the_voice() -> None:
    of_ships = Everybody([]).parts(
        "The ship sails on the river.", ("The ship sails on the river.",)
    )
    of_bread = Everybody([]).parts(
        "The bread burns in the oven.", ("The bread burns in the oven.",)
    )
    assert of_ships.keys() == of_bread.keys()
    swapped = EVERYBODY.parts("the cart sinks", GRUFF)
    assert swapped == EVERYBODY.parts("the lamp stops", GRUFF)


@pytest.mark.parametrize(
    ("speaker", "line", "reason"),
    [
        (Speaker(name="Josk Verrin"), "Come here, Josk, and look.", "would address themself"),
        (Speaker(name="Ada", called=("midwife",)), "Midwife, how many?", "would address themself"),
        (Speaker(name="Ada", is_there=False), "Come here.", "is not there"),
        (Speaker(name="Ada", is_unbidden=True), "I confess.", "the player did not say so"),
        (Speaker(name="Ada", cannot_know="the key"), "The key is there.", "cannot know: the key"),
    ],
)
def test_state_and_knowledge_lower_consistency_with_a_reason(
    speaker: Speaker, line: str, reason: str
) -> None:
    fit = fit_of(line, speaker, EVERYBODY)
    assert fit.consistency_score < 0.7
    assert any(reason in one for one in fit.reasons)
    assert fit.personality_alignment == 1.0


@pytest.mark.parametrize(
    ("voice", "line", "reason"),
    [
        (Voice(never=("please", "sorry")), "The gate stays shut, please.", "never says “please”"),
        (Voice(sentences="short"), STATELY[0], "words to a sentence"),
    ],
)
def test_what_the_author_asked_for_lowers_alignment_with_a_reason(
    voice: Voice, line: str, reason: str
) -> None:
    fit = fit_of(line, Speaker(name="Josk", voice=voice), EVERYBODY)
    assert fit.personality_alignment < 1.0
    assert any(reason in one for one in fit.reasons)
    assert (
        fit_of("The gate stays shut.", Speaker(name="Josk", voice=voice), EVERYBODY).reasons == ()
    )


def test_an_emotion_against_the_traits_counts_and_is_named() -> None:
    fit = fit_of(
        "I see.", Speaker(name="Mira", traits={"brave": 1.0}), EVERYBODY, emotion="fearful"
    )
    assert fit.personality_alignment < 1.0
    assert "fearful does not suit how Mira is" in fit.reasons


def test_a_prompt_shows_what_the_author_said_and_draws_the_rest_from_the_lines() -> None:
    shown = voice_shown(Voice(register="gruff", never=("please",)), GRUFF, STATELY)
    assert shown["register"] == "gruff"
    assert shown["never"] == ["please"]
    assert shown["sentences"] == "about 2 words"
    assert shown["samples"] == [GRUFF[-1], GRUFF[-2]]
    assert voice_shown(Voice(), ()) == {}


def test_favourite_words_are_drawn_where_others_never_use_them() -> None:
    lines = ("Not there, miss.", "Aye, miss, the river.", "I never saw the river.")
    assert voice_shown(Voice(), lines, ["The river is cold."])["says"] == ["miss"]
    assert voice_shown(Voice(says=("aye",)), lines, STATELY)["says"] == ["aye"]


@pytest.mark.parametrize("wrong", [{"sentences": "tiny"}, {"says": "aye"}, {"register": 3}])
def test_what_is_no_voice_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="voice"):
        Voice(**wrong)  # type: ignore[arg-type]


def test_a_characters_voice_must_be_one() -> None:
    with pytest.raises(ValidationError, match=r"Voice\(…\)"):
        CharacterSketch(character_id="a", name="A", voice="gruff")  # type: ignore[arg-type]


NAMES = {"lidia": "Lídia", "pell": "Pell", "josk": "Captain Verrin"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("“Her eyes,” says Lídia, and goes on.", [("lidia", "Her eyes")]),
        ("“Go!” the boy Pell whispered.", [("pell", "Go!")]),
        ("„Na, komm“, sagt Pell.", [("pell", "Na, komm")]),
        ("“By sunrise,” she told Verrin, and left.", []),
        ("The “Pell” sign swings.", []),
        ("She read “not my son.” Then Pell went.", []),
    ],
)
def test_who_says_what_in_prose_is_read_only_where_it_is_plain(
    text: str, said: list[tuple[str, str]]
) -> None:
    assert lines_said([Passage(text=text)], NAMES, {"she", "he"}) == said


def test_of_a_spoken_passage_only_what_is_said_counts() -> None:
    assert spoken_words('"The safe," she says. "It was empty."') == "The safe. It was empty."
    assert spoken_words("“Hm.”") == "Hm."
    assert spoken_words("No marks at all.") == "No marks at all."


def test_a_line_with_what_somebody_never_says_is_no_sample_of_their_voice() -> None:
    spoken = ["The gate stays shut.", "I am so sorry, brother."]

    assert voice_shown(Voice(never=("sorry",)), spoken)["samples"] == ["The gate stays shut."]
