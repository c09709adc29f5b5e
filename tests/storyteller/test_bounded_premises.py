"""A premise of which boundaries leave little is told in milder words, and still makes sense."""

from __future__ import annotations

import re
from typing import Any

import pytest

STRICT = {"violence": "none", "death": "none", "gore": "none", "fear": "none", "self_harm": "none"}


@pytest.mark.parametrize(
    ("theme", "milder"),
    [
        ("Two serial killers stumble upon each other while hiking.", "the two strangers"),
        ("A genius serial killer is facing trial for a murder. He can never lie.", "the case"),
        ("Suicide Forest", "the forest"),
    ],
)
async def test_a_bleak_premise_keeps_its_shape_in_milder_words(
    play: Any, text_of: Any, theme: str, milder: str
) -> None:
    replies = await play(theme, 10, boundaries=STRICT, kit="mystery")

    story = "\n".join(map(text_of, replies))
    assert milder in text_of(replies[0])
    assert milder in text_of(replies[-1])
    assert not re.search(r"\b(?:kill|murder|suicid|blood|dead)", story, re.I)


async def test_what_follows_on_a_barred_sentence_is_not_told_without_it(
    play: Any, text_of: Any
) -> None:
    theme = "A killer walks among us. He can never ever lie. Yet he walks."

    first = text_of((await play(theme, 1, boundaries=STRICT, ends=False))[0])

    assert "He can never" not in first


async def test_a_question_is_told_whole_or_not_at_all(play: Any, text_of: Any) -> None:
    replies = await play("A quiet town.", 30, boundaries={"death": "none"}, kit="fantasy")

    assert all(len(text_of(reply).split()) > 60 for reply in replies)
