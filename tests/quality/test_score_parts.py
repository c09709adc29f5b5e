"""Each part of the quality score falls for what it is there for, and says why."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tta_rebuild.core.english import sentences_of
from tta_rebuild.quality import Quality, SceneAsked, scene_quality, text_quality
from tta_rebuild.quality.prose import read_prose
from tta_rebuild.quality.stock import stock_phrases_in

EARLIER = (
    "Mira rowed to the island at dusk with a can of oil between her feet. Old Tom had kept the "
    "light there for forty years. On the jetty somebody had left a lantern, and its glass was cold."
)
SCENE = (
    "Mira climbed the stairs with the oil can knocking at her knee. On the third landing a door "
    "stood open, and a man sat behind it with his boots in a basin. He had a grey beard, cut short "
    "on one side only.",
    "“You took your time,” said Old Tom. “Eleven nights I have been without oil. The glass is "
    "whole, the wick is whole, and the clockwork goes if you kick it.”",
    "Mira set the can down beside the basin. His left foot was blue to the ankle. On the wall "
    "over his head hung a chart of the sound, and somebody had drawn a red ring around the rock "
    "where her father's boat went down. Tom saw her look at it. He pulled the blanket from his "
    "knees and threw it over the chart.",
)
ASKED = SceneAsked(
    premise="Mira brings oil to a lighthouse that has gone dark. Her father drowned off its rock.",
    cast=("Mira: a chandler's daughter of nineteen", "Old Tom: the keeper of the lighthouse"),
    known=("The lamp has been dark for eleven nights.", "Her father's boat was lost in March."),
    move="Carry the oil can up the stairs to the keeper.",
    recent=(EARLIER,),
    tone="uneasy",
)


def scored(passages: tuple[str, ...] = SCENE, **change: Any) -> Quality:
    given = {
        "setting": "The third landing of the lighthouse stairs",
        "tone": "wary",
        "choices": ("Ask Tom about the chart.", "See to his foot.", "Fill the lamp with oil."),
        "asked": ASKED,
    }
    return scene_quality(passages, **{**given, **change})  # type: ignore[arg-type]


def value(quality: Quality, name: str) -> float | None:
    return next(part.value for part in quality.parts if part.name == name)


def test_a_sound_scene_of_this_story_scores_high() -> None:
    quality = scored()

    assert quality.score > 0.9
    assert quality.low < quality.score <= quality.high
    assert not quality.judged


OTHER = (
    "Dr. Vance lowered the visor and counted the gauges again. The shuttle Arden was losing air, "
    "and Commander Ito had sealed the aft hatch from the wrong side.",
    "“Forty minutes,” Ito said over the radio. “Less, if you keep talking.”",
    "Vance took the spanner from its clip. Behind the panel the pipes were furred with ice, and a "
    "drop of coolant hung in front of her face like a bead. She breathed out and began to turn.",
)
STOCK = (
    "A shiver ran down Mira's spine, and time stood still. Her heart pounded in her chest as the "
    "oil can slipped. Little did Old Tom know that nothing would ever be the same.",
    "“It's now or never,” he said, his voice barely above a whisper, with a twinkle in his eye.",
    "The silence was deafening. A wave of relief washed over Mira on the stairs of the lighthouse. "
    "In that moment a glimmer of hope flickered, and she took a leap of faith into the unknown.",
)
VAGUE = (
    "Mira felt a sense of something that had to do with memory and loss. In the lighthouse there "
    "was an atmosphere of sorrow, and the meaning of everything seemed somehow to be a mystery.",
    "“Perhaps,” said Old Tom, “the truth is a kind of freedom, or almost.”",
    "The thought filled her with hope and doubt, and the courage of her decision gave her "
    "strength. Oil was a responsibility. It was the beginning of an understanding of her destiny.",
)


@pytest.mark.parametrize(
    ("part", "passages", "change"),
    [
        ("form", SCENE, {"choices": (), "setting": "", "tone": ""}),
        ("freshness", (EARLIER,), {}),
        ("freshness", (SCENE[0], SCENE[0], SCENE[0]), {}),
        ("grounding", OTHER, {}),
        ("stock", STOCK, {}),
        ("concreteness", VAGUE, {}),
        ("tone", SCENE, {"tone": "merry and playful", "asked": replace(ASKED, tone="dread")}),
        ("length", SCENE[:1], {}),
        ("length", SCENE, {"asked": replace(ASKED, words=(20, 40))}),
        ("richness", ("Mira took the oil up the stairs. " * 20,), {}),
        ("variety", ("Mira took the oil up. Tom sat on the bed. Mira saw the old man.",), {}),
    ],
)
def test_what_a_part_is_there_for_lowers_it_with_a_reason(
    part: str, passages: tuple[str, ...], change: dict[str, Any]
) -> None:
    sound, worse = scored(), scored(passages, **change)
    before, after = value(sound, part), value(worse, part)

    assert before is not None
    assert after is not None
    assert after < before - 0.2
    assert worse.score < sound.score
    assert any(reason.startswith(f"{part}: ") for reason in worse.reasons)


def shuffled(pieces: list[str], seed: int) -> str:
    pieces = list(pieces)
    random.Random(seed).shuffle(pieces)
    return " ".join(pieces)


def test_a_scene_of_its_own_words_at_random_is_far_below_it() -> None:
    words = " ".join(SCENE).split()

    for seed in range(20):
        quality = scored((shuffled(words, seed),))
        assert quality.score < 0.4
        assert quality.reasons[0].startswith("soundness: words that make no sentence")


def test_a_told_order_is_above_most_shuffles_of_its_sentences() -> None:
    sentences = [one for text in SCENE for one in sentences_of(text)]
    told = scored((" ".join(sentences),)).score

    below = sum(scored((shuffled(sentences, seed),)).score < told for seed in range(40))
    assert below >= 36


def test_the_same_sentences_are_weighed_against_the_same_random_orders() -> None:
    sentences = [one for text in SCENE for one in sentences_of(text)]
    orders = {shuffled(sentences, seed) for seed in range(5)}

    assert {scored((text,)).score for text in orders} == {scored((text,)).score for text in orders}


def test_code_that_is_invalid_is_a_matter_of_its_own() -> None:
    assert {part.name for part in scored().parts} == {
        *("form", "soundness", "freshness", "grounding", "order", "stock"),
        *("concreteness", "richness", "variety", "tone", "length"),
    }


def test_stock_phrases_are_known_in_all_their_forms() -> None:
    told = "Shivers went. A cold shiver runs down her spine, and he sends chills up my spine."

    found = stock_phrases_in(read_prose(told).words)
    assert found == ["shiver runs down her spine", "sends chills up my spine"]


def test_a_language_without_data_is_judged_by_what_needs_none() -> None:
    text = "Лодка ткнулась в берег. Мира вышла на камни, и сапоги сразу наполнились водой. Темно."
    quality = scored((text,), asked=SceneAsked(language="ru"))

    for name in ("soundness", "order", "stock", "concreteness", "tone"):
        assert value(quality, name) is None
    assert 0 < quality.score < 1


def test_german_is_read_with_its_own_words() -> None:
    asked = SceneAsked(language="de")
    told = (
        "Jule stieg mit der Kanne in den Keller, und hinter ihr fiel die Tür ins Schloss. Auf der "
        "letzten Stufe stand Wasser. Sie hielt die Lampe hoch und sah das Loch in der Mauer. "
        "„Komm da weg“, rief Alma von oben. Sie hatte noch das Nachthemd an und die alten Stiefel."
    )
    words = told.split()

    assert text_quality(told, asked=asked).score > 1.5 * (
        text_quality(shuffled(words, 1), asked=asked).score
    )


def test_little_known_of_the_story_is_little_held_against_the_scene() -> None:
    unknown = SceneAsked(premise="A garden in space", move="", words=None)

    assert scored(asked=unknown).score > 0.85


def test_bare_prose_has_no_form_to_fill() -> None:
    assert text_quality("\n".join(SCENE)).score > 0.6
    assert text_quality("").score == 0


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=60), st.sampled_from(["en", "de", "xx", ""]))
def test_no_scene_and_nothing_asked_leaves_the_range(text: str, asked: str, code: str) -> None:
    wanted = SceneAsked(premise=asked, cast=(asked,), move=asked, recent=(asked,), language=code)
    for quality in (
        scene_quality([text], setting=asked, tone=asked, choices=[asked], asked=wanted),
        text_quality(text, asked=wanted),
    ):
        assert 0.0 <= quality.low <= quality.score <= quality.high <= 1.0
        assert all(part.value is None or 0 <= part.value <= 1 for part in quality.parts)


def test_a_scene_is_scored_within_ten_milliseconds_of_processor_time() -> None:
    taken = []
    for number in range(15):
        fresh = tuple(f"{text} It was {number} o'clock." for text in SCENE)
        begun = time.process_time()
        scored(fresh)
        taken.append(time.process_time() - begun)

    assert median(taken) < 0.010
