"""The ledger in the story database: every attempt at a model, also for stories that are deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Unpack

from tta_rebuild.core.usage import Attempt, CostLine, Grouping, Ledger, Usage, Which
from tta_rebuild.storage.database import Database, query
from tta_rebuild.storage.story_rows import Row, from_micros, to_micros

_DAY_MICROS = 86_400_000_000
_KEYS = {"day": f"at / {_DAY_MICROS}", "story": "story_id", "version": "prompt_version"}


class SqlLedger(Ledger):
    """A ``core.usage.Ledger`` in SQLite or PostgreSQL; days are days in UTC."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def book_all(self, attempts: Sequence[Attempt]) -> None:
        """See ``Ledger.book_all``; in one transaction."""
        rows = [asdict(attempt) | {"at": to_micros(attempt.at)} for attempt in attempts]
        for row in rows:
            row |= row.pop("usage")
        async with self._database.writing() as connection:
            await connection.add_all("attempts", rows)

    async def spent_usd(self, **which: Unpack[Which]) -> float:
        """See ``Ledger.spent_usd``."""
        where, values = _within(**which)
        async with self._database.reading() as connection:
            total = f"SELECT sum(cost_usd) AS total FROM attempts{where}"
            [row] = await connection.rows(total, **values)
        return float(row["total"] or 0.0)

    async def costs(self, by: Grouping, **which: Unpack[Which]) -> Sequence[CostLine]:
        """See ``Ledger.costs``."""
        where, values = _within(**which)
        report = query("costs", key=_KEYS.get(by, by), where=where)
        async with self._database.reading() as connection:
            rows = [dict(row) for row in await connection.rows(report, **values)]
        for row in rows:
            row["estimated"] = row["estimated"] > 0
            if by == "day":
                row["key"] = from_micros(row["key"] * _DAY_MICROS).date().isoformat()
        lines = [CostLine(**row) for row in rows]
        return lines if by == "day" else sorted(lines, key=lambda li: (-li.cost_usd, li.key))

    async def turn_costs(self, branch_id: str) -> Mapping[int, float]:
        """See ``Ledger.turn_costs``; the story's id is in the branch's, and has the index."""
        which = {"story": branch_id.rpartition(".")[0], "branch": branch_id}
        async with self._database.reading() as connection:
            rows = await connection.rows(query("turn_costs"), **which)
        return {row["turn"]: row["cost_usd"] for row in rows}

    async def attempts(self, *, limit: int = 1000) -> Sequence[Attempt]:
        """See ``Ledger.attempts``."""
        latest = "SELECT * FROM attempts ORDER BY at DESC, number DESC LIMIT :limit"
        async with self._database.reading() as connection:
            rows = await connection.rows(latest, limit=limit)
        return [_attempt(row) for row in reversed(rows)]


def _within(since: datetime | None = None, **scopes: str | None) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {name: value for name, value in scopes.items() if value is not None}
    tests = [f"{name} = :{name}" for name in values]
    if since is not None:
        values["since"], tests = to_micros(since), [*tests, "at >= :since"]
    return f" WHERE {' AND '.join(tests)}" if tests else "", values


def _attempt(row: Row) -> Attempt:
    values: dict[str, Any] = dict(row) | {name: bool(row[name]) for name in ("estimated", "priced")}
    usage = Usage(**{name: values.pop(name) for name in Usage.__slots__})
    del values["number"]
    return Attempt(**values | {"at": from_micros(row["at"])}, usage=usage)
