"""Stories of motives: why somebody does what they do, told in whatever the player is after."""

from __future__ import annotations

from typing import Any

import pytest

from tests.storyteller.test_moves_meant import told
from tests.storyteller.test_whole_plots import OF_MOTIVES, own_scenes
from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.fact_wording import FactWording
from tta_rebuild.storyteller.motives import kind_of_deed, object_of_deed, plots_of_motive
from tta_rebuild.storyteller.premise import read_premise, wishes_that_may_be
from tta_rebuild.storyteller.wishes import wish_acted_on
from tta_rebuild.storyteller.word_lists import word_table

ORCHARD = (
    "Maeve wants to keep the orchard. Her brother Colm is about to sell it to a developer, and "
    "their mother Nuala says nothing."
)
BRIDGE = "Lieutenant Crane will let nobody across the bridge. I must bring Ruth the letter."


def test_every_kind_of_deed_has_stories_and_every_story_a_kind() -> None:
    kinds = {*word_table("motives")["deeds"], "any"}

    assert {plot.split(".")[1] for plot in OF_MOTIVES} == kinds
    assert all(sum(f".{kind}." in plot for plot in OF_MOTIVES) >= 2 for kind in kinds)


@pytest.mark.parametrize(
    ("premise", "kind"),
    [
        ("My brother Tom has sold the mill.", "sell"),
        ("My brother Tom keeps following the postman.", "watch"),
        ("My brother Tom won't come out of the shed.", "refuse"),
        ("My sister Ann will not speak to me.", "silent"),
        ("Captain Vane will let nobody into the hold.", "bar"),
        ("My boss Marta wants me to sign the time sheets.", "demand"),
        ("My brother Tom has yodelled from the roof.", "any"),
    ],
)
def test_of_which_kind_a_deed_is(premise: str, kind: str) -> None:
    (fact,) = (fact for fact in read_premise(premise).facts if fact.doer)

    assert kind_of_deed(fact) == kind
    assert kind in {plot.split(".")[1] for plot in plots_of_motive(fact, "why")}


def test_a_reason_between_the_premises_own_people_comes_first() -> None:
    (sold,) = read_premise("My brother Tom has sold the mill.").facts
    (hit,) = read_premise("My brother Tom has hit the miller.").facts

    assert all(".inner." in plot for plot in plots_of_motive(sold, "why"))
    assert {plot.split(".")[1] for plot in plots_of_motive(hit, "why")} == {"hurt", "any"}


@pytest.mark.parametrize(
    ("wish", "asks"),
    [
        ("keep Colm from selling the orchard", ["stop"]),
        ("find out why Colm is about to sell the orchard to a developer", ["why"]),
        ("plant pears in the orchard", ["way"]),
        ("decide what to do about Colm", ["about", "why"]),
        ("make peace with Colm", ["about", "why"]),
        ("decide what becomes of the orchard", ["about", "why"]),
    ],
)
def test_a_motive_answers_whatever_is_asked_because_of_the_deed(wish: str, asks: list[str]) -> None:
    cast = cast_of({"theme": ORCHARD, "seed": "1"}, {"wish": wish})

    assert cast.name.startswith("plots/motive.sell.")
    assert cast.parts["doer"] == "colm"
    assert [key for key in cast.start if key.startswith("asks.")] == [f"asks.{a}" for a in asks]
    assert cast.slots["fact_doer"].startswith("I am about to sell the orchard")
    assert cast.premise.aim.startswith(wish.partition(" to ")[0].removesuffix(" a developer"))


def test_what_is_refused_everybody_can_be_got_for_oneself() -> None:
    cast = cast_of({"theme": BRIDGE, "seed": "1"}, {"wish": "get Lieutenant Crane to let me"})

    assert cast.name.startswith("plots/motive.bar.")
    assert cast.slots["fact_doer"] == "I will let nobody across the bridge"
    assert cast.slots["fact_inf"] == "let you across the bridge"


def test_what_is_done_against_the_player_stands_in_their_way() -> None:
    cast = cast_of({"theme": BRIDGE, "seed": "1"}, {})

    assert cast.premise.aim == "bring Ruth the letter"
    assert cast.name.startswith("plots/motive.bar.")
    assert cast.start["asks.way"] is True


@pytest.mark.parametrize(
    "premise",
    [
        "You must bring the crate to the harbour. Your brother Tom wants to help.",
        "You must bring the crate to the harbour. Your brother Tom whistles.",
    ],
)
def test_what_is_done_for_the_player_or_beside_them_does_not(premise: str) -> None:
    assert not cast_of({"theme": premise, "seed": "1"}, {}).name.startswith("plots/motive")


