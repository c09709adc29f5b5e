"""What a program knows when it is started anew: budgets, quotas, answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.wired import GEMINI, PREMISE, open_at, play, rows
from tools.wire import WireServer

from tta_rebuild.bootstrap.application import open_application
from tta_rebuild.settings import ModelQuota, Server, Settings


@pytest.mark.parametrize("scope", ["story", "day", "total"])
async def test_budgets_go_on_after_a_restart_from_what_the_ledger_says(
    wire: WireServer, tmp_path: Path, scope: str
) -> None:
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        spent_usd = (await play(session)).cost_usd
    asked = len(wire.records)
    limit = {f"budget_{'total' if scope == 'total' else f'per_{scope}'}_usd": spent_usd * 1.01}
    async with open_at(wire, tmp_path, **limit) as application:
        session = await application.stories.resume(session.story_id, "main")
        seen = await play(session)

    assert len(wire.records) == asked
    assert any("the embedded storyteller has taken over" in said for said in seen.warnings)


async def test_a_new_session_has_its_own_budget(wire: WireServer, tmp_path: Path) -> None:
    for turn in range(2):
        async with open_at(wire, tmp_path, max_cost_usd=0.012) as application:
            session = await application.stories.open(PREMISE)
            assert (await play(session)).warnings == [], turn
    assert len(wire.records) == 2


async def test_a_daily_quota_goes_on_after_a_restart(wire: WireServer, tmp_path: Path) -> None:
    quotas = {GEMINI: ModelQuota(rpd=2)}
    for _ in range(3):
        async with open_at(wire, tmp_path, quotas=quotas, cache="off") as application:
            session = await application.stories.open(PREMISE)
            seen = await play(session)
    assert len(wire.records) == 2
    assert any("daily quota used up" in said for said in seen.warnings)


async def test_quotas_of_one_name_at_two_providers_do_not_meet(
    wire: WireServer, tmp_path: Path
) -> None:
    first, second = "here:same-name", "there:same-name"
    fields = {
        "servers": {
            name: Server(name=name, base_url=f"{wire.url}/v1") for name in ("here", "there")
        },
        "quotas": {first: ModelQuota(rpd=1), second: ModelQuota(rpd=1)},
        "chain": (first, second, "offline"),
        "model": "",
        "cache": "off",
    }
    settings = Settings(data_dir=tmp_path, **fields)  # type: ignore[arg-type]
    async with open_application(settings) as application:
        session = await application.stories.open(PREMISE)
        for _ in range(3):
            await play(session)
        booked = await rows(application)
    assert [(row.provider, row.cost_usd) for row in booked] == [("here", 0.0), ("there", 0.0)]


async def test_a_cache_on_disk_answers_after_a_restart(wire: WireServer, tmp_path: Path) -> None:
    shown = []
    for _ in range(2):
        async with open_at(wire, tmp_path, cache="disk") as application:
            session = await application.stories.open(PREMISE)
            seen = await play(session)
            shown.append(seen.shown)
            outcomes = [row.outcome for row in await rows(application)]
    assert len(wire.records) == 1
    assert shown[0] == shown[1]
    assert outcomes == ["ok", "cached"]
    assert seen.cost_usd == 0.0
