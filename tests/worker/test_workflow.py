"""The workflow of a turn: what stands in its history, and that a newer program plays it on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.common import RetryPolicy
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from tests.engine.conftest import PREMISE, Desk
from tests.engine.test_turn_runner import HeldStoryteller
from tests.engine.turn_runner_contract import asks
from tests.worker.test_temporal_runner import steps_of
from tta_rebuild.core.errors import ProviderBusy, StoreAway
from tta_rebuild.core.turn_records import TurnRecord
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.temporal_names import CANCEL, WORKFLOW
from tta_rebuild.server.problems import problem_of
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.worker import workflow
from tta_rebuild.worker.activities import TurnActivities
from tta_rebuild.worker.worker import worker_of
from tta_rebuild.worker.workflow import _FOR_A_MINUTE, PlayTurn

pytestmark = pytest.mark.cluster
HISTORIES = Path(__file__).parent / "histories"


class Table:
    """Stories, a Temporal server, and workers that can be begun and ended."""

    def __init__(self, client: Client) -> None:
        self.client, self.queue = client, uuid4().hex
        self.teller = HeldStoryteller()
        self.desk = Desk(self.teller, MemoryStoryStore())
        self.records, self.updates = self.desk.store.turns(), self.desk.store.turn_updates()
        self.lost: list[str] = []

    @asynccontextmanager
    async def worker(self, *, grace_s: float = 0.0) -> AsyncIterator[None]:
        steps = replace(
            steps_of(self.desk), book_lost=lambda asked, chars: self.lost.append(asked.task)
        )
        async with worker_of(self.client, TurnActivities(steps), queue=self.queue, grace_s=grace_s):
            yield

    async def begun(self, **wanted: Any) -> tuple[Session, str]:
        session = await self.desk.stories.open(PREMISE)
        await session.turn(Action.begin())
        turn_id = uuid4().hex
        record = TurnRecord(
            turn_id=turn_id,
            key=turn_id,
            story_id=session.story_id,
            branch_id=session.branch.branch_id,
            request=asdict(asks(session, **wanted)),
            state="running",
            began_at=datetime.now(UTC),
        )
        await self.records.begin(record)
        return session, turn_id

    async def started(self, turn_id: str) -> WorkflowHandle[Any, Any]:
        return await self.client.start_workflow(
            WORKFLOW, turn_id, id=turn_id, task_queue=self.queue
        )

    async def reasons(self, turn_id: str) -> list[str]:
        """Why it began anew, each time."""
        found = await self.updates.read(turn_id, after=0, wait_s=0)
        return [json.loads(text)["reason"] for _, kind, text in found if kind == "restarted"]

    async def seen(self, turn_id: str) -> list[str]:
        return [kind for _, kind, _ in await self.updates.read(turn_id, after=0, wait_s=0)]


@pytest.fixture
async def table(temporal: str) -> Table:
    return Table(await Client.connect(temporal))


async def test_a_history_has_no_word_of_the_story_or_of_an_error(table: Table) -> None:
    words = "I ask Mara about the blue door."
    async with table.worker():
        _, turn_id = await table.begun(kind="say", choice=0, text=words)
        handle = await table.started(turn_id)
        await handle.result()
        told = (await handle.fetch_history()).to_json()
        _, broken = await table.begun()
        table.teller.replies.append(RuntimeError("the key is hunter2"))  # no error of a provider
        failing = await table.started(broken)
        await failing.result()
        failed = (await failing.fetch_history()).to_json()

    assert turn_id in told
    assert not [word for word in ("Mara", "blue", "boats", "harbour") if word in told]
    assert "RuntimeError" in failed
    assert "hunter2" not in failed
    assert (await table.seen(broken))[-1] == "failed"
    assert len(json.loads(failed)["events"]) < 30, "a defect is not tried again"


async def test_what_a_storyteller_cannot_do_is_no_defect(table: Table) -> None:
    async with table.worker():
        _, turn_id = await table.begun()
        table.teller.replies.append(ProviderBusy("too many"))
        await (await table.started(turn_id)).result()

    record = await table.records.turn(turn_id)
    assert record is not None
    assert record.last["errors"][0] == "ProviderBusy"


async def test_a_worker_that_stops_leaves_its_turn_to_another(table: Table) -> None:
    session, turn_id = await table.begun()
    table.teller.gate.clear()
    async with AsyncExitStack() as first:
        await first.enter_async_context(table.worker())
        handle = await table.started(turn_id)
        await table.updates.read(turn_id, after=0, wait_s=10)
        await first.aclose()
    table.teller.gate.set()
    async with table.worker():
        await handle.result()

    seen = await table.seen(turn_id)
    assert await table.reasons(turn_id) == [message("turn_left")]
    assert seen[-1] == "stored"
    assert table.lost == [], "it said itself what its calls had come to"
    assert (await table.desk.stories.resume(session.story_id)).state.turn == 2


async def test_a_worker_that_stops_finishes_what_it_can(table: Table) -> None:
    session, turn_id = await table.begun()
    table.teller.gate.clear()
    async with table.worker(grace_s=20.0):
        handle = await table.started(turn_id)
        await table.updates.read(turn_id, after=0, wait_s=10)
        table.teller.gate.set()
    async with table.worker():
        await handle.result()

    assert "restarted" not in await table.seen(turn_id)
    assert (await table.desk.stories.resume(session.story_id)).state.turn == 2


async def test_a_turn_that_is_cancelled_before_anybody_plays_it_is_abandoned(
    table: Table,
) -> None:
    session, turn_id = await table.begun()
    handle = await table.started(turn_id)
    await handle.signal(CANCEL, "the player left")
    async with table.worker():
        await handle.result()

    assert await table.seen(turn_id) == ["abandoned"]
    assert (await table.desk.stories.resume(session.story_id)).state.turn == 1


@pytest.mark.parametrize(
    ("part", "name"), [("store", "branch"), ("updates", "add"), ("store", "append")]
)
async def test_a_turn_fails_with_the_database_that_was_away_for_longer_than_it_waits(
    table: Table, monkeypatch: pytest.MonkeyPatch, part: str, name: str
) -> None:
    monkeypatch.setattr(workflow, "_FOR_A_MINUTE", RetryPolicy(maximum_attempts=1))
    steps = steps_of(table.desk)
    owner: Any = getattr(steps, part)
    whole = getattr(owner, name)

    async def is_away(*_: Any, **__: Any) -> Any:
        monkeypatch.setattr(owner, name, whole)
        raise StoreAway("the connection broke")

    session, turn_id = await table.begun()
    monkeypatch.setattr(owner, name, is_away)
    async with Worker(
        table.client,
        task_queue=table.queue,
        workflows=[PlayTurn],
        activities=TurnActivities(steps).all,
        workflow_runner=UnsandboxedWorkflowRunner(),  # it would read the policy anew
    ):
        await (await table.started(turn_id)).result()

    [*_, (_, kind, last)] = await table.updates.read(turn_id, after=0, wait_s=0)
    problem = problem_of(json.loads(last), is_of_turn=True)
    assert (kind, problem["type"], problem["status"]) == (
        "failed", "urn:tta:problem:StoreAway", 503,
    )  # fmt: skip
    assert problem["detail"] == message("store_was_away")
    assert (await table.desk.stories.resume(session.story_id)).state.turn == 1


def test_a_step_is_tried_again_for_as_long_as_a_failover_takes() -> None:
    tried = _FOR_A_MINUTE
    longest = tried.maximum_interval
    assert longest is not None
    waits = [
        min(tried.initial_interval * 2**number, longest)
        for number in range(tried.maximum_attempts - 1)
    ]
    assert sum(wait.total_seconds() for wait in waits) > 60
    assert longest.total_seconds() <= 4, "nor is it noticed late that it is there again"


@pytest.mark.parametrize("history", sorted(HISTORIES.glob("*.json")), ids=lambda path: path.stem)
async def test_a_turn_that_an_earlier_program_began_is_played_on(history: Path) -> None:
    """Red: turns in the middle break with a deploy; guard the change by ``workflow.patched``."""
    recorded = WorkflowHistory.from_json("a-turn", history.read_text())

    await Replayer(workflows=[PlayTurn]).replay_workflow(recorded)
