"""The ledger in the story database: every attempt at a model, kept for good.

Made by ``SqlStoryStore.ledger``. The source for reports and for budgets after a restart; it
outlives the stories that it paid for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from tta_rebuild.core.usage import Attempt, CostLine, Grouping, Usage
from tta_rebuild.storage.database import Database
from tta_rebuild.storage.schema import ATTEMPTS
from tta_rebuild.storage.stored_time import from_micros, to_micros

_DAY_MICROS = 86_400_000_000
_EPOCH_DAY = date(1970, 1, 1)
_USAGE = (
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "thinking_tokens",
    "estimated",
)
_PLAIN = (
    "provider",
    "model",
    "task",
    "outcome",
    "cost_usd",
    "attempt",
    "priced",
    "story_id",
    "branch_id",
    "turn",
    "player_id",
    "session_id",
    "correlation_id",
    "latency_s",
    "first_piece_s",
    "prompt_version",
)


class SqlLedger:
    """A ``core.usage.Ledger`` in SQLite or PostgreSQL; days are days in UTC."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def book(self, attempt: Attempt) -> None:
        """See ``Ledger.book``."""
        await self.book_all([attempt])

    async def book_all(self, attempts: Sequence[Attempt]) -> None:
        """Keep several attempts in one transaction, in order, or none."""
        rows = [
            {
                "at": to_micros(attempt.at),
                **{name: getattr(attempt, name) for name in _PLAIN},
                **{name: getattr(attempt.usage, name) for name in _USAGE},
            }
            for attempt in attempts
        ]
        async with self._database.writing() as connection:
            await connection.execute(sa.insert(ATTEMPTS), rows)

    async def spent_usd(
        self,
        *,
        story_id: str | None = None,
        player_id: str | None = None,
        session_id: str | None = None,
        since: datetime | None = None,
    ) -> float:
        """See ``Ledger.spent_usd``."""
        scopes = {"story_id": story_id, "player_id": player_id, "session_id": session_id}
        total = sa.select(sa.func.sum(ATTEMPTS.c.cost_usd)).where(*_since(since), *_in(scopes))
        async with self._database.reading() as connection:
            return float((await connection.execute(total)).scalar() or 0.0)

    async def costs(
        self, by: Grouping, *, story_id: str | None = None, since: datetime | None = None
    ) -> Sequence[CostLine]:
        """See ``Ledger.costs``. Output tokens include thinking, as providers bill them."""
        key = _KEYS[by].label("key")
        report = (
            sa.select(
                key,
                sa.func.count().label("attempts"),
                sa.func.sum(ATTEMPTS.c.input_tokens).label("input_tokens"),
                sa.func.sum(ATTEMPTS.c.output_tokens + ATTEMPTS.c.thinking_tokens).label("out"),
                sa.func.sum(ATTEMPTS.c.cost_usd).label("cost_usd"),
                sa.func.count(sa.case((ATTEMPTS.c.estimated | ~ATTEMPTS.c.priced, 1))).label(
                    "estimated"
                ),
            )
            .where(*_since(since), *_in({"story_id": story_id}))
            .group_by(sa.literal_column("key"))
        )
        async with self._database.reading() as connection:
            rows = list(await connection.execute(report))
        lines = [
            CostLine(
                key=_day(row.key) if by == "day" else row.key,
                attempts=row.attempts,
                input_tokens=int(row.input_tokens),
                output_tokens=int(row.out),
                cost_usd=float(row.cost_usd),
                estimated=row.estimated > 0,
            )
            for row in rows
        ]
        return sorted(lines, key=lambda li: li.key if by == "day" else (-li.cost_usd, li.key))

    async def attempts(
        self, *, story_id: str | None = None, limit: int = 1000
    ) -> Sequence[Attempt]:
        """See ``Ledger.attempts``."""
        latest = (
            sa.select(ATTEMPTS)
            .where(*_in({"story_id": story_id}))
            .order_by(ATTEMPTS.c.at.desc(), ATTEMPTS.c.number.desc())
            .limit(limit)
        )
        async with self._database.reading() as connection:
            rows = list(await connection.execute(latest))
        return [_attempt(row) for row in reversed(rows)]


_KEYS: dict[Grouping, sa.ColumnElement[Any]] = {
    "day": ATTEMPTS.c.at // sa.literal_column(str(_DAY_MICROS), sa.BigInteger),
    "story": ATTEMPTS.c.story_id,
    "model": ATTEMPTS.c.model,
    "task": ATTEMPTS.c.task,
}


def _since(since: datetime | None) -> list[sa.ColumnElement[bool]]:
    return [] if since is None else [ATTEMPTS.c.at >= to_micros(since)]


def _in(scopes: dict[str, str | None]) -> list[sa.ColumnElement[bool]]:
    return [ATTEMPTS.c[name] == value for name, value in scopes.items() if value is not None]


def _day(number: int) -> str:
    return (_EPOCH_DAY + timedelta(days=int(number))).isoformat()


def _attempt(row: sa.Row[Any]) -> Attempt:
    values = row._mapping
    return Attempt(
        at=from_micros(values["at"]),
        usage=Usage(**{name: values[name] for name in _USAGE}),
        **{name: values[name] for name in _PLAIN},
    )
