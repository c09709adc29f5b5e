"""Which wishes a player is offered: those that a premise is likeliest to be about."""

from __future__ import annotations

from random import Random

import pytest

from tests.storyteller.test_moves_meant import told
from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.fact_cast import speaker_of
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.premise import read_premise, wishes_that_may_be
from tta_rebuild.storyteller.premise_ranking import (
    MOST_OFFERED,
    PossibleWish,
    likeliest_first,
    most_likely,
)
from tta_rebuild.storyteller.surroundings import surroundings_of
from tta_rebuild.storyteller.word_lists import packaged_yaml

SHEET = (
    "Priya is the night pharmacist at a city hospital. Her supervisor Callum wants her to sign the "
    "sheet as correct before Friday, and he has locked the cupboard."
)
PRESS = (
    "Priya runs the night desk of a newspaper with Gordon. Mr Halloran has sent down a front page "
    "full of lies. Priya has to decide whether to print it."
)
COUNCIL = "Kasimir is a clockmaker. The council offers him money for the bell in the town hall."


def wishes(*rows: tuple[str, float]) -> tuple[str, ...]:
    possible = [PossibleWish(wish, None, (f"only {wish}",)) for wish, _ in rows]
    return most_likely(possible, {f"only {wish}": worth for wish, worth in rows})


def test_the_likeliest_are_offered_and_no_more() -> None:
    offered = wishes(("hide", -1.0), ("find it", 2.0), ("run", 0.5), ("wait", 0.1), ("sing", -2.0))

    assert offered == ("find it", "run", "wait")
    assert len(offered) == MOST_OFFERED


def test_what_is_offered_is_of_several_facts_where_they_are_about_as_likely() -> None:
    theme = "My brother Tom has sold the mill. My sister Ann won't speak to me."
    worth = {"find out why Tom has sold the mill": 1.0, "get the mill back": 0.9}
    worth["get Ann to speak to you"] = 0.5
    possible = [
        PossibleWish(one.wish, one.question, (f"only {one.wish}",))
        for one in wishes_that_may_be(theme)
        if one.wish in worth
    ]

    offered = most_likely(possible, {f"only {wish}": value for wish, value in worth.items()})
    assert offered == (
        "find out why Tom has sold the mill", "get Ann to speak to you", "get the mill back",
    )  # fmt: skip


def test_a_decision_that_the_premise_asks_for_is_offered_with_what_it_names() -> None:
    wish = "decide whether to print the front page"

    assert wish in read_premise(PRESS).wishes
    cast = cast_of({"theme": PRESS, "seed": "1"}, {"wish": wish})
    assert cast.slots["fact_inf"] == "print the front page"


def test_what_is_to_be_one_thing_or_another_is_no_yes_or_no() -> None:
    theme = "Rosa has found a letter. Rosa must decide whether to hide the letter or to burn it."

    assert not [one for one in wishes_that_may_be(theme) if one.question and one.is_open]


def test_what_somebody_asks_of_the_player_is_seen_in_the_third_person_too() -> None:
    wish = "decide whether to sign the sheet as correct before Friday"

    assert wish in read_premise(SHEET).wishes
    assert cast_of({"theme": SHEET, "seed": "1"}, {"wish": wish}).name.startswith(
        "plots/motive.demand.asked."
    )


@pytest.mark.parametrize(
    ("premise", "wish"),
    [
        (
            "I am a guard. Baron Hask promises me a farm if I will kill the king.",
            "decide whether to kill the king",
        ),
        (
            "My landlord Mr Pasko has offered me the attic if I lie for him.",
            "decide whether to lie for Mr Pasko",
        ),
    ],
)
def test_what_is_offered_for_something_is_a_decision(premise: str, wish: str) -> None:
    assert wish in [one.wish for one in wishes_that_may_be(premise)]


def test_what_to_do_about_somebody_is_of_what_they_are_likeliest_to_be_asked_for() -> None:
    theme = "My husband Ted has sold the roof of our house. Ted walks the dog every day."
    ranked = likeliest_first(wishes_that_may_be(theme))
    about = [one for one in ranked if one.wish == "decide what to do about Ted"]

    assert about[0].fact.does == "sold"
    cast = cast_of({"theme": theme, "seed": "1"}, {"wish": "decide what to do about Ted"})
    assert cast.name.startswith("plots/motive.sell.")
    assert cast.start["asks.why"] is True


