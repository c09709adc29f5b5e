"""Workers of a version: turns end on the one that began them, and new ones go to the current."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import Client
from temporalio.service import RPCError

import tta_rebuild as tta
from tests.worker.changed_program import Unguarded
from tests.worker.test_temporal_runner import steps_of
from tests.worker.test_workflow import Table
from tta_rebuild.bootstrap.cluster import cluster_overview
from tta_rebuild.core.workers import WorkerAbout
from tta_rebuild.engine.turn_workflows import TurnWorkflows
from tta_rebuild.worker import worker as workers
from tta_rebuild.worker.activities import TurnActivities

pytestmark = pytest.mark.cluster


class Versions(Table):
    """A table whose workers have a version."""

    @asynccontextmanager
    async def of(self, build: str) -> AsyncIterator[None]:
        activities = TurnActivities(steps_of(self.desk))
        about = WorkerAbout(name=f"of {build}", deployment=f"d{self.queue}", build=build)
        async with workers.worker_of(
            self.client, activities, queue=self.queue, about=about, grace_s=0.0
        ):
            yield

    async def make_current(self, build: str) -> None:
        """Once a worker of it has been seen."""
        wanted = SetWorkerDeploymentCurrentVersionRequest(
            namespace="default", deployment_name=f"d{self.queue}", build_id=build
        )
        async with asyncio.timeout(20):
            while True:
                try:
                    await self.client.workflow_service.set_worker_deployment_current_version(wanted)
                except RPCError:
                    await asyncio.sleep(0.1)
                else:
                    return

    async def has_slept(self, turn_id: str) -> bool:
        """Whether the changed workflow played it."""
        history = await self.client.get_workflow_handle(turn_id).fetch_history()
        return "TIMER_STARTED" in history.to_json()


async def test_a_turn_ends_on_the_version_that_began_it_though_the_next_one_is_changed(
    temporal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Versions(await Client.connect(temporal))
    asked = TurnWorkflows(table.client, table.queue)
    async with table.of("1"):
        none_is_current = await asked.takers()
        await table.make_current("1")
        async with asyncio.timeout(20):  # its queues are told of it by and by
            while not await asked.takers():  # noqa: ASYNC110 (a server elsewhere has no event)
                await asyncio.sleep(0.1)
        (_, old), (_, new) = await table.begun(), await table.begun()
        table.teller.gate.clear()
        began = await table.started(old)
        await table.updates.read(old, after=0, wait_s=10)
        monkeypatch.setattr(workers, "PlayTurn", Unguarded)
        async with table.of("2"):
            await table.make_current("2")
            begins = await table.started(new)
            table.teller.gate.set()
            await asyncio.gather(began.result(), begins.result())

    assert none_is_current == set()
    assert [(await table.seen(turn))[-1] for turn in (old, new)] == ["stored", "stored"]
    assert "restarted" not in await table.seen(old)
    assert [await table.has_slept(turn) for turn in (old, new)] == [False, True]


async def test_doctor_says_whether_new_turns_go_to_the_version_of_these_settings(
    temporal: str,
) -> None:
    table = Versions(await Client.connect(temporal))
    plain = tta.Settings(
        runner="temporal",
        database_url="postgresql://nobody@127.0.0.1:9/none",
        temporal_address=temporal,
        temporal_queue=table.queue,
    )
    of_one = plain.model_copy(
        update={"temporal_deployment": f"d{table.queue}", "temporal_build": "1"}
    )

    async def seen(settings: tta.Settings) -> tuple[str, str, bool]:
        found = await cluster_overview(settings)
        return found["version"], found["current"], found["is_current"]

    one = f"d{table.queue} 1"
    async with table.of("1"):
        assert await seen(plain) == ("no version", "no version", True)
        assert await seen(of_one) == (one, "no version", False)
        await table.make_current("1")
        async with asyncio.timeout(20):
            while (await seen(of_one))[1] != one:  # noqa: ASYNC110 (a server elsewhere has no event)
                await asyncio.sleep(0.1)
        assert await seen(of_one) == (one, one, True)
        assert await seen(plain) == ("no version", one, False)
