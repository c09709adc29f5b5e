"""No words stop a story: whatever is typed, in whatever premise, is told or declined."""

from __future__ import annotations

from random import Random

import pytest

from tests.storyteller.test_act import LINES
from tests.storyteller.test_moves_meant import told
from tests.storyteller.test_premise_reading import rows
from tta_rebuild.storyteller.answers import known_of
from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.world_state import WorldState

POINTING = [
    f"I {does} {whom}"
    for does in ("punch", "kiss", "accuse", "ring up", "give it to", "ask about", "look for")
    for whom in ("him", "her", "them", "it", "everybody", "myself", "nobody")
]
"""Deeds done to somebody or something that a premise may or may not know."""
MOVES_A_STORY = 8


@pytest.mark.parametrize("premise", [row[0] for row in rows()])
def test_whatever_is_typed_is_told_or_declined(premise: str) -> None:
    rng = Random(premise)
    typed = [line.partition(" => ")[0] for line in LINES if " => " in line]
    moves = [rng.choice(rng.choice((typed, POINTING))) for _ in range(MOVES_A_STORY)]
    for move, reply in zip(moves, told(premise, "I want to be free", *moves)[2:], strict=True):
        assert reply.get("declined") or reply["passages"], move


def test_somebody_in_anothers_keeping_is_spoken_of() -> None:
    cast = cast_of({"theme": "I run a prison with Ada. Mr Voss is here.", "seed": 1, "turn": 1}, {})
    state = WorldState({**cast.start, "here": "prison", "mr_voss.at": "ada"}, {})

    assert known_of(cast.entities["mr_voss"], cast, state)
