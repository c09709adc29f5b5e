"""A worker protects itself: it tells so many turns at once, and the rest waits in the queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest

from tests.engine.conftest import Desk
from tests.engine.test_turn_runner import HeldStoryteller, StoriesWithMara
from tests.engine.turn_runner_contract import Played, asks
from tests.integrations.fakes import ManualClock
from tests.worker.test_temporal_runner import steps_of
from tta_rebuild.engine.session_cache import SessionCache
from tta_rebuild.storage.memory_store import MemoryStoryStore

pytestmark = pytest.mark.cluster


@asynccontextmanager
async def opened(address: str, *, most_turns: int) -> AsyncIterator[Played]:
    from temporalio.client import Client

    from tta_rebuild.engine.temporal_runner import TemporalRunner
    from tta_rebuild.worker.activities import TurnActivities
    from tta_rebuild.worker.worker import worker_of

    teller = HeldStoryteller()
    desk, queue = Desk(teller, MemoryStoryStore()), uuid4().hex
    client = await Client.connect(address)
    runner = TemporalRunner(
        client,
        desk.stories,
        desk.store,
        desk.store.turn_updates(),
        SessionCache(desk.stories),
        new_id=lambda: uuid4().hex,
        queue=queue,
    )
    worker = worker_of(
        client, TurnActivities(steps_of(desk)), queue=queue, grace_s=0.0, most_turns=most_turns
    )
    async with worker, runner:
        stories: Any = StoriesWithMara(desk.stories)
        yield Played(runner, stories, teller.gate, teller.replies.append, ManualClock())


async def test_a_worker_of_two_turns_lets_the_third_wait_until_one_has_ended(
    temporal: str,
) -> None:
    async with opened(temporal, most_turns=2) as played:
        sessions = [await played.begun() for _ in range(3)]
        played.gate.clear()
        first, second = [
            await played.runner.submit(asks(session, key=f"k{number}"))
            for number, session in enumerate(sessions[:2])
        ]
        for turn in (first, second):
            assert await played.runner.updates(turn.turn_id, wait_s=10)
        third = await played.runner.submit(asks(sessions[2], key="k2"))

        assert not await played.runner.updates(third.turn_id, wait_s=1.5)
        assert (await played.runner.turn(third.turn_id)).state == "running"
        played.gate.set()
        ends = await asyncio.gather(*(played.told(turn) for turn in (first, second, third)))

        assert [end[-1].kind for end in ends] == ["stored"] * 3


async def test_a_turn_that_waits_for_a_worker_can_be_cancelled_at_once(temporal: str) -> None:
    async with opened(temporal, most_turns=1) as played:
        sessions = [await played.begun() for _ in range(2)]
        played.gate.clear()
        first = await played.runner.submit(asks(sessions[0], key="k0"))
        assert await played.runner.updates(first.turn_id, wait_s=10)
        waiting = await played.runner.submit(asks(sessions[1], key="k1"))

        ended = await played.runner.cancel(waiting.turn_id)

        assert ended.state == "abandoned"
        assert (await played.runner.turn(first.turn_id)).state == "running"
        played.gate.set()
        assert (await played.told(first))[-1].kind == "stored"
