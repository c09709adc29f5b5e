"""A player in need is answered by the server itself: no worker, slot or Temporal is waited for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tools.cluster import servers

import tta_rebuild as tta
from tests.engine.conftest import PREMISE, Desk, HeldStoryteller
from tests.engine.test_turn_pauses import LIKELY
from tests.engine.turn_runner_contract import CRY, asks
from tests.server.chat_clients import Chat, Door, opened
from tests.server.serving import HeldTeller, Machines, working
from tests.temporal_server import temporal_server
from tests.worker.test_slots import opened as with_slots
from tta_rebuild.engine import turn_workflows
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.session_cache import SessionCache
from tta_rebuild.engine.turn_runner import RunningTurn
from tta_rebuild.storage.memory_store import MemoryStoryStore

pytestmark = pytest.mark.cluster

THEME = "Mara keeps the lighthouse. She finds a door under the stairs."
AT_ONCE_S = 10.0
"""Far above what a note takes; a turn without a worker never ends."""


@asynccontextmanager
async def left_alone(
    temporal: str, database: str, folder: Path
) -> AsyncIterator[tuple[Door, Chat, Callable[[], AbstractAsyncContextManager[None]]]]:
    """A server whose worker has gone, a chat whose opening it has told, and what brings another."""
    machines, teller = Machines(temporal, database, has_worker=False), HeldTeller()
    settings = tta.Settings(data_dir=folder, country="DE", **machines.settings)
    async with opened(folder, teller, machines) as door:
        chat = door.chat()
        work = partial(working, settings, provider=teller, has_fallback=False)
        async with work():
            await chat.say(THEME)
        yield door, chat, work


async def test_without_a_worker_the_web_api_answers_a_cry_at_once(
    temporal: str, postgresql_database: str, tmp_path: Path
) -> None:
    async with left_alone(temporal, postgresql_database, tmp_path) as (door, chat, work):
        served, branch = door.server, f"/stories/{chat.story}/branches/main"
        async with asyncio.timeout(AT_ONCE_S):
            paused = (await served.ask(branch, "k1", kind="say", text=CRY)).json()
            seen = [update async for update in served.follow(paused["turn_id"])]
            same = (await served.ask(branch, "k1", kind="say", text=CRY)).json()
            on = (await served.ask(branch, "k2", kind="say", text=CRY, after_note=True)).json()
            present: Any = (await served.client.get(branch)).json()
        queue = await served.serving.runner.queue()
        async with work():
            told = [update async for update in served.follow(on["turn_id"])]

    assert (paused["state"], same["turn_id"]) == ("paused", paused["turn_id"])
    assert [(one.number, one.kind) for one in seen] == [(1, "paused")]
    assert seen[0].data["help_lines"]
    assert seen[0].data["go_on"]["after_note"] is True
    assert (on["state"], queue and queue.waiting) == ("running", 1), "that waits, as any turn does"
    assert (present["turn"], told[-1].kind, told[-1].data["turn"]) == (1, "stored", 2)


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("words", [CRY, f"/ask Mara, {CRY}", f"/end {CRY}"])
async def test_without_a_worker_a_chat_client_is_answered_at_once(
    temporal: str, postgresql_database: str, tmp_path: Path, words: str, streams: bool
) -> None:
    async with left_alone(temporal, postgresql_database, tmp_path) as (_, chat, _):
        chat.streams = streams
        async with asyncio.timeout(AT_ONCE_S):
            note = await chat.say(words)

    assert "/go-on" in note
    assert re.search(r"\*\*.+\*\*: .*\d", note), "whom one can reach"


async def test_where_every_slot_is_taken_a_cry_does_not_wait_for_one(temporal: str) -> None:
    async with with_slots(temporal, most_turns=1) as played:
        busy, other = [await played.begun() for _ in range(2)]
        played.gate.clear()
        held = await played.runner.submit(asks(busy, "k0"))
        assert await played.runner.updates(held.turn_id, wait_s=10)
        async with asyncio.timeout(AT_ONCE_S):
            cry = asks(other, "k1", kind="say", choice=0, text=CRY)
            paused = await played.told(await played.runner.submit(cry))
            again = await played.told(await played.runner.submit(cry, again=True))
        played.gate.set()
        await played.told(held)
        on = asks(other, "k2", kind="say", choice=0, text=CRY, after_note=True)
        went_on = await played.told(await played.runner.submit(on))
        report = await played.stories.replay(other.story_id)

    assert [update.kind for update in (*paused, *again)] == ["paused"] * 2
    assert (went_on[-1].kind, went_on[-1].values["turn"]) == ("stored", 2)
    assert report.agrees, report.difference


async def test_while_temporal_is_away_a_cry_is_answered_and_any_other_move_is_not_begun(
    postgresql_database: str, tmp_path: Path
) -> None:
    with temporal_server(servers.free_port()) as (address, process):
        async with left_alone(address, postgresql_database, tmp_path) as (door, chat, _):
            served, branch = door.server, f"/stories/{chat.story}/branches/main"
            process.kill()
            process.wait()
            async with asyncio.timeout(AT_ONCE_S):
                note = await chat.say(CRY)
                paused = (await served.ask(branch, kind="say", text=CRY)).json()
                seen = [update.kind async for update in served.follow(paused["turn_id"])]
            refused = await served.ask(branch, kind="choose", choice=1)

    assert "/go-on" in note
    assert (paused["state"], seen) == ("paused", ["paused"])
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:tta:problem:NoTemporal")


@asynccontextmanager
async def nobody(temporal: str, checks: Any = "off") -> AsyncIterator[tuple[Any, Session]]:
    """A runner whose turns nobody takes, and a story whose opening is told."""
    from temporalio.client import Client

    from tta_rebuild.engine.temporal_runner import TemporalRunner

    desk = Desk(HeldStoryteller(), MemoryStoryStore(), checks=checks)
    session = await desk.stories.open(PREMISE)
    async for _ in session.play(Action.begin()):
        pass
    async with TemporalRunner(
        await Client.connect(temporal),
        desk.stories,
        desk.store,
        desk.store.turn_updates(),
        SessionCache(desk.stories),
        new_id=lambda: uuid4().hex,
        queue=uuid4().hex,
    ) as runner:
        yield runner, session


async def kinds(runner: Any, turn: RunningTurn) -> list[str]:
    return [update.kind async for update in runner.tail(turn.turn_id)]


async def test_what_a_reader_would_judge_waits_for_it_but_not_for_a_temporal_that_is_away() -> None:
    with temporal_server(servers.free_port()) as (address, process):
        async with nobody(address, "all") as (runner, session):
            likely = asks(session, kind="say", choice=0, text=LIKELY)
            other = replace(likely, key="k2", branch_id=f"{session.story_id}.2")
            waits = (await runner.submit(other)).state
            process.kill()
            process.wait()
            paused = await runner.submit(likely)
            seen = await kinds(runner, paused)

    assert (waits, paused.state, seen) == ("running", "paused", ["paused"])


async def test_a_cry_is_answered_though_another_turn_began_in_that_very_moment(
    temporal: str,
) -> None:
    async with nobody(temporal) as (runner, session):
        first = await runner.submit(asks(session))

        async def none(branch_id: str) -> None:
            return None

        runner._played_on = none
        paused = await runner.submit(asks(session, "k2", kind="say", choice=0, text=CRY))

        assert await kinds(runner, paused) == ["paused"]
        assert (await runner.turn(first.turn_id)).state == "running"


async def test_a_cry_is_answered_though_something_was_stored_in_that_very_moment(
    temporal: str,
) -> None:
    async with nobody(temporal) as (runner, session):
        keep = runner._records.keep_outcome

        async def meanwhile(turn_id: str, outcome: Any) -> None:
            await keep(turn_id, outcome)
            await session.tighten({"gore": "none"})

        runner._pauses._records.keep_outcome = meanwhile
        paused = await runner.submit(asks(session, "k2", kind="say", choice=0, text=CRY))
        await session.refresh()

        assert (paused.state, await kinds(runner, paused)) == ("paused", ["paused"])
        assert session.state.premise.boundaries["gore"] == "none"


async def test_to_cancel_a_turn_that_nobody_takes_is_given_up_in_time(
    temporal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_workflows, "PATIENCE", timedelta(seconds=3))
    async with nobody(temporal) as (runner, session), asyncio.timeout(AT_ONCE_S):
        turn = await runner.submit(asks(session))

        assert (await runner.cancel(turn.turn_id)).state == "running"
