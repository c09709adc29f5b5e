"""The end of a long branch is read by the index: its work does not grow with what lies before."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tta_rebuild.storage.sql_rows import event_rows
from tta_rebuild.storage.story_store import StoryStore


class CountedConnection:
    """A connection that counts the steps of SQLite's machine."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file)
        self._database.row_factory = sqlite3.Row
        self.steps = 0

    def _step(self) -> None:
        self.steps += 1

    async def rows(self, sql: str, **values: Any) -> Sequence[Any]:
        self._database.set_progress_handler(self._step, 1)
        return self._database.execute(sql, values).fetchall()


@pytest.mark.parametrize("is_forked", [False, True])
async def test_the_last_events_cost_the_same_however_long_the_branch(
    tmp_path: Path, told: Any, is_forked: bool
) -> None:
    steps = []
    for length in (50, 1_000):
        home = tmp_path / str(length)
        async with await StoryStore.open(home) as store:
            events = [told.act(f"I count to {n}") for n in range(length)]
            branch = await store.create_story("sea", "Sea", events, at=told.noon)
            if is_forked:
                branch = await store.fork(branch.branch_id, length, at=told.noon)
        file = next(home.glob("*.db"))
        connection: Any = CountedConnection(file)
        number = sqlite3.connect(file).execute("SELECT max(number) FROM branches").fetchone()[0]
        connection.steps = 0
        assert len(await event_rows(connection, number, length - 20, length)) == 20
        steps.append(connection.steps)

    assert steps[1] < 1.5 * steps[0]
