"""Who chooses when nobody does."""

from __future__ import annotations

from collections import Counter

from tta_rebuild.cli.inputs import from_lines
from tta_rebuild.core.story import Choice
from tta_rebuild.engine.action import Action
from tta_rebuild.lab.players import automatic

CHOICES = [Choice(text=f"Do the thing number {n}") for n in range(3)]


def test_first_always_takes_the_first() -> None:
    moves = automatic("first", 1)

    assert {moves(CHOICES).number for _ in range(10)} == {1}  # type: ignore[union-attr]


def test_varied_takes_each_place_equally_often() -> None:
    moves = automatic("varied", 1)

    taken = Counter(moves(CHOICES).number for _ in range(30))  # type: ignore[union-attr]

    assert taken == {1: 10, 2: 10, 3: 10}


def test_the_same_seed_makes_the_same_choices() -> None:
    one, other = automatic("random", 7), automatic("random", 7)

    assert [one(CHOICES) for _ in range(20)] == [other(CHOICES) for _ in range(20)]


def test_without_choices_words_are_said() -> None:
    move = automatic("first", 1)([])

    assert move is not None
    assert move.kind == "say"


def test_lines_are_numbers_or_words_until_they_end() -> None:
    moves = from_lines(["2\n", "\n", "Open the door\n"])

    assert [moves(CHOICES), moves(CHOICES), moves(CHOICES)] == [
        Action.choose(2),
        Action.say("Open the door"),
        None,
    ]
