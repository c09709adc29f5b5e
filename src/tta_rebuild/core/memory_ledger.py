"""The ledger in memory: that of a cost tracker which was given none, and of tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
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

    async def spent_usd(
        self,
        *,
        story_id: str | None = None,
        player_id: str | None = None,
        session_id: str | None = None,
        since: datetime | None = None,
    ) -> float:
        """See ``Ledger.spent_usd``."""
        return sum(
            attempt.cost_usd
            for attempt in self._matching(story_id, since)
            if player_id in (None, attempt.player_id) and session_id in (None, attempt.session_id)
        )

    async def costs(
        self, by: Grouping, *, story_id: str | None = None, since: datetime | None = None
    ) -> Sequence[CostLine]:
        """See ``Ledger.costs``. Output tokens include thinking, as providers bill them."""
        key_of = _KEYS[by]
        grouped = groupby(sorted(self._matching(story_id, since), key=key_of), key_of)
        lines = [_line(key, list(group)) for key, group in grouped]
        return lines if by == "day" else sorted(lines, key=lambda li: (-li.cost_usd, li.key))

    async def attempts(
        self, *, story_id: str | None = None, limit: int = 1000
    ) -> Sequence[Attempt]:
        """See ``Ledger.attempts``."""
        matching = sorted(self._matching(story_id, None), key=attrgetter("at"))
        return matching[max(len(matching) - limit, 0) :]

    def _matching(self, story_id: str | None, since: datetime | None) -> Iterable[Attempt]:
        return (
            attempt
            for attempt in self.rows
            if story_id in (None, attempt.story_id) and (since is None or attempt.at >= since)
        )


def _line(key: str, group: list[Attempt]) -> CostLine:
    return CostLine(
        key=key,
        attempts=len(group),
        input_tokens=sum(a.usage.input_tokens for a in group),
        output_tokens=sum(a.usage.output_tokens + a.usage.thinking_tokens for a in group),
        cost_usd=sum(a.cost_usd for a in group),
        estimated=any(a.usage.estimated or not a.priced for a in group),
    )
