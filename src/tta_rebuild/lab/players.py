"""Simulated players: what chooses the next move of a story that nobody plays.

Called by ``cli.inputs`` (``tta story --auto``) and ``lab.experiment``. Nobody is there whom a note
could help: where a turn pauses for one, ``play_on`` and ``turn_on`` go on with the same move.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Literal, TypeAlias

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import PausedForCare
from tta_rebuild.core.story import Choice
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.turn_events import PlayedTurn, TurnEvent, TurnPaused

Policy: TypeAlias = Literal["varied", "first", "random"]
"""``first`` takes the first choice, ``random`` any, ``varied`` the place taken least so far."""

Player: TypeAlias = Literal["varied", "first", "random", "talker"]
"""A policy, or ``talker``: every third move is in words of their own, the others are random."""

NextMove: TypeAlias = Callable[[Sequence[Choice]], "Action | None"]
"""The next move with these choices on offer; None to stop."""

TALKS_EVERY = 3


def automatic(player: Player, seed: int) -> NextMove:
    """The moves of a player; the same seed makes the same choices."""
    chance, taken = random.Random(seed), Counter[int]()
    words: list[str] = packaged_toml("tta_rebuild.lab", "players")["moves"]
    made = 0

    def next_move(choices: Sequence[Choice]) -> Action:
        nonlocal made
        made += 1
        numbers = range(1, len(choices) + 1)
        if player == "talker" and made % TALKS_EVERY == 0:
            return Action.say(chance.choice(words))
        if not choices:
            return Action.say("I go on.")
        fewest = min(taken[number] for number in numbers)
        least = [number for number in numbers if player != "varied" or taken[number] == fewest]
        number = 1 if player == "first" else chance.choice(least)
        taken[number] += 1
        return Action.choose(number)

    return next_move


async def play_on(session: Session, action: Action) -> AsyncGenerator[TurnEvent, None]:
    """What ``Session.play`` gives, without a pause."""
    paused: TurnPaused | None = None
    async with aclosing(session.play(action)) as events:
        async for event in events:
            if isinstance(event, TurnPaused):
                paused = event
            else:
                yield event
    if paused and paused.go_on:
        async with aclosing(session.play(paused.go_on)) as events:
            async for event in events:
                yield event


async def turn_on(session: Session, action: Action) -> PlayedTurn:
    """What ``Session.turn`` gives, without a pause; raises MoveRefused as it does."""
    try:
        return await session.turn(action)
    except PausedForCare as pause:
        return await session.turn(pause.paused.go_on)
