"""What a free move is told by: one plain result, an answer to what was asked."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tta_rebuild.core.errors import MoveRefused
from tta_rebuild.storyteller.act_parser import parse_act
from tta_rebuild.storyteller.entities import Entity
from tta_rebuild.storyteller.hindrances import spelled_out
from tta_rebuild.storyteller.results import result_of, there, with_names
from tta_rebuild.storyteller.silence import speaks

AUNT = "I sit with my aunt Berta in her cottage. She can't speak since the fever."
FEAST = "I come home to Lund for my father's birthday. My sister Ada has sold my piano."
SHIP = (
    "You are Ruth, a stoker on a steamer. The boiler room is welded shut. Your mate Olaf is here."
)


async def played(ask: Any, theme: str, *moves: str, seed: int = 4) -> list[dict[str, Any]]:
    """The replies to some moves; ``told`` is what the act was told by, before the next scene."""
    reply = await ask(theme=theme, seed=seed, turn=1)
    replies = []
    for turn, move in enumerate(moves, start=2):
        reply = await ask(theme=theme, seed=seed, turn=turn, notes=reply["notes"], action=move)
        lines = " ".join(line["text"] for line in reply["lines"])
        texts = [passage["text"] for passage in reply["passages"]]
        replies.append({"told": texts[0], "all": " ".join(texts), "lines": lines})
    return replies


@pytest.mark.parametrize(
    ("move", "told", "line"),
    [
        ("I comb her hair", "hair", "Her hair is combed."),
        ("put the kettle on the stove", "on the stove", "The kettle is on the stove."),
        ("light the lamp", "lit", "The lamp is lit."),
        ("fold the letters", "are folded", "The letters are folded."),
        ("polish the spoons", "are polished", "The spoons are polished."),
        ("defenestrate the vase", "vase is defenestrated", "The vase is defenestrated."),
    ],
)
async def test_an_act_has_one_plain_result_that_names_its_object(
    ask: Any, move: str, told: str, line: str
) -> None:
    (reply,) = await played(ask, AUNT, move)

    assert told in reply["told"]
    assert line in reply["lines"]


async def test_both_steps_of_a_move_are_done(ask: Any) -> None:
    (reply,) = await played(ask, AUNT, "open the cupboard and take the violin")

    assert "The cupboard is open." in reply["lines"]
    assert "You have the violin." in reply["lines"]


async def test_whose_hair_is_combed_takes_it_somehow(ask: Any) -> None:
    (reply,) = await played(ask, AUNT, "I comb her hair")

    assert "Berta" in reply["told"]


@pytest.mark.parametrize(
    ("move", "told"),
    [
        ("ask Ada why the sky is blue", r"do(?:es)? not know|told me why|found out why|Why is"),
        ("ask Ada where the cat sleeps", r"where|not seen it|Somewhere about"),
        ("Ada, who broke the window?", r"do not know|anybody|wondered|not there"),
        ("ask Ada if it will rain", r"Perhaps|may be|do not (?:know|think)|have to ask"),
        ("ask Ada what she thinks of my hat", r"two minds|not bad|Ask me tomorrow"),
        ("Ada, can you forgive me?", r"I think so|would like to|do not do it again"),
    ],
)
async def test_a_question_is_answered_in_its_own_form(ask: Any, move: str, told: str) -> None:
    (reply,) = await played(ask, FEAST, move)

    assert re.search(told, reply["told"]), reply["told"]


async def test_what_the_premise_says_is_the_answer(ask: Any) -> None:
    theme = "Your friend Jo is here. Somebody has stolen the church bell. You must win the race."
    (reply,) = await played(ask, theme, "ask Jo who has stolen the bell")

    assert "omebody has stolen the church bell" in reply["told"]


async def test_who_cannot_speak_answers_without_words_and_is_not_asked_to_speak(ask: Any) -> None:
    moves = ("can you forgive me?", "ask Berta where the key is", "tell Berta that I am sorry")
    for reply in await played(ask, AUNT, *moves):
        assert not re.search(
            r"(?:says|asks|whispers) Berta|Berta (?:says|asks|whispers)", reply["all"]
        )
        assert "Berta" in reply["told"]

    with pytest.raises(MoveRefused, match="can't speak"):
        await played(ask, AUNT, "ask Berta to speak")


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("“I know,” says Berta.", True),
        ("Berta whispers your name.", True),
        ("Berta lifts the cup. “You are all so kind.”", True),
        ("Berta nods. “I see,” says Olaf.", False),
        ("Berta looks out of the window.", False),
        ("“Good,” says Olaf.", False),
    ],
)
def test_a_text_lets_somebody_speak(text: str, is_so: bool) -> None:
    assert speaks(Entity("berta", "person", "Berta", pronouns="she"), text) is is_so


async def test_what_is_welded_shut_opens_only_once_it_has_been_cut(ask: Any) -> None:
    with pytest.raises(MoveRefused, match="welded shut"):
        await played(ask, SHIP, "open the boiler room")

    *_, opened = await played(ask, SHIP, "cut the weld", "open the boiler room")
    assert "open" in opened["told"]


async def test_whose_feast_it_is_is_there_as_soon_as_they_are_spoken_to(ask: Any) -> None:
    (reply,) = await played(ask, FEAST, "kiss my father's hand")

    assert "Your father" in reply["told"]
    (reply,) = await played(ask, FEAST, "ask my father how he is")
    assert "father" in reply["told"]


async def test_a_thing_put_down_outside_is_no_departure_and_going_back_ends_one(ask: Any) -> None:
    reply = await ask(theme=FEAST, seed=4, turn=1)
    away = []
    for turn, move in enumerate(
        ("put a shoe on the church step", "get into the car", "flee to the harbour", "go back in"),
        2,
    ):
        reply = await ask(theme=FEAST, seed=4, turn=turn, notes=reply["notes"], action=move)
        away.append(bool(reply["notes"]["state"].get("away")))

    assert away == [False, False, True, False]


async def test_what_is_said_of_the_only_one_there_is_thought(ask: Any) -> None:
    (reply,) = await played(ask, AUNT, "she can rest now")

    assert reply["told"].startswith("You think: “She can rest now”")


async def test_a_sleeper_is_woken_and_not_oneself(ask: Any) -> None:
    (reply,) = await played(ask, FEAST, "I wake up one of the sleepers")

    assert "one of the sleepers" in reply["lines"]
    assert "awake" not in reply["lines"].replace("woke", "")


@pytest.mark.parametrize(
    ("where", "stands"),
    [
        ("into the car", "in the car"),
        ("on the step", "on the step"),
        ("out of it", "out of it"),
        ("", ""),
        ("back into the hall", "in the hall"),
        ("over your head", "over your head"),
    ],
)
def test_where_something_then_is(where: str, stands: str) -> None:
    assert there(where) == stands


def test_where_nothing_is_known_of_a_thing_little_is_said() -> None:
    slots = {"object": "the zorp", "Object": "The zorp", "it": "it", "is": "is", "done": "glazed"}
    said = result_of(parse_act("I glaze the zorp"), {"zorp"}, slots)

    assert said["line"] == "{Object} {is} {done}."
    assert max(map(len, said["say"])) < 80


def test_the_pronoun_that_opens_a_sentence_is_known_by_a_part_of_the_name() -> None:
    people = (Entity("lurdes", "person", "Engineer Lurdes Prado", pronouns="she"),)
    told = ("You sit with Lurdes.", "She cannot speak.")

    assert spelled_out(told, people)[1] == "Lurdes cannot speak."


async def test_people_know_their_own_affairs_and_are_not_told_the_premise(ask: Any) -> None:
    theme = "My grandfather Anselm wants to teach me his bread recipe before he goes. I can't bake."
    opening = await ask(theme=theme, seed=3, turn=1)
    scene = await ask(
        theme=theme, seed=3, turn=2, notes=opening["notes"], action="ask Anselm how the recipe goes"
    )
    told = " ".join(passage["text"] for passage in scene["passages"])

    assert "wants to teach" not in told
    assert "I do not know" not in told
    lines = " ".join(line["text"] for line in scene["lines"])
    assert "began to tell you" in lines or "Anselm answered" in lines


@pytest.mark.parametrize(
    ("line", "names", "told"),
    [
        ("You gave it to her.", {"it": "the map", "her": "Ida"}, "You gave the map to Ida."),
        ("You took her hand.", {"her": "Ida"}, "You took her hand."),
        ("You told him: “Bring it.”", {"him": "Tom", "it": "the map"}, "You told Tom: “Bring it.”"),
    ],
)  # fmt: skip
def test_a_line_that_lasts_names_whom_and_what_it_is_of(
    line: str, names: dict[str, str], told: str
) -> None:
    assert with_names(line, names) == told


async def test_an_act_that_leaves_out_its_object_means_what_the_premise_turns_on(ask: Any) -> None:
    theme = "A thief has stolen a crown and must give the crown back before dawn."
    (reply,) = await played(ask, theme, "pick up")

    assert "the crown" in reply["lines"]


async def test_whoever_is_rung_up_need_not_have_been_spoken_of(ask: Any) -> None:
    (reply,) = await played(ask, AUNT, "call the embassy")

    assert "embassy" in reply["lines"]


FLAT = "My sister Ada has sold my piano. The neighbours ask why. Our cousin Bo arrives at noon."


@pytest.mark.parametrize(
    ("move", "line"),
    [
        ("phone my boss", "You reached your boss by telephone."),
        ("text my boss", "You wrote to your boss, and they answered."),
        ("call the number on the card", "You rang, and somebody answered who did not give a name."),
        ("wave at Ada", "You greeted Ada, who returned it."),
        ("cough", "You could not hold it back."),
        ("draw my sword", "You have your sword in your hand, for all to see."),
        ("wake everyone", "You woke them all."),
        ("feed the horse", "You fed the horse."),
        ("ring the bell", "You rang, and it was heard by all."),
        ("leave a cake on the table", "A cake is on the table."),
        ("clap", "You clapped your hands."),
        ("hold up the lantern", "You held the lantern up for all to see."),
        ("wait for nightfall", "You waited until the nightfall came."),
    ],
)
async def test_what_comes_of_an_act_is_of_its_manner(ask: Any, move: str, line: str) -> None:
    (reply,) = await played(ask, FLAT, move)

    assert line in reply["lines"]


async def test_whoever_is_rung_up_is_not_there_for_that(ask: Any) -> None:
    first = await ask(theme=FLAT, seed=4, turn=1)
    reply = await ask(theme=FLAT, seed=4, turn=2, notes=first["notes"], action="phone my boss")

    assert reply["notes"]["state"]["boss.at"] == "nowhere"


async def test_a_group_answers_with_yes_or_no_or_in_how_long(ask: Any) -> None:
    for seed in range(5):
        replies = await played(
            ask, FLAT, "ask the neighbours if they will help", "ask them when they leave", seed=seed
        )
        assert "said yes" in replies[0]["lines"] or "said no" in replies[0]["lines"]
        assert "an hour at most" in replies[1]["lines"]


async def test_whoever_is_to_arrive_is_there_once_they_are_needed(ask: Any) -> None:
    (reply,) = await played(ask, FLAT, "greet Bo")

    assert "You greeted Bo" in reply["lines"]


async def test_her_is_whom_the_premise_names_first(ask: Any) -> None:
    theme = "My aunt Ida wants my house. My sister Eva is on her side, and so is the notary."
    (reply,) = await played(ask, theme, "tell her that I am tired")

    assert "Ida" in reply["told"]


async def test_a_thing_is_nobody_that_one_could_speak_to(ask: Any) -> None:
    first = await ask(theme=FLAT, seed=4, turn=1)
    asked = "ask the drawer why it creaks"
    reply = await ask(theme=FLAT, seed=4, turn=2, notes=first["notes"], action=asked)

    assert not reply["notes"]["state"].get("drawer.person")
    asked = "tell the harbour that I am back"
    reply = await ask(theme=FLAT, seed=4, turn=2, notes=first["notes"], action=asked)
    assert not reply["notes"]["state"].get("harbour.person")
    given = "give the drawer the key"
    reply = await ask(theme=FLAT, seed=4, turn=2, notes=first["notes"], action=given)
    assert not reply["notes"]["state"].get("drawer.person")


async def test_what_one_gives_up_may_be_a_thing(ask: Any) -> None:
    (reply,) = await played(ask, FLAT, "give up my piano")

    assert "You have given up your piano." in reply["lines"]


async def test_him_may_be_a_fox(ask: Any) -> None:
    theme = "I am the last goose on the farm, and the fox has come to me for advice."
    (reply,) = await played(ask, theme, "tell him that I am old")

    assert "fox" in reply["told"]