@pytest.mark.parametrize(
    ("group", "speaker"),
    [
        ("the council", "the head of the council"),
        ("the villagers", "the eldest villager"),
        ("your brothers", "your eldest brother"),
    ],
)
def test_of_several_one_speaks(group: str, speaker: str) -> None:
    assert speaker_of(group) == speaker


def test_who_speaks_for_several_says_we() -> None:
    wish = "find out why the council offers you money for the bell in the town hall"
    cast = cast_of({"theme": COUNCIL, "seed": "1"}, {"wish": wish})

    assert cast.name.startswith("plots/motive.")
    assert cast.slots["doer"] == "the head of the council"
    assert cast.slots["fact_doer"].startswith("we offer you money")


@pytest.mark.parametrize(
    ("theme", "kind"),
    [
        ("I have sold my brother Tom's horse. Tom and my aunt Ida live with me.", "deed"),
        ("I know that my cousin Bo robbed the bank. My aunt Ida lives with us.", "known"),
    ],
)
def test_a_secret_is_of_what_was_done_or_is_only_known(theme: str, kind: str) -> None:
    wish = next(
        one.wish
        for one in wishes_that_may_be(theme)
        if one.wish.startswith("keep Ida from finding out")
    )

    assert cast_of({"theme": theme, "seed": "1"}, {"wish": wish}).name.startswith(
        f"plots/hide.truth.{kind}."
    )


@pytest.mark.parametrize(
    ("theme", "unread"),
    [
        ("The engine has died, and my friend Bea makes tea as if nothing were wrong.", "nothing"),
        ("Tally insists that it sleeps. Its logs show a dream.", "its"),
    ],
)
def test_what_is_no_fact_is_not_asked_about(theme: str, unread: str) -> None:
    whys = [one.wish for one in wishes_that_may_be(theme) if one.wish.startswith("find out why")]

    assert not [why for why in whys if why.split()[3] == unread]


def test_what_usually_happens_is_no_wonder() -> None:
    broke = {"theme": "The lift broke this morning. I live here.", "seed": "1"}
    sings = {"theme": "The lift has begun to sing. I live here.", "seed": "1"}
    told_of = cast_of(broke, {"wish": "find out why the lift broke this morning"}).name
    wonder = cast_of(sings, {"wish": "find out why the lift has begun to sing"}).name

    assert "wonder" not in told_of
    assert "wonder" in wonder


FARM = "You run a farm with your sister Ida. Your father Josef is about to sell the barn to a firm."


def test_scenes_begin_with_something_of_a_place_whose_kind_is_known() -> None:
    wish = "I want to keep Josef from selling the barn"
    now = surroundings_of("farm", "1", (), is_modern=True).now
    texts = [
        " ".join(part["text"] for part in reply["passages"])
        for reply in told(f"{FARM} It is on the farm.", wish, *["wait"] * 4)
    ]
    began = [[said for said in now if said in text] for text in texts]

    assert now == packaged_yaml("surroundings/modern/farm")["now"]
    assert [len(found) for found in began] == [0, 0, 0, 1, 0, 0], "none where it is tense"
    nowhere = told("My father Josef is about to sell the horse. Ida is here.", wish, *["wait"] * 4)
    told_there = " ".join(part["text"] for reply in nowhere for part in reply["passages"])
    assert not [said for said in now if said in told_there]


def test_what_to_do_about_a_claim_is_whether_it_is_so() -> None:
    theme = "I inherit an isle. The ferryman Gow says that the last heirs sold it to him."
    cast = cast_of({"theme": theme, "seed": "1"}, {"wish": "decide what to do about Gow"})

    assert cast.name.startswith("plots/motive.tell.claim.")


def test_what_the_player_does_all_along_is_not_recalled_to_them() -> None:
    theme = "I tend the light with my wife Clara. My brother Tom has sold our boat."
    facts = cast_of({"theme": theme, "seed": "1"}, {"wish": "learn to fly"}).facts

    assert facts is not None
    assert {fact.does for fact in facts.said.values()} == {"sold"}


@pytest.mark.parametrize(
    ("line", "they", "told_of"),
    [
        ("“No,” says {npc_they}.", "they", "“No,” say they."),
        ("“No,” says {npc_they}.", "he", "“No,” says he."),
        ("Then {npc_they} too falls silent.", "they", "Then they too fall silent."),
    ],
)
def test_they_agree_with_their_verb_wherever_it_stands(line: str, they: str, told_of: str) -> None:
    assert template(line).draft(Random(1), {"npc_they": they}) == told_of
