"""How long a simulated model takes: the time to its first token, and its speed after that."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

from tools.wire.state import WireSettings

Figure: TypeAlias = float | Sequence[float]


@dataclass(frozen=True, slots=True)
class Pace:
    """The times of one answer; ``tokens_per_s`` is 0 for as fast as the wire takes."""

    first_token_s: float
    tokens_per_s: float

    @classmethod
    def of(cls, settings: WireSettings, number: int) -> Self:
        """That of the answer to request ``number``: drawn by it where a setting is a range."""
        source = random.Random(number)
        return cls(_drawn(settings.first_token_s, source), _drawn(settings.tokens_per_s, source))

    def due_s(self, tokens: float) -> float:
        """When so many tokens have come, seconds after the request."""
        return self.first_token_s + (tokens / self.tokens_per_s if self.tokens_per_s else 0.0)


def _drawn(figure: Figure, source: random.Random) -> float:
    if isinstance(figure, int | float):
        return float(figure)
    least, most = figure
    return source.uniform(least, most)
