"""What a player keeps out is not played: no turn is spent, and one line says which boundary it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import tta_rebuild as tta

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
