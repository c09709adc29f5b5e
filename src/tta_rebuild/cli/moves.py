"""Who chooses when nobody does: the policies of ``tta story --auto``, and moves from lines."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from tta_rebuild.cli.screen import plain

if TYPE_CHECKING:
    from tta_rebuild.core.story import Choice
    from tta_rebuild.engine.action import Action

Policy: TypeAlias = Literal["varied", "first", "random"]
"""``first`` takes the first choice, ``random`` any, ``varied`` the place taken least so far."""

NextMove: TypeAlias = "Callable[[Sequence[Choice]], Action | None]"
"""The next move with these choices on offer; None to stop."""


def automatic(policy: Policy, seed: int) -> NextMove:
    """The moves of a policy; the same seed makes the same choices."""
    from tta_rebuild.engine.action import Action

    chance, taken = random.Random(seed), Counter[int]()

    def next_move(choices: Sequence[Choice]) -> Action:
        numbers = range(1, len(choices) + 1)
        if not choices:
            return Action.say("I go on.")
        fewest = min(taken[number] for number in numbers)
        least = [number for number in numbers if policy != "varied" or taken[number] == fewest]
        number = 1 if policy == "first" else chance.choice(least)
        taken[number] += 1
        return Action.choose(number)

    return next_move


def from_lines(lines: Iterable[str]) -> NextMove:
    """A move a line: the number of a choice, or words; empty lines are passed over."""
    words = (plain(line).strip() for line in lines)
    moves = (move_of(line) for line in words if line)
    return lambda choices: next(moves, None)


def move_of(words: str) -> Action:
    """What a player typed: the number of a choice, or words of their own."""
    from tta_rebuild.engine.action import Action

    if words.isdecimal() and len(words) < 4:
        return Action.choose(int(words))
    return Action.say(words)
