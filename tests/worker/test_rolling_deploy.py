"""A deploy with a changed step while turns are told: all of them come to their end."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from tools.cluster.programs import Fleet, Place, at_the_models
from tools.wire import RunningWire

from tests.engine.conftest import PREMISE
from tests.engine.turn_runner_contract import asks
from tests.worker.changed_program import Guarded, Unguarded
from tests.worker.test_many_kills import Table, table_of
from tests.worker.test_workflow import HISTORIES

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
STORIES = 50


async def test_turns_that_are_told_during_a_deploy_are_stored(
    temporal: str, postgresql_database: str, tmp_path: Path
) -> None:
    with RunningWire(first_token_s=0.5, tokens_per_s=100, words=90) as wire:
        models = at_the_models(tmp_path, wire.url)
        place = Place(
            folder=tmp_path,
            database=postgresql_database,
            temporal=temporal,
            more={**models, "TTA_RUNNER": "temporal", "PYTHONPATH": str(ROOT)},
        )
        async with asyncio.timeout(120), table_of(place) as table, Fleet(place, 2) as fleet:
            stop = asyncio.Event()
            turns = list[str]()
            playing = [asyncio.create_task(play(table, turns, stop)) for _ in range(STORIES)]
            await asyncio.sleep(2)  # all are in the middle of a turn
            began_s = time.monotonic()
            await fleet.deploy("tests.worker.changed_program")
            took_s = time.monotonic() - began_s
            stop.set()
            ends = sum(await asyncio.gather(*playing), Counter[str]())
            steps = Counter([await is_patched(table, one) for one in turns])
    print(f"deployed in {took_s:.0f} s: {dict(ends)}; with the step more, without: {dict(steps)}")

    assert list(ends) == ["stored"]
    assert ends.total() >= 2 * STORIES
    assert steps[False] >= STORIES, "begun by the earlier program"
    assert steps[True] >= 1, "begun by the next one"


async def play(table: Table, turns: list[str], stop: asyncio.Event) -> Counter[str]:
    """A story's turns, until the deploy is over and one more: how they ended."""
    session = await table.application.stories.open(PREMISE)
    ends, how = Counter[str](), {"kind": "begin", "choice": 0}
    while True:
        is_last = stop.is_set()
        key = f"{session.story_id} {ends.total()}"
        turn = await table.asked(asks(session, key, **how))
        turns.append(turn.turn_id)
        async for update in table.runner.tail(turn.turn_id):
            kind = update.kind
        ends[kind] += 1
        how = {}
        if is_last:
            return ends


async def is_patched(table: Table, turn_id: str) -> bool:
    """Whether a turn's history has the step more."""
    history = await table.client.get_workflow_handle(turn_id).fetch_history()
    return "core_patch" in history.to_json()


@pytest.mark.parametrize("history", sorted(HISTORIES.glob("*.json")), ids=lambda path: path.stem)
async def test_a_turn_goes_on_where_the_change_is_guarded_and_there_alone(history: Path) -> None:
    recorded = WorkflowHistory.from_json("a-turn", json.loads(history.read_text()))

    await Replayer(workflows=[Guarded]).replay_workflow(recorded)
    with pytest.raises(workflow.NondeterminismError):
        await Replayer(workflows=[Unguarded]).replay_workflow(recorded)
