"""Facts as readers are shown them."""

from __future__ import annotations

import pytest

from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.core.story import CharacterSketch, Premise
from tta_rebuild.engine.fact_display import cited, fact_in_words, said_once, says_nothing
from tta_rebuild.engine.state import StoryState

INES = CharacterSketch(character_id="ines", name="Ines", is_player=True)
TOMAS = CharacterSketch(character_id="tomas", name="Tomas")
STATE = StoryState(premise=Premise(theme="A boat", characters=(INES, TOMAS)), canon=Canon())


def fact(subject: str, relation: str, value: str, sentence: str = "", certain: bool = True) -> Fact:
    return Fact(
        subject=subject,
        relation=relation,
        value=value,
        since=1,
        sentence=sentence,
        certain=certain,
    )


@pytest.mark.parametrize(
    ("subject", "relation", "value", "says"),
    [
        ("mooring_rings", "located_in", "the_quay", "the mooring rings are in the quay"),
        ("lamp", "located_in", "the_quay", "the lamp is in the quay"),
        ("tomas", "holds", "lamp", "Tomas has the lamp"),
        ("the_woman_who_rows", "located_in", "the_quay", "the woman who rows is in the quay"),
        ("tomas", "met", "ines", "Tomas has met Ines"),
        ("tomas", "met", "player", "Tomas has met you"),
        ("player", "met", "artist", "you have met the artist"),
        ("player", "located_in", "quay", "you are in the quay"),
    ],
)
def test_a_fact_is_a_sound_sentence(subject: str, relation: str, value: str, says: str) -> None:
    assert fact_in_words(STATE, fact(subject, relation, value), STATE.names) == says


@pytest.mark.parametrize(
    ("value", "told", "says"),
    [
        ("quay", "", "Tomas is in the quay"),
        ("quay", "Tomas waits on the old quay.", "Tomas is in the quay"),
        ("old_mill", "Tomas sleeps in an old mill.", "Tomas is in the old mill"),
        ("prison", "They put Tomas in prison for it.", "Tomas is in prison"),
        ("home", "", "Tomas is in home"),
        ("his_room", "", "Tomas is in his room"),
        ("ines", "", "Tomas is in Ines"),
    ],
)
def test_a_place_has_an_article_unless_its_sentence_writes_it_without(
    value: str, told: str, says: str
) -> None:
    assert fact_in_words(STATE, fact("tomas", "located_in", value, told), STATE.names) == says


@pytest.mark.parametrize(
    ("told", "is_cited"),
    [
        ("Tomas sits down in the harbour.", True),
        ("The letter was for a woman rowing alone from no known harbour.", False),
        ("Tomas nods.", False),
        ("Tomas says a good deal about nothing much, and then goes home by the harbour.", False),
    ],
)
def test_a_sentence_is_cited_that_names_both_sides_close_together(
    told: str, is_cited: bool
) -> None:
    found = cited(STATE, fact("tomas", "located_in", "the_harbour", told), STATE.names)
    assert found == (told if is_cited else "")


def test_what_a_reader_read_from_a_sentence_cites_it_and_the_player_is_you() -> None:
    read = fact("tomas", "located_in", "harbour", "He sits there.", certain=False)
    assert cited(STATE, read, STATE.names) == "He sits there."
    own = fact("ines", "located_in", "the_boat", "You climb into the boat.")
    assert cited(STATE, own, STATE.names) == own.sentence


@pytest.mark.parametrize(
    ("subject", "value", "nothing"),
    [
        ("sheep", "the sheep", True),
        ("rest_of_the_crew", "the rest of the crew", True),
        ("tomas", "Tomas", True),
        ("sheep", "Dolly", False),
    ],
)
def test_to_be_called_what_one_is_listed_as_says_nothing(
    subject: str, value: str, nothing: bool
) -> None:
    assert says_nothing(fact(subject, "name", value), STATE.names) is nothing


def test_who_has_met_whom_is_said_once() -> None:
    both = [(fact("tomas", "met", "ines"), None), (fact("ines", "met", "tomas"), None)]
    assert list(said_once(STATE, both)) == both[:1]
    other = [(fact("tomas", "holds", "lamp"), None), (fact("lamp", "holds", "tomas"), None)]
    assert list(said_once(STATE, other)) == other
