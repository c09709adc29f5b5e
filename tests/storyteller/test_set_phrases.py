"""Set phrases are the acts that they mean, whatever their nouns are."""

from __future__ import annotations

import pytest

from tta_rebuild.storyteller.act_grammar import families
from tta_rebuild.storyteller.act_parser import parse_act
from tta_rebuild.storyteller.set_phrases import is_set_phrase, phrases, set_phrase_at


@pytest.mark.parametrize(
    ("words", "family", "whom"),
    [
        ("I have a look at the engine", "look", "the engine"),
        ("I keep an eye on the harbour master", "look", "the harbour master"),
        ("I haul the guard over the coals", "accuse", "the guard"),
        ("I gave my rival the cold shoulder", "refuse", "your rival"),
        ("I pick a fight with the sailor", "attack", "the sailor"),
        ("I hold my horses", "wait", ""),
        ("I have pity on the beggar", "forgive", "the beggar"),
        ("I join forces with the rebels", "help", "the rebels"),
        ("I give the guard a hard time", "accuse", "the guard"),
        ("I keep a very close eye on the guard", "look", "the guard"),
        ("I drop a real bombshell", "tell", ""),
        ("I give the guard a real earful", "accuse", "the guard"),
    ],
)
def test_a_set_phrase_is_the_act_that_it_means(words: str, family: str, whom: str) -> None:
    act = parse_act(words)
    assert (act.family, act.object or act.person or act.instrument) == (family, whom)


def test_whose_the_noun_is_tells_whom_it_is_done_to() -> None:
    theirs, mine = (set_phrase_at(said.split()) for said in ("lift her spirits", "hold my fire"))
    assert theirs is not None
    assert mine is not None
    assert (theirs.done_to, mine.done_to, mine.family) == (["her"], (), "wait")


def test_a_plain_verb_of_as_many_words_goes_before_a_set_phrase() -> None:
    assert parse_act("I make a run for it").verb == "make a run for it"
    assert (is_set_phrase("open"), is_set_phrase("hold fire")) == (False, True)


def test_the_deed_alone_is_told_where_no_family_says_more() -> None:
    act = parse_act("I harden my heart")
    assert (act.family, act.clause) == ("do", "you harden your heart")


def test_every_family_of_set_phrases_is_one_of_verbs() -> None:
    named = {family for rows in phrases().values() for _, _, family in rows}
    assert named
    assert named <= {*families(), "do"}
