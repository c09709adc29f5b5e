"""Claims that name no sentence find the sentence of their passage that says them."""

from __future__ import annotations

import pytest

from tta_rebuild.canon.view import Canon
from tta_rebuild.core.events import FactAsserted, PlayerActed
from tta_rebuild.core.story import Claim
from tta_rebuild.reading.checker import Checker


def claim(subject: str, relation: str, value: str, *, ends: bool = False) -> Claim:
    return Claim(subject=subject, relation=relation, value=value, ends=ends)


def checker(*facts: Claim) -> Checker:
    canon = Canon()
    for fact in facts:
        canon.apply(canon.position + 1, FactAsserted(claim=fact))
    canon.apply(canon.position + 1, PlayerActed(text=""))
    return Checker(canon.fork())


def test_a_sound_claim_does_not_contradiction_with_the_sentence_that_says_it() -> None:
    found = checker().check(
        "A wall settles by the old road. Ada Tandru went to the Wentan quarter that night.",
        [claim("Ada Tandru", "located_in", "Wentan quarter")],
    )
    assert not found.contradictions
    assert [c.sentence for c in found.claims] == [
        "Ada Tandru went to the Wentan quarter that night."
    ]


@pytest.mark.parametrize(
    ("text", "claims", "at"),
    [
        (
            "It was night. The sun of the morning stood low. It was morning.",
            [("story", "time_of_day", "night"), *[("story", "time_of_day", "morning")] * 2],
            "The sun of the morning stood low.",
        ),
        (
            "Ada died of a fever. A dog barked. Ada was alive and well.",
            [("Ada", "alive", "false"), ("Ada", "alive", "true")],
            "Ada was alive and well.",
        ),
        (
            "Ada was unable to swim. A dog barked. Ada dived in and swam to the bank.",
            [("Ada", "ability", "not swim"), ("Ada", "ability", "swim")],
            "Ada dived in and swam to the bank.",
        ),
        (
            "Ada waited at the old mill. Tom smiled. Ada was asleep in the chapel.",
            [("Ada", "located_in", "old mill"), ("Ada", "located_in", "chapel")],
            "Ada was asleep in the chapel.",
        ),
    ],
)
def test_two_claims_of_one_passage_contradiction_at_the_sentence_that_contradicts(
    text: str, claims: list[tuple[str, str, str]], at: str
) -> None:
    found = checker().check(text, [claim(*one) for one in claims])
    assert {c.sentence for c in found.blocking} == {at}


def test_a_denial_belongs_to_the_sentence_that_denies() -> None:
    found = checker().check(
        "Ada picked up the lamp. Ada never had the lamp.",
        [claim("Ada", "holds", "lamp"), claim("Ada", "holds", "lamp", ends=True)],
    )
    assert [c.sentence for c in found.blocking] == ["Ada never had the lamp."]


def test_a_way_told_in_a_passage_counts_for_where_it_ends() -> None:
    found = checker(claim("Ada", "located_in", "mill")).check(
        "Ada walked along the river for hours. Before dark she was there, in the tower.",
        [claim("Ada", "located_in", "tower")],
    )
    assert not found.blocking


def test_a_way_that_something_else_goes_tells_nothing_of_a_person() -> None:
    found = checker().check(
        "Ada waited at the old mill. An orchard settles past the house. Ada slept in the chapel.",
        [claim("Ada", "located_in", "old mill"), claim("Ada", "located_in", "chapel")],
    )
    assert [c.sentence for c in found.blocking] == ["Ada slept in the chapel."]


def test_two_claims_on_one_thing_do_not_share_a_sentence_that_says_only_one() -> None:
    found = checker().check(
        "Ada gave the lamp to Bob. Ada held the lamp tightly.",
        [claim("Bob", "holds", "lamp"), claim("Ada", "uses", "lamp")],
    )
    assert [c.sentence for c in found.blocking] == ["Ada held the lamp tightly."]


def test_things_of_one_kind_with_unlike_names_are_two_things() -> None:
    at = checker(claim("Tom", "holds", "brass lantern"))
    at.hear("Tom took the brass lantern.")
    assert not at.check("Ada gave Ben the tin lantern.").blocking
    assert at.check("Ada gave Ben the lantern.").blocking


def test_a_change_told_by_a_verb_with_a_particle_supports_its_claim() -> None:
    found = checker().check("The old barn burned down.", [claim("old barn", "state", "destroyed")])
    assert found.claims
    assert not found.dropped
