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


class Moves(Protocol):
    """Gives the next move."""

    def next(self, choices: Sequence[Choice]) -> Action | None:
        """The next move with these choices on offer; None to stop."""


def automatic(policy: str, seed: int) -> Moves:
    """The moves of a policy of ``POLICIES``; the same seed makes the same choices."""
    return _Automatic(policy, random.Random(seed))


def from_lines(lines: Iterable[str]) -> Moves:
    """A move a line: the number of a choice, or words; empty lines are passed over."""
    return _Lines(iter(lines))


class _Automatic:
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


class _Lines:
    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def next(self, choices: Sequence[Choice]) -> Action | None:
        from tta_rebuild.engine.action import Action

        for line in self._lines:
            words = plain(line).strip()
            if words:
                number = int(words) if words.isdecimal() and len(words) < 4 else 0
                return Action.choose(number) if number else Action.say(words)
        return None
