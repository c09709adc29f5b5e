"""kill -9 of a worker in the middle of a turn: another takes it over, and nothing is done twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

import tta_rebuild as tta
from tests.engine.conftest import PREMISE
from tests.engine.turn_runner_contract import asks
from tests.worker.program import FolderTeller, settings_of
from tta_rebuild.bootstrap.cluster import temporal_runner
from tta_rebuild.core.turn_records import TurnRecord
from tta_rebuild.core.usage import Attempt
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.session_cache import SessionCache
from tta_rebuild.engine.temporal_runner import TemporalRunner

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).parents[2]


class Cluster:
    """A database, a Temporal server, and workers that can be killed."""

    def __init__(self, temporal: str, database: str, folder: Path) -> None:
        self.temporal, self.database, self.folder = temporal, database, folder

    @contextmanager
    def worker(self, name: str) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "tests.worker.program", self.temporal, self.database]
        process = subprocess.Popen(
            [*command, str(self.folder), name], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "ready"
            yield process
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()

    def hold(self, task: str) -> Path:
        held = self.folder / f"hold-{task}"
        held.touch()
        return held

    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    @asynccontextmanager
    async def server(self) -> AsyncIterator[tuple[tta.Application, TemporalRunner]]:
        """What a server has: the application, and a runner that plays nothing itself."""
        settings = settings_of(self.temporal, self.database, self.folder)
        teller = FolderTeller(self.folder, "server")
        async with (
            tta.open_application(settings, provider=teller) as application,
            temporal_runner(
                application, SessionCache(application.stories), new_id=lambda: uuid4().hex
            ) as runner,
        ):
            yield application, runner


@pytest.fixture
def cluster(temporal: str, postgresql_database: str, tmp_path: Path) -> Cluster:
    return Cluster(temporal, postgresql_database, tmp_path)


async def until_called(cluster: Cluster, line: str) -> None:
    for _ in range(500):
        if line in cluster.calls():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(cluster.calls())


async def test_a_turn_of_a_killed_worker_is_told_anew_by_another_and_stored_once(
    cluster: Cluster,
) -> None:
    async with cluster.server() as (application, runner):
        session = await application.stories.open(PREMISE)
        await session.turn(Action.begin())
        held = cluster.hold("scene")
        with cluster.worker("first") as first:
            turn = await runner.submit(asks(session))
            await runner.updates(turn.turn_id, wait_s=20)
            await asyncio.sleep(1.2)  # for a heartbeat that says how far it is
            early = await runner.updates(turn.turn_id)
            with cluster.worker("second"):
                first.kill()
                held.unlink()
                at = time.monotonic()
                updates = [one async for one in runner.tail(turn.turn_id)]
                took_s = time.monotonic() - at
        kinds = [one.kind for one in updates]
        path = await application.stories.path(session.story_id)
        lost = await lost_of(application)

    assert list(early) == updates[: len(early)]
    assert kinds.count("restarted") == 1
    assert kinds[len(early)] == "restarted"
    assert updates[len(early)].values["reason"] == message("turn_taken_over")
    assert kinds[-1] == "stored"
    assert [one.number for one in updates] == list(range(1, len(updates) + 1))
    assert [r.turn for r in path if r.event.KIND == "scene_told"] == [1, 2]
    assert [(row.task, row.usage.estimated) for row in lost] == [("scene", True)]
    assert lost[0].usage.output_tokens > 20, "as far as the text had come"
    assert lost[0].cost_usd > 0
    print(f"taken over and told to the end in {took_s:.1f} s")
    assert took_s < 12, "two seconds without a heartbeat, and a new attempt"


async def test_a_call_that_was_finished_is_not_made_again_by_who_takes_over(
    cluster: Cluster,
) -> None:
    async with cluster.server() as (application, runner):
        session = await application.stories.open(PREMISE)
        await session.turn(Action.begin())
        held = cluster.hold("branch_check")
        with cluster.worker("first") as first:
            turn = await runner.submit(asks(session))
            await until_called(cluster, "first begins branch_check 2")
            with cluster.worker("second"):
                first.kill()
                held.unlink()
                updates = [one async for one in runner.tail(turn.turn_id)]
        scenes = [row for row in await application.ledger.attempts() if row.task == "scene"]

    assert updates[-1].kind == "stored"
    assert "first ends scene 2" in cluster.calls()
    assert "second begins branch_check 2" in cluster.calls()
    assert not [line for line in cluster.calls() if line.startswith("second begins scene")]
    assert [row.turn for row in scenes if row.outcome == "ok"] == [1, 2], "booked once each"


async def test_the_calls_of_a_turn_that_is_cancelled_while_its_worker_is_dead_are_booked(
    cluster: Cluster,
) -> None:
    async with cluster.server() as (application, runner):
        session = await application.stories.open(PREMISE)
        await session.turn(Action.begin())
        held = cluster.hold("scene")
        with cluster.worker("first") as first:
            turn = await runner.submit(asks(session))
            await runner.updates(turn.turn_id, wait_s=20)
            first.kill()
            first.wait()
            cancelling = asyncio.create_task(runner.cancel(turn.turn_id))
            await asyncio.sleep(0.5)
            with cluster.worker("second"):
                held.unlink()
                await cancelling
                updates = [one async for one in runner.tail(turn.turn_id)]
                async with asyncio.timeout(15):
                    while not (lost := await lost_of(application)):  # noqa: ASYNC110
                        await asyncio.sleep(0.2)
                calls = application.store.turn_calls()
                async with asyncio.timeout(5):
                    while await calls.open_calls(turn.turn_id):  # noqa: ASYNC110
                        await asyncio.sleep(0.02)

    assert updates[-1].kind == "abandoned"
    assert [row.task for row in lost] == ["scene"]
    assert lost[0].cost_usd > 0


async def lost_of(application: tta.Application) -> list[Attempt]:
    return [row for row in await application.ledger.attempts() if row.outcome == "broken"]


async def test_a_turn_whose_workflow_nobody_began_is_played_after_all(cluster: Cluster) -> None:
    async with cluster.server() as (application, runner):
        session = await application.stories.open(PREMISE)
        await session.turn(Action.begin())

        records, request = application.store.turns(), asks(session)
        record = TurnRecord(
            turn_id=uuid4().hex,
            key=request.key,
            story_id=session.story_id,
            branch_id=session.branch.branch_id,
            request=asdict(request),
            state="running",
            began_at=datetime.now(UTC),
        )
        await records.begin(record)
        now = await runner.recover()
        await records.forget(story_id=session.story_id)
        await records.begin(replace(record, began_at=record.began_at - timedelta(minutes=1)))
        started, again = await runner.recover(), await runner.recover()
        with cluster.worker("first"):
            updates = [one async for one in runner.tail(record.turn_id)]

    assert (now, started, again) == (0, 1, 0), "one that was just asked for is about to be begun"
    assert updates[-1].kind == "stored"
