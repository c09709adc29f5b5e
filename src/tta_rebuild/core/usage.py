"""Tokens, cost, and the ledger's row: one attempt at one model.

Stands at the bottom: the cost tracker books attempts, the storage keeps them, reports add them up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, as the provider counted them unless ``estimated``.

    Attributes:
        input_tokens: all of the prompt, cached part included.
        cached_tokens: the part of ``input_tokens`` that the provider had in its cache.
        cache_write_tokens: the part of ``input_tokens`` written to the provider's cache.
        output_tokens: the answer, thinking not included.
        thinking_tokens: billed as output.
        estimated: True if the provider sent no count (a cut stream, a local server).
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    thinking_tokens: int = 0
    estimated: bool = False

    @property
    def total_tokens(self) -> int:
        """Everything that counts against a quota of tokens."""
        return self.input_tokens + self.output_tokens + self.thinking_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            thinking_tokens=self.thinking_tokens + other.thinking_tokens,
            estimated=self.estimated or other.estimated,
        )


Outcome = Literal["ok", "cached", "busy", "refused", "unusable", "broken", "cancelled", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One HTTP request to a model, or a reply from the cache.

    Attributes:
        attempt: 1 for the first try of a logical call.
        cost_usd: US dollars, by the model that answered.
        priced: False if the model's price is unknown and the worst case was taken.
        latency_s: seconds until the last piece.
        first_piece_s: seconds until the first piece, None if none came.
        prompt_version: ``template@version`` of the prompt, with its variant if any.
    """

    at: datetime
    provider: str
    model: str
    task: str
    outcome: Outcome
    usage: Usage
    cost_usd: float
    attempt: int = 1
    priced: bool = True
    story_id: str = ""
    branch_id: str = ""
    turn: int = 0
    player_id: str = ""
    session_id: str = ""
    correlation_id: str = ""
    latency_s: float = 0.0
    first_piece_s: float | None = None
    prompt_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One line of a cost report: a key (a day, story, model or task) and its sums.

    ``estimated`` is True if for one of the attempts the provider sent no count of tokens, or the
    model's price is not known.
    """

    key: str
    attempts: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    estimated: bool = False


Grouping = Literal["day", "story", "model", "task"]


class Ledger(Protocol):
    """Where attempts are booked; kept by the storage, read by budgets and reports."""

    async def book(self, attempt: Attempt) -> None:
        """Keep one attempt for good."""

    async def spent_usd(
        self,
        *,
        story_id: str | None = None,
        player_id: str | None = None,
        session_id: str | None = None,
        since: datetime | None = None,
    ) -> float:
        """Sum of costs, of all attempts that match."""

    async def costs(
        self, by: Grouping, *, story_id: str | None = None, since: datetime | None = None
    ) -> Sequence[CostLine]:
        """The report by one key, greatest cost first (days in order)."""

    async def attempts(
        self, *, story_id: str | None = None, limit: int = 1000
    ) -> Sequence[Attempt]:
        """The latest attempts, newest last."""
