"""Who chooses when nobody does: the policies of ``tta story --auto``, and moves from lines."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from tta_rebuild.cli.screen import plain

if TYPE_CHECKING:
    from tta_rebuild.core.story import Choice
    from tta_rebuild.engine.action import Action

POLICIES = ("varied", "first", "random")


class MoveSource(Protocol):
    """Gives the next move."""

    def next(self, choices: Sequence[Choice]) -> Action | None:
        """The next move with these choices on offer; None to stop."""


def automatic(policy: str, seed: int) -> MoveSource:
    """The moves of a policy of ``POLICIES``; the same seed makes the same choices."""
    return _PolicyMoves(policy, random.Random(seed))


def from_lines(lines: Iterable[str]) -> MoveSource:
    """A move a line: the number of a choice, or words; empty lines are passed over."""
    return _LineMoves(iter(lines))


def move_of(words: str) -> Action:
    """What a player typed: the number of a choice, or words of their own."""
    from tta_rebuild.engine.action import Action

    if words.isdecimal() and len(words) < 4:
        return Action.choose(int(words))
    return Action.say(words)


class _PolicyMoves:
    """``first`` takes the first choice, ``random`` any, ``varied`` the place taken least so far."""

    def __init__(self, policy: str, chance: random.Random) -> None:
        self._policy = policy
        self._chance = chance
        self._taken: Counter[int] = Counter()

    def next(self, choices: Sequence[Choice]) -> Action:
        from tta_rebuild.engine.action import Action

        if not choices:
            return Action.say("I go on.")
        numbers = range(1, len(choices) + 1)
        if self._policy == "first":
            number = 1
        elif self._policy == "random":
            number = self._chance.choice(numbers)
        else:
            fewest = min(self._taken[number] for number in numbers)
            number = self._chance.choice([n for n in numbers if self._taken[n] == fewest])
        self._taken[number] += 1
        return Action.choose(number)


class _LineMoves:
    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def next(self, choices: Sequence[Choice]) -> Action | None:
        for line in self._lines:
            if words := plain(line).strip():
                return move_of(words)
        return None
