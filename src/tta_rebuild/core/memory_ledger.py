"""The ledger in memory: that of a cost tracker which was given none, and of tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from operator import attrgetter

from tta_rebuild.core.usage import Attempt, CostLine, Grouping

_KEYS: dict[Grouping, Callable[[Attempt], str]] = {
    "day": lambda attempt: attempt.at.date().isoformat(),
    "story": attrgetter("story_id"),
    "model": attrgetter("model"),
    "task": attrgetter("task"),
}


class MemoryLedger:
    """A ``core.usage.Ledger`` that ends with the process; days are days in UTC."""

    def __init__(self) -> None:
        self.rows: list[Attempt] = []

    def add(self, attempt: Attempt) -> None:
        """Keep one attempt. Raises ValueError for a time without a zone."""
        if attempt.at.tzinfo is None:
            raise ValueError(f"{attempt.at.isoformat()} has no time zone; pass an aware time")
        self.rows.append(replace(attempt, at=attempt.at.astimezone(UTC)))

    async def book(self, attempt: Attempt) -> None:
        """See ``Ledger.book``."""
        self.add(attempt)

    async def spent_usd(self, *, since: datetime | None = None, **scopes: str | None) -> float:
        """See ``Ledger.spent_usd``."""
        return sum(attempt.cost_usd for attempt in self._matching(since, **scopes))

    async def costs(
        self, by: Grouping, *, story_id: str | None = None, since: datetime | None = None
    ) -> Sequence[CostLine]:
        """See ``Ledger.costs``. Output tokens include thinking, as providers bill them."""
        groups: dict[str, list[Attempt]] = defaultdict(list)
        for attempt in self._matching(since, story_id=story_id):
            groups[_KEYS[by](attempt)].append(attempt)
        lines = [_line(key, groups[key]) for key in sorted(groups)]
        return lines if by == "day" else sorted(lines, key=lambda li: (-li.cost_usd, li.key))

    async def attempts(
        self, *, story_id: str | None = None, limit: int = 1000
    ) -> Sequence[Attempt]:
        """See ``Ledger.attempts``."""
        matching = sorted(self._matching(None, story_id=story_id), key=attrgetter("at"))
        return matching[max(len(matching) - limit, 0) :]

    def _matching(self, since: datetime | None, **scopes: str | None) -> list[Attempt]:
        wanted = {name: value for name, value in scopes.items() if value is not None}
        rows = [a for a in self.rows if since is None or a.at >= since]
        return [a for a in rows if all(getattr(a, n) == v for n, v in wanted.items())]


def _line(key: str, group: list[Attempt]) -> CostLine:
    return CostLine(
        key=key,
        attempts=len(group),
        input_tokens=sum(a.usage.input_tokens for a in group),
        output_tokens=sum(a.usage.output_tokens + a.usage.thinking_tokens for a in group),
        cost_usd=sum(a.cost_usd for a in group),
        estimated=any(a.usage.estimated or not a.priced for a in group),
    )
