"""Tokens, cost, and the ledger of attempts at models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import attrgetter
from typing import Literal, TypedDict, Unpack

CHARS_PER_TOKEN = 4
"""Characters of English prose per token, or bytes of UTF-8 in any script; roughly."""


def estimated_tokens(size: int) -> int:
    """About how many tokens a text of that size has, rounded up."""
    return -(-size // CHARS_PER_TOKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call, as the provider counted them; ``estimated`` where it sent no count.

    Attributes:
        input_tokens: all of the prompt; ``cached_tokens`` of it came from the provider's cache,
            ``cache_write_tokens`` were written there.
        output_tokens: the answer; ``thinking_tokens`` come on top, and are billed as output.
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
        names = [name for name in self.__slots__ if name != "estimated"]
        sums = {name: getattr(self, name) + getattr(other, name) for name in names}
        return Usage(**sums, estimated=self.estimated or other.estimated)


Outcome = Literal["ok", "cached", "busy", "refused", "unusable", "broken", "cancelled", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One HTTP request to a model, or a reply from the cache.

    Attributes:
        attempt: 1 for the first try of a logical call.
        cost_usd: US dollars; not ``priced``, the worst case was taken for an unknown price.
        latency_s, first_piece_s: seconds until the last piece, and until the first (None: none).
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
    """A line of a report: a day, story, model, task or version of a prompt.

    ``estimated`` if a part of it is a guess.
    """

    key: str
    attempts: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    estimated: bool = False


Grouping = Literal["day", "story", "model", "task", "version"]


class Which(TypedDict, total=False):
    """Which attempts are meant: whose, and since when (an aware time); None: all."""

    story_id: str | None
    player_id: str | None
    session_id: str | None
    since: datetime | None


class Ledger:
    """Where attempts are booked, for budgets and reports: here until the process ends.

    The storage derives one that keeps them. Days are days in UTC.
    """

    def __init__(self) -> None:
        self._rows: list[Attempt] = []

    async def book(self, attempt: Attempt) -> None:
        """Keep one attempt, as ``book_all`` does."""
        await self.book_all([attempt])

    async def book_all(self, attempts: Sequence[Attempt]) -> None:
        """Keep several attempts, in order, or none. Raises ValueError: a time has no zone."""
        for naive in (a.at for a in attempts if a.at.tzinfo is None):
            raise ValueError(f"{naive.isoformat()} has no time zone; pass an aware time")
        self._rows += [replace(attempt, at=attempt.at.astimezone(UTC)) for attempt in attempts]

    async def spent_usd(self, **which: Unpack[Which]) -> float:
        """Sum of costs, of all attempts that match."""
        return sum(attempt.cost_usd for attempt in self._matching(**which))

    async def costs(self, by: Grouping, **which: Unpack[Which]) -> Sequence[CostLine]:
        """The report by one key, greatest cost first (days in order); output includes thinking."""
        groups: dict[str, list[Attempt]] = defaultdict(list)
        for attempt in self._matching(**which):
            name = {"story": "story_id", "version": "prompt_version"}.get(by, by)
            key = attempt.at.date().isoformat() if by == "day" else getattr(attempt, name)
            groups[key].append(attempt)
        lines = [
            CostLine(
                key=key,
                attempts=len(group),
                input_tokens=sum(a.usage.input_tokens for a in group),
                output_tokens=sum(a.usage.output_tokens + a.usage.thinking_tokens for a in group),
                cost_usd=sum(a.cost_usd for a in group),
                estimated=any(a.usage.estimated or not a.priced for a in group),
            )
            for key, group in sorted(groups.items())
        ]
        return lines if by == "day" else sorted(lines, key=lambda li: (-li.cost_usd, li.key))

    async def turn_costs(self, branch_id: str) -> Mapping[int, float]:
        """US dollars by turn, of the turns that were played on a branch itself."""
        costs: dict[int, float] = defaultdict(float)
        for attempt in self._matching(branch_id=branch_id):
            costs[attempt.turn] += attempt.cost_usd
        return costs

    async def attempts(self, *, limit: int = 1000) -> Sequence[Attempt]:
        """The latest attempts, newest last."""
        return sorted(self._rows, key=attrgetter("at"))[max(len(self._rows) - limit, 0) :]

    def _matching(self, since: datetime | None = None, **scopes: str | None) -> list[Attempt]:
        wanted = {name: value for name, value in scopes.items() if value is not None}
        rows = [a for a in self._rows if since is None or a.at >= since]
        return [a for a in rows if all(getattr(a, n) == v for n, v in wanted.items())]