@pytest.mark.parametrize(
    "premise",
    [
        "The other people have sold our boots. I am the cook of the fort.",
        "My horse has sold the farm. I am its groom.",
        "My dead brother Tom sold the mill to Ann Webb. Ann Webb is here.",
    ],
)
def test_who_is_many_an_animal_or_dead_tells_no_motive(premise: str) -> None:
    assert not cast_of({"theme": premise, "seed": "1"}, {}).name.startswith("plots/motive")


def test_who_will_not_speak_to_somebody_speaks_in_the_story_of_it() -> None:
    theme = "My sister Ann will not speak to my mother. I live at the mill with them."
    of_it = cast_of({"theme": theme, "seed": "1"}, {"wish": "get Ann to speak to my mother"})

    assert of_it.name.startswith("plots/motive.silent.")
    assert not of_it.start.get("ann.mute")


def test_whoever_has_the_motive_answers_for_it_and_not_for_the_sky() -> None:
    wish = "Keep Colm from selling the orchard"
    of_it = told(ORCHARD, wish, "ask Colm why he sells it")[-1]
    of_the_sky = told(ORCHARD, wish, "ask Colm why the sky is blue")[-1]
    plot = of_it["notes"]["plot"]
    asked = own_scenes(plot)["_asked"]

    assert asked.id in of_it["notes"]["scenes"]
    assert asked.id not in of_the_sky["notes"]["scenes"]
    assert len(choices_of(of_it)) == 3


def choices_of(reply: dict[str, Any]) -> list[str]:
    return [branch["choice"] for branch in reply["story_branches"]]


def test_a_move_in_place_of_a_wish_is_the_first_step_to_the_nearest() -> None:
    offered = {"wishes": ["find the lamp", "get Ann to give you the boat", "make peace with Bo"]}

    assert wish_acted_on(offered, "ask Ann for the boat") == "get Ann to give you the boat"
    assert wish_acted_on(offered, "look around") == ""
    assert wish_acted_on({}, "ask Ann for the boat") == ""


def test_whoever_moves_at_once_is_told_the_story_of_that() -> None:
    second = told(BRIDGE.replace("I must bring", "I have"), "ask Crane about the bridge")[-1]

    assert second["notes"]["plot"].startswith("motive.bar.")
    assert "You ask" in second["passages"][0]["text"]
    assert second["notes"]["wish"]


def test_it_is_told_to_whom_it_is_not_done_to() -> None:
    theme = "I have secretly hidden the dragon from Una. My brother Corin hunts it."
    wishes = [one.wish for one in wishes_that_may_be(theme)]

    assert any(wish.startswith("tell Corin that you have secretly hidden") for wish in wishes)


def test_a_room_of_the_ship_is_not_away_from_the_story() -> None:
    theme = (
        "You are the medic of the freighter Halcyon. Your captain, Oren, refuses to let you wake "
        "the passengers."
    )
    wish = "Find out why Oren refuses to let you wake the passengers"
    replies = told(theme, wish, "go down to the sleep bay", "wait")

    assert not replies[-1]["notes"]["state"].get("away")
    assert replies[-1]["notes"]["scenes"][-1].startswith(("refuse", "bar"))


@pytest.mark.parametrize(
    ("premise", "of"),
    [
        ("My brother Tom has sold the mill to a stranger.", "place"),
        ("My brother Tom has hidden the letter of our aunt.", "text"),
        ("My brother Tom has stolen a fiddle.", "thing"),
        ("My brother Tom has betrayed his friend Ann.", "person"),
        ("My brother Tom has betrayed me.", "you"),
        ("My brother Tom has cancelled the wedding.", "event"),
        ("My brother Tom has come back after nine years.", "deed"),
        ("My brother Tom has sold half of it.", "deed"),  # of what is not said
        ("My boss Marta wants me, as a friend, to sign the time sheets.", "asked"),
        ("Captain Oren refuses to let me wake the passengers.", "asked"),
    ],
)
def test_to_what_a_deed_is_done(premise: str, of: str) -> None:
    read = read_premise(premise)
    fact = next(fact for fact in read.facts if fact.doer)
    said = [called for one in read.people for called in (one.name, one.role)]

    assert object_of_deed(fact, said, read.places) == of


