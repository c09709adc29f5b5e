"""What the player's character knows, or could see, of the facts of a story."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tta_rebuild.canon.view import Canon
from tta_rebuild.core.events import Event, FactAsserted, PlayerActed, StoryOpened
from tta_rebuild.core.story import CharacterSketch, Claim, LastingLine, Premise
from tta_rebuild.engine.known_facts import KnownFacts
from tta_rebuild.engine.state import StoryState

INES = CharacterSketch(character_id="ines", name="Ines", is_player=True)
OWEN = CharacterSketch(character_id="owen", name="Owen")
PREMISE = Premise(theme="Two sisters inherit a bakery", characters=(INES, OWEN))


def says(subject: str, relation: str, value: str, sentence: str = "") -> Claim:
    return Claim(subject=subject, relation=relation, value=value, sentence=sentence)


BEFORE = [
    says("ines", "located_in", "bakery"),
    says("owen", "located_in", "mill"),
    says("ines", "met", "owen"),
]


def known(claims: Sequence[Claim], premise: Premise = PREMISE) -> KnownFacts:
    canon = Canon()
    told: list[Event] = [StoryOpened(premise=premise), PlayerActed(text="I go in")]
    told += [FactAsserted(claim=claim) for claim in (*BEFORE, *claims)]
    for number, event in enumerate(told, 1):
        canon.apply(number, event)
    state = StoryState(premise=premise, canon=canon)
    return KnownFacts.of_player(state, state.names)


def knows(claim: Claim, *more: Claim) -> bool:
    found = known([claim, *more])
    fact = found.state.canon.holds_at(claim.subject, claim.relation, claim.value)
    assert fact is not None
    return found.knows(fact)


@pytest.mark.parametrize(
    "claim",
    [
        says("owen", "secret", "he forged the will", "Owen forged the will."),
        says("owen", "knows", "where the old ledger is"),
        says("owen", "alias", "the Fox"),
        says("owen", "holds", "ledger"),
        says("ledger", "located_in", "attic"),
        says("owen", "located_in", "attic", "Owen hides in the attic, where nobody looks."),
        says("stranger", "role", "a thief"),
    ],
    ids=lambda claim: f"{claim.subject} {claim.relation}",
)
def test_what_another_hides_or_what_is_elsewhere_is_not_known(claim: Claim) -> None:
    assert not knows(claim)


@pytest.mark.parametrize(
    "claim",
    [
        says("ines", "holds", "key"),
        says("owen", "role", "a notary"),
        says("oven", "located_in", "bakery"),
        says("jonas", "holds", "ledger", "Jonas holds the ledger out to you."),
        says("story", "weather", "snow"),
    ],
    ids=lambda claim: f"{claim.subject} {claim.relation}",
)
def test_what_is_ones_own_or_open_or_before_ones_eyes_is_known(claim: Claim) -> None:
    assert knows(claim)


def test_where_somebody_was_long_ago_does_not_put_them_elsewhere() -> None:
    told = says("owen", "located_in", "attic", "Owen waits for you in the attic.")
    assert not knows(told)
    found = known([], PREMISE)
    canon = found.state.canon
    canon.apply(canon.position + 1, PlayerActed(text="I go up"))
    canon.apply(canon.position + 1, FactAsserted(claim=told))
    fact = canon.holds_at("owen", "located_in", "attic")
    assert fact is not None
    assert found.knows(fact)


def test_a_secret_is_known_once_it_has_been_learnt() -> None:
    secret = says("owen", "secret", "Owen forged the old will")
    assert not knows(secret)
    assert knows(secret, says("ines", "knows", "Owen forged the will"))


def test_that_somebody_has_met_the_player_is_known_to_both() -> None:
    found = known([])
    fact = next(f for f in found.state.canon.facts_about("owen") if f.relation == "met")
    assert found.knows(fact)


def test_a_line_is_known_to_those_whom_it_names() -> None:
    found = known([])
    own = LastingLine(text="Ines saw the light in the mill.", known_by=("ines",), origin="teller")
    other = LastingLine(text="The will lies in the mill.", known_by=("owen",), origin="teller")
    assert found.knows_line(own)
    assert not found.knows_line(other)


def test_a_player_without_a_name_knows_what_is_theirs() -> None:
    found = known([says("player", "holds", "wire")], Premise(theme="A night train"))
    fact = found.state.canon.holds_at("player", "holds", "wire")
    assert fact is not None
    assert found.knows(fact)
