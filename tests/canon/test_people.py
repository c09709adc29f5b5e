"""People are one: names, surnames, titles, roles and pronouns lead to one id, or to nobody."""

from __future__ import annotations

import pytest

from tta_rebuild.canon.people import PLAYER, People
from tta_rebuild.canon.view import STORY, Canon
from tta_rebuild.core.events import FactAsserted, StoryOpened
from tta_rebuild.core.story import CharacterSketch, Claim, Premise

CAST = (
    CharacterSketch(
        character_id="nell",
        name="Nell Harker",
        pronouns="she",
        is_player=True,
        description="a diver",
    ),
    CharacterSketch(
        character_id="voss", name="Captain Ada Voss", pronouns="she", description="harbour master"
    ),
    CharacterSketch(character_id="jory", name="Jory", pronouns="he", description="a net mender"),
)


def people(*facts: tuple[str, str, str], language: str = "en") -> People:
    canon = Canon()
    canon.apply(1, StoryOpened(premise=Premise(theme="a harbour", characters=CAST)))
    for position, (subject, relation, value) in enumerate(facts, 2):
        claim = Claim(subject=subject, relation=relation, value=value)
        canon.apply(position, FactAsserted(claim=claim))
    return People(canon, CAST, language)


@pytest.mark.parametrize(
    ("phrase", "who"),
    [
        ("voss", "voss"),
        ("Captain Voss", "voss"),
        ("Ada", "voss"),
        ("the harbour master", "voss"),
        ("Nell Harker", "nell"),
        ("you", "nell"),
        ("the world", STORY),
        ("Ada Brandt", "ada_brandt"),  # another Ada
        ("the stranger", "stranger"),
    ],
)
def test_a_phrase_leads_to_one_id(phrase: str, who: str) -> None:
    assert people().id_of(phrase) == who


def test_a_name_learnt_later_leads_there_too() -> None:
    assert people(("jory", "alias", "Spider")).id_of("Spider") == "jory"


def test_a_pronoun_means_whom_the_passage_names_first_of_those_it_fits() -> None:
    found = people()
    assert found.id_of("she", "Captain Voss sets the lamp down.", ["jory"]) == "voss"
    assert found.id_of("he", "Captain Voss sets the lamp down.", ["voss"]) == "jory"
    assert found.is_pronoun("she")
    assert not found.is_pronoun("you")


def test_pronouns_are_those_of_the_story_s_language() -> None:
    assert people(language="de").id_of("du") == "nell"
    assert people(language="de").id_of("you") == "you"


def test_the_hero_has_an_id_without_any_cast() -> None:
    assert People(Canon(), ()).id_of("you") == PLAYER
