"""What a worker counts of the turns that it tells."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pytest

pytest.importorskip("temporalio", reason="no client here: pip install tta-rebuild[cluster]")
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from tests.engine.conftest import PREMISE, Desk
from tests.engine.test_turn_runner import HeldStoryteller
from tests.engine.turn_runner_contract import asks
from tests.worker.test_temporal_runner import steps_of
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import ProviderBusy
from tta_rebuild.core.turn_records import TurnRecord
from tta_rebuild.engine.action import Action
from tta_rebuild.server.metric_registry import Registry
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.worker.activities import BEAT_S, TurnActivities


class JumpingClock(Clock):
    """Sleeps no longer than it must, and says that it was longer."""

    def __init__(self, late_s: float = 0.0) -> None:
        self.late_s, self._now_s = late_s, 0.0

    def now(self) -> float:
        return self._now_s

    async def sleep(self, delay_s: float) -> None:
        self._now_s += delay_s + self.late_s
        await asyncio.sleep(0)


class Table:
    """A worker's activities, and what they counted."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.registry, self.teller = Registry(), HeldStoryteller()
        self.desk = Desk(self.teller, MemoryStoryStore())
        steps = steps_of(self.desk)
        self.activities = TurnActivities(steps, clock, meter_provider=self.registry)

    async def tell(
        self,
        *replies: Exception,
        attempt: int = 1,
        is_held: bool = False,
        details: Sequence[Any] = (),
    ) -> None:
        session = await self.desk.stories.open(PREMISE)
        await session.turn(Action.begin())
        record = TurnRecord(
            turn_id="t1",
            key="t1",
            story_id=session.story_id,
            branch_id=session.branch.branch_id,
            request=asdict(asks(session)),
            state="running",
            began_at=datetime.now(UTC),
        )
        await self.desk.store.turns().begin(record)
        self.teller.replies.extend(replies)
        if is_held:
            self.teller.gate.clear()
        told = ActivityEnvironment()
        told.info = replace(told.info, attempt=attempt, heartbeat_details=details)
        await told.run(self.activities.tell, "t1")

    def counted(self, name: str, **labels: str) -> float:
        wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
        line = f"{name}{{{wanted}}} " if wanted else f"{name} "
        [found] = [one for one in self.registry.text().splitlines() if one.startswith(line)]
        return float(found.rpartition(" ")[2])


async def test_a_turn_that_was_told_is_counted_by_what_it_comes_to() -> None:
    table = Table()
    await table.tell()

    assert table.counted("tta_worker_turns_total", outcome="stored") == 1
    assert table.counted("tta_worker_turns_total", outcome="failed") == 0
    assert table.counted("tta_worker_taken_over_total") == 0
    assert table.counted("tta_worker_turns_running") == 0


@pytest.mark.parametrize("error", [ProviderBusy("too many"), RuntimeError("a defect")])
async def test_a_turn_that_could_not_be_told_has_failed(error: Exception) -> None:
    table = Table()
    with suppress(ApplicationError):
        await table.tell(error)

    assert table.counted("tta_worker_turns_total", outcome="failed") == 1
    assert table.counted("tta_worker_turns_total", outcome="stored") == 0


async def test_a_turn_that_another_had_begun_is_counted_as_taken_over() -> None:
    table = Table()
    await table.tell(attempt=2)

    assert table.counted("tta_worker_taken_over_total") == 1


@pytest.mark.parametrize(("late_s", "is_late"), [(0.0, False), (BEAT_S + 0.1, True)])
async def test_a_heartbeat_that_comes_a_beat_too_late_is_counted(
    late_s: float, is_late: bool
) -> None:
    table = Table(JumpingClock(late_s))
    telling = asyncio.create_task(table.tell(is_held=True))
    while "tta_worker_heartbeats_total 3" not in table.registry.text():  # noqa: ASYNC110 (no event)
        await asyncio.sleep(0)
    running = table.counted("tta_worker_turns_running")
    table.teller.gate.set()
    await telling

    assert running == 1
    assert (table.counted("tta_worker_heartbeats_late_total") > 0) == is_late
