"""Who and what a move means, and that what is told of it is what is so."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tta_rebuild.storyteller import casting
from tta_rebuild.storyteller.teller import Teller

BROTHERS = (
    "Nadia, a violin maker, must sell her workshop to her old lover Viktor before Friday. "
    "Her cousin Anna wants her to keep it. Her brother Karl is missing."
)

HEIST = "My sister Ruth and I rob the vault of Mr Voss, our boss."


def told(theme: str, *moves: str, seed: int = 3) -> list[dict[str, Any]]:
    """The opening and a scene for each move; a declined one has only ``declined``."""
    replies, notes = [], {}
    for turn, action in enumerate(("", *moves), 1):
        asked = {"theme": theme, "world": "", "seed": seed, "turn": turn, "action": action}
        stage = "development" if action else "setup"
        more = {"notes": notes, "recent": [], "stage": stage, "characters": ()}
        reply = Teller({**asked, **more}).scene()
        notes = json.loads(json.dumps(reply.get("notes", notes)))
        replies.append(reply)
    return replies


def state_after(*moves: str, theme: str = BROTHERS, seed: int = 3) -> dict[str, Any]:
    state: dict[str, Any] = told(theme, *moves, seed=seed)[-1]["notes"]["state"]
    return state


def acts_of(reply: dict[str, Any]) -> list[dict[str, str]]:
    acts: list[dict[str, str]] = reply["notes"]["acts"]
    return acts


@pytest.mark.parametrize(
    ("moves", "part", "name"),
    [
        (("kiss her hand",), "object", "her hand"),
        (("poison his wine",), "object", "his wine"),
        (("kiss Viktor's hand",), "object", "Viktor's hand"),
        (("ask the man why he came",), "person", "Viktor"),
        (("thank Anna", "ask her to stay"), "person", "Anna"),
        (("take the ledger and read it",), "object", "the ledger"),
        (("accept his offer",), "person", "Viktor"),
    ],
)
def test_a_phrase_means_who_or_what_is_there(moves: tuple[str, ...], part: str, name: str) -> None:
    assert acts_of(told(BROTHERS, *moves)[-1])[-1][part] == name


def test_a_thing_of_somebodys_is_never_a_person() -> None:
    state = state_after("kiss Viktor's hand")

    assert not state.get("viktors_hand.person")


def test_it_is_what_the_scene_named_last() -> None:
    opening, looked = told("I must find the lost lamp.", "look at it", seed=5)
    words = " ".join(p["text"] for p in opening["passages"]).lower()

    named = acts_of(looked)[0]["object"].removeprefix("the ")
    assert named in words


def test_they_are_each_of_those_who_are_there() -> None:
    state = state_after("thank Viktor", "help them")

    group = next(one for key, one in state.items() if key.endswith(".members"))
    assert set(group.split()) == {"viktor", "anna"}


def test_what_is_done_to_several_is_done_to_each() -> None:
    state = state_after("kiss Viktor and Anna", "embrace them")

    changed = {key for key in state if key.startswith(("viktor.", "anna."))}
    assert {key.partition(".")[2] for key in changed if key.startswith("viktor.")} == {
        key.partition(".")[2] for key in changed if key.startswith("anna.")
    }


@pytest.mark.parametrize("move", ["ask Karl where he is", "kiss Karl", "give the key to Karl"])
def test_nobody_who_is_away_answers(move: str) -> None:
    declined = told(BROTHERS, move)[-1].get("declined", "")

    assert "Karl" in declined


@pytest.mark.parametrize(
    ("theme", "is_asleep"),
    [
        ("A sailor learns that the captain has gone mad.", False),
        ("A nurse watches over a king who is asleep in his castle.", True),
    ],
)
def test_who_is_only_mad_or_asleep_is_there(theme: str, is_asleep: bool) -> None:
    who = "king" if is_asleep else "captain"
    asked = told(theme, f"ask the {who} what he wants")[-1]

    assert "not here" not in asked.get("declined", "")
    assert "nowhere" not in asked.get("declined", "")
    if is_asleep:
        woken = state_after(f"wake the {who}", theme=theme)
        assert woken.get("king.asleep") is False


def test_one_who_is_written_to_is_not_there_by_that() -> None:
    assert state_after("write a letter to my wife").get("wife.at") == "nowhere"


def test_one_who_is_away_can_be_looked_for() -> None:
    assert "declined" not in told(BROTHERS, "look for Karl")[-1]


@pytest.mark.parametrize("move", ["greet xyzzing", "ask from there", "wait for better"])
def test_no_phrase_becomes_a_person_that_names_nobody(move: str) -> None:
    reply = told(BROTHERS, move)[-1]

    made = reply.get("notes", {}).get("made", [])
    assert not [row for row in made if row[1] == "person"]


def test_a_yes_takes_the_one_choice_that_says_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(casting, "chosen_plot", lambda *_, **__: "prove.case")
    moves: list[str] = []
    offers: list[str] = []
    while "Accept" not in offers:
        assert len(moves) < 12
        offers = [one["choice"] for one in told(BROTHERS, *moves, seed=1)[-1]["story_branches"]]
        moves.append(offers[0])
    taken = told(BROTHERS, *moves[:-1], "yes", seed=1)[-1]["notes"]["taken"]

    assert taken[-1] == "Accept"


def test_what_is_found_in_a_search_is_with_the_player(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(casting, "chosen_plot", lambda *_, **__: "heist")
    for seed in range(1, 40):
        state = state_after("search the cupboard", "search the chest", theme=HEIST, seed=seed)
        if state.get("has_trifle"):
            assert [key for key, at in state.items() if key.endswith(".at") and at == "you"]
            return
    raise AssertionError("nothing is ever found")


def test_a_move_that_a_scene_tells_leaves_no_line_of_the_rules() -> None:
    for seed in range(1, 40):
        reply = told(BROTHERS, "search the cupboard", seed=seed)[-1]
        words = " ".join(p["text"] for p in reply["passages"])
        for line in reply["lines"]:
            if "and kept it" in line["text"] and line["text"].startswith("You searched"):
                found = re.sub(r"^.* found an? |\s*and kept it\.$", "", line["text"])
                assert found in words


def test_groups_are_told_of_as_several() -> None:
    reply = told(BROTHERS, "tell them the truth")[-1]
    words = reply["passages"][0]["text"]

    assert "“I " not in words
    assert not re.search(r"\b(?:They|Viktor and Anna) (?:is|has|was|looks|says)\b", words)


STRANGER = "A baker must hide a smuggler from the customs men before the bakery opens."


def test_her_is_rather_somebody_of_the_premise_and_stays_she() -> None:
    *_, told_back = told(STRANGER, "tell her to stay quiet", "look at the smuggler")

    assert told_back["notes"]["state"]["smuggler.pronouns"] == "she"
    assert not any(" he " in f" {p['text']} " for p in told_back["passages"][:1])


def test_it_is_what_the_premise_turns_on_where_nothing_was_named() -> None:
    theme = "A thief has stolen a crown and must give the crown back before dawn."

    assert acts_of(told(theme, "try it on")[-1])[0]["object"] == "the crown"


@pytest.mark.parametrize(
    ("theme", "who"),
    [
        ("You buried the preacher yesterday. Tonight he walked into the saloon.", "the preacher"),
        ("My grandmother is dead and nobody has told her. Lena is here too.", "grandmother"),
        ("My sister Ada drowned in May. Now Ada is sitting at the stove with Ben.", "Ada"),
    ],
)
def test_whoever_comes_back_is_there_and_answers(theme: str, who: str) -> None:
    (_, reply) = told(theme, f"ask {who} for some water")

    assert "who is dead" not in json.dumps(reply["lines"])


@pytest.mark.parametrize(
    "theme",
    [
        "My sister Ada drowned in May. I sit at the stove with Ben.",
        "My late sister Ada is speaking in my dreams. I sit at the stove with Ben.",
    ],
)
def test_whoever_is_dead_is_only_spoken_to(theme: str) -> None:
    (_, reply) = told(theme, "ask Ada for some water")

    assert "who is dead" in json.dumps(reply["lines"])


def test_whoever_is_missing_stays_away() -> None:
    assert "missing" in told(BROTHERS, "kiss Karl")[-1]["declined"]


def test_of_whom_the_reading_does_not_know_but_the_deed_is_told() -> None:
    theme = "I drive through the night with Ada. She says that he had it coming."
    (_, reply) = told(theme, "I ask him why")

    assert reply["passages"][0]["text"] == "You ask him why."


def test_a_deed_told_alone_is_taken_in_by_whoever_is_there() -> None:
    theme = "I drive through the night with Ada. She says that he had it coming."
    wish = "I want to find out who he is"
    reply = told(theme, wish, "I wait", "I look out of the window", "I accuse him")[-1]

    assert reply["passages"][0]["text"] == "You accuse him."
    assert "Ada" in " ".join(passage["text"] for passage in reply["passages"][1:])


def test_of_whom_nothing_is_known_the_player_is_asked() -> None:
    (_, reply) = told("I drive through the night with Ada.", "I ask him why")

    assert reply["declined"]


def test_whoever_is_rung_up_is_told_the_rest() -> None:
    theme = "I sit in the tower. My brother Ben is away in Lund."
    (_, reply) = told(theme, "I ring Ben up and tell him that the light is out")

    assert "You tell him that the light is out." in json.dumps(reply["passages"])


@pytest.mark.parametrize(
    "whom", ["each of the others", "all of them", "everybody else", "the rest"]
)
def test_all_who_are_there_are_greeted(whom: str) -> None:
    theme = "I share a flat with Ada and Tom. We have not paid the rent."
    (_, reply) = told(theme, f"I greet {whom}")

    assert "declined" not in reply
    assert acts_of(reply)[-1]["family"] == "greet"


@pytest.mark.parametrize(
    ("theme", "is_possible"),
    [
        ("You can fly, and only your sister Ada knows. You work in a bank.", True),
        ("Your superpower is that you always know the time. You work in a bank with Ada.", False),
    ],
)
def test_a_power_is_the_one_that_the_premise_gives(theme: str, *, is_possible: bool) -> None:
    (_, reply) = told(theme, "I fly over the town")

    assert ("declined" not in reply) is is_possible


def test_what_is_counted_is_as_many_as_the_premise_says() -> None:
    for many in ("five", "twenty-three"):
        theme = f"I am a nurse. There are {many} beds on the ward. Tom is asleep in one of them."
        for seed in range(1, 5):
            (_, reply) = told(theme, "I count the beds", seed=seed)
            assert many in reply["passages"][0]["text"].lower()


def test_who_is_alone_is_answered_by_nobody() -> None:
    for seed in range(1, 5):
        (_, reply) = told("I am alone in a lifeboat.", "I ask where the ship is", seed=seed)
        assert "says" not in reply["passages"][0]["text"]


def test_whoever_has_not_come_home_is_away() -> None:
    theme = "I sit in the cellar with my wife Margery. Our apprentice Toby has not come back."

    assert "not here" in told(theme, "kiss Toby")[-1]["declined"]


@pytest.mark.parametrize("whom", ["everyone", "both of them"])
def test_nothing_is_found_on_all_who_are_there(whom: str) -> None:
    for seed in range(1, 5):
        (_, reply) = told("I share a flat with Ada and Tom.", f"look at {whom}", seed=seed)
        assert f"of {whom}" not in reply["passages"][0]["text"]


def test_only_what_the_premise_counts_is_as_many() -> None:
    theme = "I am a nurse. There are five beds on the ward and Tom sleeps in one."
    (_, reply) = told(theme, "I count the windows")

    assert "five" not in reply["passages"][0]["text"].lower()
