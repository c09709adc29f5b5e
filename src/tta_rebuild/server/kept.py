"""Answers that take long to count, kept for a while and given with their age."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tta_rebuild.core.clock import Clock

MOST_KEPT = 32
"""Answers; who has not been asked for longest goes first."""


@dataclass(slots=True)
class _Answer:
    value: Any = None
    at: datetime | None = None
    at_s: float = 0.0
    counting: asyncio.Lock = field(default_factory=asyncio.Lock)


class KeptAnswers:
    """Keeps each answer by what was asked; one that is being counted is counted once for all."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: OrderedDict[Hashable, _Answer] = OrderedDict()

    async def get(
        self, asked: Hashable, count: Callable[[], Awaitable[Any]], *, at_most_s: float
    ) -> tuple[Any, datetime]:
        """An answer no older than that, or as it is while a newer one is counted; and its time."""
        answer = self._answers.setdefault(asked, _Answer())
        self._answers.move_to_end(asked)
        while len(self._answers) > MOST_KEPT:
            self._answers.popitem(last=False)
        if answer.at is not None and answer.counting.locked() and at_most_s > 0:
            return answer.value, answer.at
        async with answer.counting:
            if answer.at is None or self._clock.now() - answer.at_s >= at_most_s:
                at, at_s = self._clock.wall(), self._clock.now()
                answer.value, answer.at, answer.at_s = await count(), at, at_s
            return answer.value, answer.at
