"""What a premise's world does not hold is declined with its reason, and costs no turn."""

from __future__ import annotations

from typing import Any

import pytest

from tta_rebuild.core.errors import MoveRefused
from tta_rebuild.storyteller.act_parser import parse_act
from tta_rebuild.storyteller.possible import does_aim, why_impossible
from tta_rebuild.storyteller.premise import PremiseReading, read_premise
from tta_rebuild.storyteller.scene_file import read_world

NOTHING = "nothing in this story says that you can"
POWER = "; something in it would have to give you that power"
PLAIN = "Nadia, a violin maker, waits for her old lover Viktor."


@pytest.mark.parametrize(
    ("theme", "move", "why"),
    [
        (PLAIN, "fly to the moon", f"{NOTHING} fly to the moon{POWER}"),
        (PLAIN, "turn into a cat", f"{NOTHING} turn into a cat{POWER}"),
        (PLAIN, "work magic", f"{NOTHING} work magic{POWER}"),
        (PLAIN, "become a better friend", ""),
        (PLAIN, "fly the kite", ""),
        (PLAIN, "phone Viktor", ""),
        (f"In 1755 {PLAIN}", "phone Viktor", "in 1755 there is no phone yet"),
        ("A medieval knight waits.", "clean the pistol", "in 1250 there is no pistol yet"),
        ("In 1955 a girl waits.", "take a photo of her", ""),
        (PLAIN, "speak to the dead", ""),
        (PLAIN, "ask my dead father why he left", ""),
        ("A witch waits with a ghost.", "speak to the dead", ""),
        ("In 1348 Ann waits.", "call him on the telephone", "in 1348 there is no telephone yet"),
        ("A medieval knight waits.", "train the horse", ""),
        ("A witch waits in her tower.", "turn into a cat", ""),
        ("A man never sleeps.", "sleep", "you never sleep"),
    ],
)  # fmt: skip
def test_what_the_premise_does_not_allow_has_a_reason(theme: str, move: str, why: str) -> None:
    assert why_impossible(parse_act(move), read_premise(theme)).lower() == why.lower()


@pytest.mark.parametrize("move", ["kill myself", "die", "take a walk and then kill myself"])
async def test_harm_to_oneself_is_declined_and_nothing_of_it_is_told(ask: Any, move: str) -> None:
    opening = await ask(theme=PLAIN, seed=5, turn=1)

    with pytest.raises(MoveRefused, match="somebody"):
        await ask(theme=PLAIN, seed=5, turn=2, notes=opening["notes"], action=move)


@pytest.mark.parametrize(
    ("move", "aim", "does"),
    [
        ("sell the workshop to Viktor", "sell your workshop to Viktor", True),
        ("I steal the ring", "steal the ring of the duchess", True),
        ("look at the ring", "steal the ring of the duchess", False),
        ("sell my coat", "sell your workshop to Viktor", False),
        ("wait", "come through alive", False),
        ("sell the pond", "decide what becomes of the pond", True),
        ("look at the pond", "decide what becomes of the pond", False),
    ],
)
def test_a_free_move_can_be_what_the_player_set_out_to_do(move: str, aim: str, does: bool) -> None:
    assert does_aim(parse_act(move), PremiseReading(aim=aim, matter="the pond")) is does


async def test_who_does_what_they_set_out_to_do_has_done_it_at_the_end(ask: Any) -> None:
    theme = "Nadia must decide whether to sell her violin to her rival Viktor."
    opening = await ask(theme=theme, seed=5, turn=1)
    sold = await ask(
        theme=theme, seed=5, turn=2, notes=opening["notes"], action="sell the violin to Viktor"
    )
    end = await ask(
        theme=theme, seed=5, turn=3, notes=sold["notes"], stage="resolution", should_end=True,
        action="wait",
    )  # fmt: skip

    assert end["is_ending"]
    assert sold["notes"]["state"]["did_aim"]
    ending = next(
        s
        for s in read_world(f"plots/{end['notes']['plot']}").scenes
        if s.id == end["notes"]["scenes"][-1]
    )
    assert ending.ending in ("won", "price")


async def test_the_story_goes_on_at_a_place_that_its_premise_names(ask: Any) -> None:
    theme = "I work in the old mill. The village wants to sell the mill pond. I must save the pond."
    opening = await ask(theme=theme, seed=5, turn=1)

    near = await ask(theme=theme, seed=5, turn=2, notes=opening["notes"], action="go to the pond")
    far = await ask(theme=theme, seed=5, turn=2, notes=opening["notes"], action="go to the harbour")

    assert not near["notes"]["state"].get("away")
    assert far["notes"]["state"]["away"]


async def test_what_a_story_turns_on_is_sold_by_ones_word(ask: Any) -> None:
    story = {"theme": "The town wants the mill pond of my family.", "plot": "decide", "seed": 5}
    opening = await ask(**story, turn=1)
    sold = await ask(**story, turn=2, notes=opening["notes"], action="sell the mill pond")

    assert sold["notes"]["state"]["did_aim"]
    assert "sold" in " ".join(line["text"] for line in sold["lines"])


ONE_DOSE = "You're a medic with one dose of morphine left. Two men are screaming. One is Rolf."
LIFT = "We have been stuck in the lift for three hours, my boss Vera and I. The light is going."


@pytest.mark.parametrize(
    ("theme", "move", "is_played"),
    [
        (ONE_DOSE, "give both of them a dose", False),
        (ONE_DOSE, "give Rolf the dose", True),
        (LIFT, "leave", False),
        (LIFT, "climb out through the hatch", True),
        (LIFT, "tell Vera that I quit", True),
    ],
)
async def test_what_there_is_only_once_and_what_holds_one_in(
    ask: Any, theme: str, move: str, *, is_played: bool
) -> None:
    first = await ask(theme=theme, seed=4, turn=1)
    variables = {"theme": theme, "seed": 4, "turn": 2, "notes": first["notes"], "action": move}
    if is_played:
        assert (await ask(**variables))["passages"]
    else:
        with pytest.raises(MoveRefused, match=r"dose of morphine left|stuck in the lift"):
            await ask(**variables)