@pytest.mark.parametrize(
    ("premise", "wish", "slots"),
    [
        (
            "My brother Tom has sold a piano to Ann.",
            "get the piano back",
            {"object": "the piano", "object_it": "it"},
        ),
        (
            "Baron Hask has taken my brother Pell. The cook Mira is here.",
            "get Pell back from Baron Hask",
            {"object": "Pell", "object_it": "he", "object_them": "him"},
        ),
        (
            "Our guide Ann has taken the maps. The cook Mira is here.",
            "get the maps back from Ann",
            {"object": "the maps", "object_is": "are", "object_them": "them"},
        ),
        (
            "My friend Ann wants me to help her rob the bank.",
            "decide whether to help Ann rob the bank",
            {"asked": "help her rob the bank", "asked_doer": "help me rob the bank"},
        ),
        (
            "My sister Noelle says that she pulled me out of the lake.",
            "find out whether Noelle pulled you out of the lake",
            {"claim_doer": "I pulled you out of the lake"},
        ),
    ],
)
def test_what_a_story_is_told_of_has_its_words(
    premise: str, wish: str, slots: dict[str, str]
) -> None:
    cast = cast_of({"theme": premise, "seed": "1"}, {"wish": wish})

    assert cast.name.startswith("plots/motive.")
    assert cast.premise.aim.startswith(wish.partition(" help ")[0])
    assert slots.items() <= cast.slots.items()
    assert "npc" not in cast.parts or cast.parts["npc"] != cast.parts.get("object")


@pytest.mark.parametrize(
    "premise",
    [
        "My brother Tom says that he will sell the mill.",  # a threat
        "My brother Tom says that if I go he goes too.",
        "My brother Tom asked where the mill is.",
    ],
)
def test_what_cannot_be_found_to_be_so_is_not_asked_about(premise: str) -> None:
    assert not [one for one in read_premise(premise).wishes if "whether" in one]


def test_a_story_that_knows_the_object_comes_first_then_one_of_the_nearest() -> None:
    (sold,) = read_premise("My brother Tom has sold the mill.").facts
    (lent,) = read_premise("My brother Tom has sold the circus.").facts

    assert all(p.startswith("motive.sell.place.") for p in plots_of_motive(sold, "why", "place"))
    assert plots_of_motive(lent, "why", "event") == plots_of_motive(sold, "why", "place")
    assert all(p.startswith("motive.demand.asked.") for p in plots_of_motive(sold, "do", "asked"))
    assert all(p.startswith("motive.tell.claim.") for p in plots_of_motive(sold, "true", "deed"))


def test_what_things_do_is_told_as_a_wonder_of_them() -> None:
    theme = "Every mirror in the city shows a few seconds into the future. My friend Bo is here."
    wish = "find out why every mirror in the city shows a few seconds into the future"
    cast = cast_of({"theme": theme, "seed": "1"}, {"wish": wish})

    assert cast.name.startswith("plots/understand.wonder_")
    assert cast.slots["matter"] == "the mirror in the city"


def test_what_another_is_asked_to_do_is_not_for_the_player_to_decide() -> None:
    (fact,) = read_premise("My boss Marta wants Ann to sign the sheets.").facts

    assert FactWording({}).asked(fact) == ""


def test_what_is_done_to_somebody_is_not_asked_of_them_as_their_deed() -> None:
    wish = "find out why Tom has been fired"
    question = read_premise("My brother Tom has been fired. I live with him.", wish=wish).question

    assert question is not None
    assert (question.shape, question.fact.is_passive) == ("behind", True)


def test_a_claim_names_whom_it_is_about() -> None:
    theme = "I inherit an isle. The ferryman Gow says that the last heirs sold it to him."
    wishes = read_premise(theme).wishes

    assert "find out whether the last heirs sold the isle to Gow" in wishes


def test_who_is_in_the_deed_is_no_bystander() -> None:
    theme = "My brother Tom has sold the mill to my cousin Ann. My sister Una is here."
    cast = cast_of({"theme": theme, "seed": "1"}, {"wish": "get the mill back"})

    assert cast.parts["beside"] == "ann"
    assert cast.start["ann.part"] is True
    assert not cast.start.get("una.part")


def test_what_a_thing_does_is_what_its_story_is_of() -> None:
    theme = "The lighthouse has begun to hum. I keep it with my friend Bo."
    wish = "find out the secret of the lighthouse"
    cast = cast_of({"theme": theme, "seed": "1"}, {"wish": wish})

    assert cast.slots["matter"] == "the lighthouse"
    assert cast.name.startswith("plots/understand.wonder_")


@pytest.mark.parametrize(
    ("premise", "wish"),
    [
        (
            "Diego, a surgeon, is hidden in the barn by the widow Orla. Her brother Cormac wants "
            "to hand him over to the English.",
            "keep Cormac from handing you over to the English",
        ),
        (
            "My brother Tom, who never lies, has stolen the bell.",
            "get the bell back from Tom",
        ),
        (
            "On the island of Harrow the keeper Isaura refuses to light the lamp. I am her sister.",
            "get Isaura to light the lamp",
        ),
    ],
)
def test_whose_deed_it_is(premise: str, wish: str) -> None:
    assert wish in [one.wish for one in wishes_that_may_be(premise)]
