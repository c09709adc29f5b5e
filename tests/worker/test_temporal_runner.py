"""The runner that has its turns played by workers keeps to what every runner does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.engine.care_beside_contract import CareBesideContract
from tests.engine.conftest import Desk
from tests.engine.test_turn_runner import HeldStoryteller, StoriesWithMara
from tests.engine.turn_runner_contract import Played, TurnRunnerContract, asks
from tests.integrations.fakes import ManualClock
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.turn_calls import CallAsked
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine.session_cache import SessionCache
from tta_rebuild.engine.turn_runner import LAST_NUMBER, TurnQueue
from tta_rebuild.engine.turn_steps import TurnSteps
from tta_rebuild.storage.story_store import StoryStore

pytestmark = pytest.mark.cluster


def steps_of(desk: Desk) -> TurnSteps:
    async def settle() -> None:
        pass

    async def book_lost(asked: CallAsked, usage: Usage) -> None:
        pass

    return TurnSteps(
        stories=desk.stories,
        store=desk.store,
        records=desk.store.turns(),
        updates=desk.store.turn_updates(),
        calls=desk.store.turn_calls(),
        settle=settle,
        book_lost=book_lost,
        lives=desk.store.worker_lives(),
        clock=Clock(),
    )


class TestTemporalRunner(TurnRunnerContract, CareBesideContract):
    @pytest.fixture(autouse=True)
    def _server(self, temporal: str) -> None:
        self.address = temporal

    @asynccontextmanager
    async def opened(self, *, most_turns: int = 8, workers: int = 1) -> AsyncIterator[Played]:
        from contextlib import AsyncExitStack
        from uuid import uuid4

        from temporalio.client import Client

        from tta_rebuild.engine.temporal_runner import TemporalRunner
        from tta_rebuild.worker.activities import TurnActivities
        from tta_rebuild.worker.worker import worker_of

        queue, teller = uuid4().hex, HeldStoryteller()
        client: Any = await Client.connect(self.address)
        async with AsyncExitStack() as stack:
            desk = Desk(teller, await stack.enter_async_context(await StoryStore.open(self.place)))
            for _ in range(workers):
                elsewhere = await stack.enter_async_context(self._elsewhere(desk))
                worker = worker_of(
                    client, TurnActivities(steps_of(elsewhere)), queue=queue, grace_s=0.0
                )
                await stack.enter_async_context(worker)
            runner = await stack.enter_async_context(
                TemporalRunner(
                    client,
                    desk.stories,
                    desk.store,
                    desk.store.turn_updates(),
                    SessionCache(desk.stories),
                    new_id=lambda: uuid4().hex,
                    most_turns=most_turns,
                    queue=queue,
                )
            )
            stories: Any = StoriesWithMara(desk.stories)
            yield Played(runner, stories, teller.gate, teller.replies.append, ManualClock())

    @asynccontextmanager
    async def _elsewhere(self, desk: Desk) -> AsyncIterator[Desk]:
        """What a worker plays with: a store of its own, where a database can be opened twice."""
        if "://" not in self.place:
            yield desk
            return
        async with await StoryStore.open(self.place) as store:
            yield Desk(desk.teller, store)

    async def test_at_the_end_turns_go_on_elsewhere(self, played: Played) -> None:
        session = await played.begun()
        played.gate.clear()
        turn = await played.runner.submit(asks(session))
        await played.runner.updates(turn.turn_id, wait_s=5)

        await played.runner.drain(0)
        is_running = (await played.runner.turn(turn.turn_id)).state
        played.gate.set()

        assert is_running == "running"
        assert (await played.told(turn))[-1].kind == "stored"

    async def test_where_no_worker_takes_turns_it_says_so_and_how_long_they_wait(self) -> None:
        async with self.opened(workers=0) as nobody:
            await nobody.runner.submit(asks(await nobody.begun()))
            queue = await nobody.runner.queue()

            assert await nobody.runner.hindrance() == "no worker"
            assert queue is not None
            assert (queue.workers, queue.waiting, queue.running) == (0, 1, 1)
            assert queue.longest_s

    async def test_where_a_worker_takes_turns_none_waits(self) -> None:
        async with self.opened() as somebody:
            await somebody.told(await somebody.runner.submit(asks(await somebody.begun())))

            assert await somebody.runner.hindrance() == ""
            assert await somebody.runner.queue() == TurnQueue(
                workers=1, running=0, waiting=0, longest_s=0.0
            )

    async def test_of_a_turn_whose_updates_are_gone_its_end_is_known(self, played: Played) -> None:
        session = await played.begun()
        turn = await played.runner.submit(asks(session))
        whole = await played.told(turn)
        runner: Any = played.runner

        async def none(turn_id: str, **which: Any) -> list[Any]:
            return []

        runner._updates.read = none
        [last] = await played.told(turn)

        assert (last.kind, last.number) == ("stored", LAST_NUMBER)
        assert last.values == whole[-1].values

    async def test_of_a_turn_whose_last_update_was_not_written_the_end_is_known(
        self, played: Played
    ) -> None:
        session = await played.begun()
        turn = await played.runner.submit(asks(session))
        whole = await played.told(turn)
        runner: Any = played.runner
        read = runner._updates.read

        async def without_the_last(turn_id: str, **which: Any) -> list[Any]:
            return [one for one in await read(turn_id, **which) if one[1] != "stored"]

        runner._updates.read = without_the_last
        *before, last = await played.told(turn)

        assert before == whole[:-1]
        assert (last.kind, last.number, last.values) == ("stored", LAST_NUMBER, whole[-1].values)
