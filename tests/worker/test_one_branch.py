"""Two on one branch: the database lets one play; the other is told so, and where the story is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from tools.cluster import programs

from tests.engine.conftest import PREMISE
from tests.engine.turn_runner_contract import asks
from tests.worker.test_kill import Cluster
from tta_rebuild.engine.action import Action

pytestmark = pytest.mark.cluster

ROUNDS = 10


@pytest.fixture
async def servers(
    temporal: str, postgresql_database: str, tmp_path: Path
) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Two servers and two workers, that share all."""
    place = programs.Place(
        folder=tmp_path,
        database=postgresql_database,
        temporal=temporal,
        more={"TTA_MODEL": "offline"},
    )
    with ExitStack() as stack:
        there = [stack.enter_context(programs.server(place))[0] for _ in range(2)]
        for _ in range(2):
            stack.enter_context(programs.worker(place))
        clients = [
            httpx.AsyncClient(base_url=f"{at}/api/v1", timeout=60, trust_env=False) for at in there
        ]
        yield clients
        for client in clients:
            await client.aclose()


async def test_of_two_servers_asked_at_once_one_has_the_turn_played_and_both_know_the_present(
    servers: list[httpx.AsyncClient],
) -> None:
    one, other = servers
    story = (await one.post("/stories", json={"theme": "A lighthouse keeper's door."})).json()
    branch = f"/stories/{story['story_id']}/branches/main"
    wanted: dict[str, Any] = {"kind": "begin"}
    before = 0
    for number in range(ROUNDS):
        answers = await asyncio.gather(
            *(
                web.post(
                    f"{branch}/turns", json=wanted, headers={"Idempotency-Key": f"{number}-{who}"}
                )
                for who, web in enumerate(servers)
            )
        )
        by_status = {answer.status_code: answer.json() for answer in answers}
        assert sorted(by_status) == [202, 409]
        refused = by_status[409]
        assert refused["type"].endswith("BranchBusy")
        assert refused["detail"]
        assert refused["present"]["turn"] == before
        told = [
            (await web.get(f"/turns/{by_status[202]['turn_id']}/events")).text for web in servers
        ]
        assert told[0] == told[1], "both follow the turn that is played"
        assert "event: stored" in told[0]
        behind = wanted | {"position": refused["present"]["position"]}
        present = (await other.get(branch)).json()
        assert present["turn"] == (before := before + 1)
        if number:
            late = await other.post(
                f"{branch}/turns", json=behind, headers={"Idempotency-Key": f"{number}-late"}
            )
            assert late.status_code == 409
            assert late.json()["type"].endswith("PositionConflict")
            assert late.json()["present"]["turn"] == before
        wanted = {"kind": "choose", "choice": 1}


async def test_a_worker_that_was_not_first_stores_nothing_and_its_player_is_told(
    temporal: str, postgresql_database: str, tmp_path: Path
) -> None:
    cluster, elsewhere = Cluster(temporal, postgresql_database, tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = Cluster(temporal, postgresql_database, elsewhere)
    async with cluster.server() as (application, runner), other.server() as (unheld, _):
        session = await application.stories.open(PREMISE)
        await session.turn(Action.begin())
        held = cluster.hold("scene")
        with cluster.worker("slow"):
            turn = await runner.submit(asks(session))
            await runner.updates(turn.turn_id, wait_s=20)
            first = await unheld.stories.resume(session.story_id)
            await first.turn(Action.choose(2))
            held.unlink()
            updates = [one async for one in runner.tail(turn.turn_id)]
            again = await application.stories.resume(session.story_id)
            after = await runner.submit(asks(again, "k2"))
            on = [one async for one in runner.tail(after.turn_id)]
        path = await application.stories.path(session.story_id)

    assert updates[-1].kind == "failed"
    assert updates[-1].values["errors"][0] == "PositionConflict"
    assert again.state.turn == 2, "the present is what the other has stored"
    assert on[-1].values["turn"] == 3
    assert [one.turn for one in path if one.event.KIND == "scene_told"] == [1, 2, 3]
