"""Where nobody plays turns: every face of a server says so with a problem of its own, in time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import openai
import pytest
from tools.cluster import servers

from tests.engine.turn_runner_contract import CRY
from tests.server.chat_clients import THEME, Door, opened
from tests.server.serving import HeldTeller, Machines
from tests.temporal_server import temporal_server
from tta_rebuild.engine import waiting_turns

pytestmark = pytest.mark.cluster

NO_WORKER = "urn:tta:problem:NoWorker"


def alone(temporal: str, database: str, folder: Path) -> Any:
    return opened(folder, HeldTeller(), Machines(temporal, database, has_worker=False))


async def given_up(door: Door) -> int:
    """What a server does every 20 s, once there is something to do."""
    waiting: Any = door.server.serving.runner
    async with asyncio.timeout(10):
        while not (count := await waiting._waiting.give_up()):  # noqa: ASYNC110 (a database)
            await asyncio.sleep(0.05)
    return int(count)


async def chat_refusal(door: Door, *, streams: bool) -> openai.APIStatusError | openai.APIError:
    chat = door.chat(streams=streams)
    with pytest.raises(openai.APIError) as refused:
        await chat.say(THEME)
    return refused.value


@pytest.mark.parametrize("streams", [False, True])
async def test_without_a_worker_for_a_while_turns_are_refused_as_an_outage_and_not_as_load(
    temporal: str,
    postgresql_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    streams: bool,
) -> None:
    async with alone(temporal, postgresql_database, tmp_path) as door:
        served = door.server
        first, second = [await served.story() for _ in range(2)]
        waits = await served.ask(first, kind="begin")  # one may be on its way
        async with asyncio.timeout(10):  # a look that took over a second has seen nothing
            while (await served.client.get("/health")).json()["queue"]["workers"] != 0:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        monkeypatch.setattr(waiting_turns, "MISSED_S", 0.0)
        refused = await served.ask(second, kind="begin")
        paused = (await served.ask(second, kind="say", text=CRY)).json()
        chat = await chat_refusal(door, streams=streams)
        health = (await served.client.get("/health")).json()

    assert waits.json()["state"] == "running"
    assert (refused.status_code, refused.json()["type"]) == (503, NO_WORKER)
    assert int(refused.headers["Retry-After"]) == refused.json()["retry_after_s"] > 0
    assert paused["state"] == "paused", "a cry for help waits for no worker"
    assert isinstance(chat, openai.InternalServerError)
    assert (chat.status_code, chat.code) == (503, "NoWorker")
    assert int(chat.response.headers["Retry-After"]) > 0
    assert (health["status"], health["queue"]["workers"]) == ("no worker", 0)


@pytest.mark.parametrize("streams", [False, True])
async def test_a_turn_that_no_worker_took_in_time_fails_and_its_readers_hear_why(
    temporal: str,
    postgresql_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    streams: bool,
) -> None:
    async with alone(temporal, postgresql_database, tmp_path) as door:
        served = door.server
        branch = await served.story()
        asked = (await served.ask(branch, "k", kind="begin")).json()
        following = asyncio.create_task(served.client.get(f"/turns/{asked['turn_id']}/events"))
        chatting = asyncio.create_task(chat_refusal(door, streams=streams))
        async with asyncio.timeout(10):
            while len(await served.serving.application.store.turns().running()) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        runner: Any = served.serving.runner
        young = await runner._waiting.give_up()
        monkeypatch.setattr(waiting_turns, "WAITS_S", 0.0)
        count = await given_up(door)
        events, chat = (await following).text, await chatting
        turn = (await served.client.get(f"/turns/{asked['turn_id']}")).json()
        repeated = (await served.ask(branch, "k", kind="begin")).json()
        again = await served.ask(branch, "k", kind="begin", again=True)

    assert (young, count) == (0, 2)
    assert "event: failed" in events
    assert NO_WORKER in events
    assert '"status":503' in events.replace(" ", "")
    assert turn["state"] == "failed"
    assert chat.code == "NoWorker"
    assert '\\"again\\": true' in events, "what its problem says is what plays it"
    assert (repeated["turn_id"], repeated["can_repeat"]) == (asked["turn_id"], True)
    assert (again.status_code, again.json()["state"]) == (202, "running")
    assert again.json()["turn_id"] != asked["turn_id"]


async def test_what_waits_while_temporal_is_away_fails_as_that(
    postgresql_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with temporal_server(servers.free_port()) as (address, process):
        async with alone(address, postgresql_database, tmp_path) as door:
            served = door.server
            asked = (await served.ask(await served.story(), kind="begin")).json()
            process.kill()
            process.wait()
            chat = await chat_refusal(door, streams=True)
            monkeypatch.setattr(waiting_turns, "WAITS_S", 0.0)
            await given_up(door)
            events = (await served.client.get(f"/turns/{asked['turn_id']}/events")).text

    assert isinstance(chat, openai.InternalServerError)
    assert (chat.status_code, chat.code) == (503, "NoTemporal")
    assert "event: failed" in events
    assert "urn:tta:problem:NoTemporal" in events
