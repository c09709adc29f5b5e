"""A speaker knows what they saw, were told, or say for the first time: nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.canon.test_declared import NEXT_TURN, Known, canon_with

from tta_rebuild.canon.knowledge import KnowledgeCheck
from tta_rebuild.core.story import Claim, LastingLine

PEOPLE = ("oskar", "wilma", "ruth")
TOLD: tuple[Known, ...] = (
    ("oskar", "name", "Oskar"),
    ("wilma", "name", "Wilma"),
    ("ruth", "name", "Ruth"),
    NEXT_TURN,
    NEXT_TURN,
)


def said_by(
    speaker: str, value: str, *facts: Known, lines: Mapping[int, LastingLine] | None = None
) -> list[str]:
    """What a passage contradicts in which somebody speaks and is declared to know this."""
    check = KnowledgeCheck(canon_with(*TOLD, *facts, NEXT_TURN), PEOPLE, lines or {})
    claim = Claim(subject=speaker, relation="knows", value=value)
    return [found.against for found in check.contradictions(speaker, [claim])]


SECRET: Known = ("wilma", "knows", "Oskar has sold the orchard to the abbey")


def test_a_speaker_cannot_say_what_only_others_were_told() -> None:
    assert said_by("ruth", "the orchard was sold to the abbey", SECRET) == [
        "wilma knows Oskar has sold the orchard to the abbey"
    ]


@pytest.mark.parametrize(
    "more",
    [
        ("ruth", "knows", "the orchard is sold to the abbey"),
        ("ruth", "believes", "Oskar sold the orchard to the abbey"),
        ("ruth", "holds", "candle"),
    ],
    ids=["knows it", "believes it", "was there"],
)
def test_who_was_told_or_was_there_may_say_it(more: Known) -> None:
    assert said_by("ruth", "the orchard was sold to the abbey", SECRET, more) == []


def test_what_nobody_has_told_yet_may_be_news_from_the_speaker() -> None:
    assert said_by("ruth", "the abbey is to be pulled down", SECRET) == []


def test_things_seen_in_another_place_of_the_scene_were_not_seen() -> None:
    hidden: Known = ("wilma", "holds", "silver flute")
    cellar: Known = ("wilma", "located_in", "cellar")
    said = "Wilma has the silver flute"
    assert said_by("ruth", said, cellar, ("ruth", "located_in", "attic"), hidden)
    assert not said_by("ruth", said, cellar, ("ruth", "located_in", "cellar"), hidden)
    assert not said_by(
        "ruth",
        said,
        cellar,
        ("ruth", "located_in", "wine shelf"),
        ("wine shelf", "part_of", "cellar"),
        hidden,
    )


def test_what_everybody_can_know_needs_no_telling() -> None:
    assert said_by("ruth", "Wilma is the village midwife", ("wilma", "role", "midwife")) == []


def test_a_line_known_to_some_is_not_known_to_the_others() -> None:
    line = LastingLine(text="The orchard is sold to the abbey.", known_by=("wilma",))
    said = "the orchard is sold to the abbey"
    assert said_by("ruth", said, lines={4: line}) == ["The orchard is sold to the abbey."]
    open_line = LastingLine(text="The orchard is sold to the abbey.", known_by=("wilma", "ruth"))
    assert said_by("ruth", said, lines={4: line, 9: open_line}) == []
    assert said_by("wilma", said, lines={4: line}) == []


def test_other_facts_of_a_speaker_are_not_judged_here() -> None:
    check = KnowledgeCheck(canon_with(*TOLD, SECRET, NEXT_TURN), PEOPLE, {})
    others = [
        Claim(subject="oskar", relation="knows", value="the orchard is sold to the abbey"),
        Claim(subject="ruth", relation="knows", value="the orchard is sold", ends=True),
        Claim(subject="ruth", relation="believes", value="the orchard is sold to the abbey"),
    ]
    assert list(check.contradictions("ruth", others)) == []


@pytest.mark.parametrize(
    ("secret", "said", "is_same"),
    [
        ("Oskar has sold the orchard to the abbey", "Oskar sells orchards", False),
        ("the flutes were hidden", "a flute was hidden", True),
        ("the flute was hidden in the chapel", "the flute", False),
        ("the mill burned", "the mill was sold to the abbey by night", False),
        ("the mill-wheel burned down by night", "the windmill was sold by day", False),
        ("Wilma hid the flute in the chapel", "Wilma has never played in the chapel", False),
        ("Herr Brandt is a spy", "Wilma is a spy", False),
    ],
)
def test_a_matter_is_the_same_if_most_of_the_shorter_ones_words_are_shared(
    secret: str, said: str, *, is_same: bool
) -> None:
    assert bool(said_by("ruth", said, ("wilma", "knows", secret))) is is_same


def test_a_name_means_whom_it_names_whatever_its_form() -> None:
    named: Known = ("oskar", "alias", "Brandt")
    secret: Known = ("wilma", "knows", "Brandt betrayed them")
    assert said_by("ruth", "Oskar betrayed them", named, secret)
    two = (named, ("ruth", "alias", "Brandt"))  # then it could mean either
    assert said_by("ruth", "Oskar betrayed them", *two, secret) == []


def test_who_is_in_the_scene_now_may_say_what_it_shows() -> None:
    canon = canon_with(*TOLD, SECRET)  # the scene that goes on
    claim = Claim(subject="ruth", relation="knows", value="the orchard was sold to the abbey")
    assert list(KnowledgeCheck(canon, PEOPLE, {}).contradictions("ruth", [claim])) == []
