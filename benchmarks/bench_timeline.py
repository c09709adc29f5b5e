"""One update of a timeline of 1,000, 100,000 and 1,000,000 events; a state is never a copy."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from benchmarks.timelines import CONTEXT, long_timeline, updates


@pytest.mark.parametrize("events", [1_000, 100_000, 1_000_000])
def test_one_update(benchmark: Any, events: int) -> None:
    manager, source = long_timeline(events), updates(events)
    with asyncio.Runner() as runner:

        async def hundred() -> None:
            for _ in range(100):
                await manager.execute(next(source), CONTEXT)

        benchmark.pedantic(lambda: runner.run(hundred()), rounds=20, warmup_rounds=2)
    assert len(manager.get_timeline("u")) == events + 2_200
