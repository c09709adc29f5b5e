"""What a player keeps out is not played, no turn is spent, and a line says which boundary it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import tta_rebuild as tta
from tta_rebuild.core.errors import MoveRefused

THEME = (
    "Orla is the well keeper of a village. Her brother Tam has an old dog. The well has run dry."
)
ROWS = [
    [part.strip() for part in line.split("|")]
    for line in Path(__file__).with_name("boundary_moves.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[tta.Application]:
    async with tta.open_application(tta.Settings(data_dir=tmp_path)) as opened:
        yield opened


async def played(application: tta.Application, move: str, boundary: str) -> tuple[Any, int]:
    """The last that is seen of a move after the opening, and the turn that the story is at."""
    premise = tta.Premise(theme=THEME, boundaries={boundary: "none"}, seed=4)
    session = await application.stories.open(premise)
    async for _ in session.play(tta.Action.begin()):
        pass
    seen = [one async for one in session.play(tta.Action.say(move))]
    return seen[-1], session.state.turn


@pytest.mark.parametrize(("how", "boundary", "move"), ROWS)
async def test_a_move_against_a_boundary_is_not_played_and_one_beside_it_is(
    application: tta.Application, how: str, boundary: str, move: str
) -> None:
    last, turn = await played(application, move, boundary)

    if how == "breaks":
        assert isinstance(last, tta.TurnRefused)
        assert last.reason.startswith("You asked to keep ")
        assert "boundary" in last.reason
        assert turn == 1
    else:
        assert isinstance(last, tta.TurnStored), last
        assert turn == 2


@pytest.mark.parametrize(
    ("boundaries", "move", "name"),
    [
        ({"violence": "none"}, "shoot the well keeper in the head", "violence at 'none'"),
        ({"Weapons": "off"}, "I sit down and punch Tam", "Weapons at 'off'"),
        ({"violence": "low", "death": "no"}, "strangle him", "death at 'no'"),
        ({"violence": "none"}, "hit Tam's hand", "violence at 'none'"),
        ({"violence": "none"}, "kick her leg", "violence at 'none'"),
        ({"religion": "none"}, "pray", "religion at 'none'"),
        ({"violence": "none"}, "kick my leg", ""),
        ({"violence": "none"}, "beat Tam’s record", ""),
        ({"violence": "low"}, "shove Tam", ""),
        ({"violence": "medium"}, "shoot the well keeper in the head", ""),
        ({}, "shoot the well keeper in the head", ""),
    ],
)
async def test_the_storyteller_itself_declines_what_a_deed_comes_to(
    ask: Any, boundaries: dict[str, str], move: str, name: str
) -> None:
    opening = await ask(theme=THEME, seed=5, turn=1, boundaries=boundaries)
    asked = {"theme": THEME, "seed": 5, "turn": 2, "notes": opening["notes"], "action": move}

    if not name:
        assert (await ask(**asked, boundaries=boundaries))["passages"]
        return
    with pytest.raises(MoveRefused, match=f"^You asked to keep {name}, so this is not played"):
        await ask(**asked, boundaries=boundaries)


async def test_a_gentle_move_is_told_back_whatever_words_it_holds(ask: Any) -> None:
    given = {"theme": THEME, "seed": 4, "boundaries": {"violence": "none"}}
    opening = await ask(**given, turn=1)

    told = await ask(**given, turn=2, notes=opening["notes"], action="beat the drum")

    assert told["passages"][0]["text"].startswith("You beat the drum.")


async def test_of_a_deed_of_which_there_is_to_be_little_its_words_are_not_told_back(
    ask: Any,
) -> None:
    given = {"theme": THEME, "seed": 4, "boundaries": {"violence": "low"}}
    opening = await ask(**given, turn=1)

    told = await ask(**given, turn=2, notes=opening["notes"], action="shoot the well keeper")

    assert "shoot" not in " ".join(one["text"] for one in told["passages"])


async def test_in_the_players_own_words_a_rule_of_the_world_still_keeps_out(ask: Any) -> None:
    given = {"theme": THEME, "seed": 4, "rules": {"no_music": "no drums"}}
    opening = await ask(**given, turn=1)

    with pytest.raises(MoveRefused):
        await ask(**given, turn=2, notes=opening["notes"], action="look at the drum")
