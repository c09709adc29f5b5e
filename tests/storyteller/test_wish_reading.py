"""What a wish in one's own words is of and about, and who of a premise is on whose side."""

from __future__ import annotations

import pytest

from tta_rebuild.cli.story_options import correction_of
from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.entities import Entity
from tta_rebuild.storyteller.parts import played_by
from tta_rebuild.storyteller.premise import read_premise
from tta_rebuild.storyteller.wishes import wished

FERRY = (
    "The last morning before the ferry takes Ada away. Her uncle Bo, who carves spoons, is silent."
)
SHED = (
    "You live with your cousin Rosa. The inspector Mr Fell comes on Monday and looks at the shed."
)


@pytest.mark.parametrize(
    ("theme", "words", "plot", "matter"),
    [
        (SHED, "I want to get Rosa out of the shed", "steal.creature", "Rosa"),
        (SHED, "I want to hide from Mr Fell that the roof leaks", "hide.self", "your secret"),
        (SHED, "i want to hide rosa from the inspector", "hide.person", "Rosa"),
        (SHED, "I want Mr Fell to admit that he is wrong", "change.person", "Mr Fell"),
        (SHED, "I want to persuade Mr Fell to leave", "change.person", "Mr Fell"),
        (SHED, "i wanna find out who painted the shed", "understand.place", "the shed"),
        (FERRY, "I want to say goodbye to him properly", "part.person", "Bo"),
        (FERRY, "I want to hide the spoon", "hide.thing", "the spoon"),
    ],
)
def test_a_wish_is_of_what_its_verb_says_and_about_its_object(
    theme: str, words: str, plot: str, matter: str
) -> None:
    cast = cast_of({"theme": theme, "seed": "3"}, {"wish": wished(words, [])})

    assert cast.name.removeprefix("plots/").startswith(plot)
    assert cast.premise.matter == matter


def test_names_in_a_wish_are_written_as_the_premise_writes_them() -> None:
    assert read_premise(SHED, wish="hide rosa from mr fell").aim == "hide Rosa from Mr Fell"


def test_the_place_at_a_table_is_no_place() -> None:
    theme = "My brother Callum lays a fifth place at our table, and somebody eats from it."
    cast = cast_of({"theme": theme, "seed": "3"}, {"wish": "hide the fifth place"})

    assert cast.name.startswith("plots/hide.thing")


def test_a_friend_is_no_rival_and_who_is_above_you_no_companion() -> None:
    theme = (
        "My best friend Priya is blamed, and the headmaster Mr Haddad will expel her. It was me."
    )
    parts = cast_of({"theme": theme, "seed": "3"}, {"wish": "own up"}).parts

    assert parts.get("rival") != "priya"
    assert parts.get("near") != "mr_haddad"


def test_a_tie_that_is_said_is_stronger_than_a_part_that_is_likelier() -> None:
    who = {"near": "ally/close", "rival": "rival/foe"}
    state = {"home": "hall", "here": "hall", "priya.at": "hall", "haddad.at": "hall"}
    friend, head = (Entity(one, "person", one.capitalize()) for one in ("priya", "haddad"))

    odds = {"priya": {"close": 0.6, "rival": 0.9}}
    assert played_by(who, [friend], state, odds) == {"near": friend}
    odds = {"haddad": {"above": 0.9, "ally": 0.8}}
    assert played_by(who, [head], state, odds) == {}


def test_whose_funeral_it_was_is_not_there() -> None:
    theme = "After Aunt Rita's funeral Jo and her brother Neil have one weekend to empty the house."
    cast = cast_of({"theme": theme, "seed": "3"}, {})

    assert [one.id for one in cast.of_kind("person") if cast.start[f"{one.id}.at"] == "nowhere"]
    assert cast.start["neil.at"] == cast.start["here"]


def test_who_is_said_to_be_a_place_is_nobody() -> None:
    theme = f"Nell must leave Orrery before dawn. {correction_of('Orrery: the hill town')}"

    assert correction_of("Rosa: the baker") == ""
    assert "Orrery" not in [person.name for person in read_premise(theme).people]
