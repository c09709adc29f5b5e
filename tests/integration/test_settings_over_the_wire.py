"""What is set reaches the models: routes, checks, servers of one's own, and their windows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.integration.wired import CLAUDE, PREMISE, open_at, play, rows, tellers
from tools.wire import Fault, WireServer

from tta_rebuild.bootstrap.application import open_application
from tta_rebuild.settings import Server, Settings, load_settings


async def test_tasks_go_where_their_route_says_and_checks_are_one_call_a_turn(
    wire: WireServer, tmp_path: Path
) -> None:
    fields = {"checks": "choices", "routes": {"branch_check": CLAUDE}}
    async with open_at(wire, tmp_path, **fields) as application:
        session = await application.stories.open(PREMISE)
        seen = await play(session)
        booked = await rows(application)

    assert [(row.task, row.provider) for row in booked] == [
        ("scene", "gemini"),
        ("branch_check", "anthropic"),
    ]
    assert [record.protocol for record in wire.records] == ["gemini", "anthropic"]
    assert seen.cost_usd == pytest.approx(sum(row.cost_usd for row in booked))


async def test_a_check_that_fails_leaves_the_turn_whole(wire: WireServer, tmp_path: Path) -> None:
    wire.faults.always(Fault("not_found"), model="claude-haiku-4-5")
    fields = {"checks": "choices", "routes": {"branch_check": CLAUDE}}
    async with open_at(wire, tmp_path, **fields) as application:
        session = await application.stories.open(PREMISE)
        seen = await play(session)
    assert seen.stored
    assert session.state.choices


async def test_settings_from_env_and_file_reach_the_wire(wire: WireServer, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "TTA_MODEL=studio:small-model\nTTA_MAX_TOKENS=777\nTTA_TEMPERATURE=0.25\n"
        "TTA_CONFIG=tta.toml\nTTA_CHECKS=choices\nTTA_DATA_DIR=stories\n",
        encoding="utf-8",
    )
    (tmp_path / "tta.toml").write_text(f'[servers]\nstudio = "{wire.url}/v1"\n', encoding="utf-8")
    settings = load_settings({}, tmp_path)
    async with open_application(settings) as application:
        session = await application.stories.open(PREMISE)
        await play(session)
        booked = await rows(application)

    assert [record.model for record in wire.records] == ["small-model"] * 2
    assert wire.records[0].body["max_tokens"] == 777
    assert wire.records[0].body["temperature"] == 0.25
    assert {row.provider for row in booked} == {"studio"}
    assert (tmp_path / "stories" / "stories.db").is_file()


async def test_local_finds_the_users_own_server_on_this_machine(
    wire: WireServer, tmp_path: Path
) -> None:
    settings = Settings(
        data_dir=tmp_path,
        model="local:large-model",
        servers={"studio": Server(name="studio", base_url=f"{wire.url}/v1")},
    )
    async with open_application(settings) as application:
        session = await application.stories.open(PREMISE)
        await play(session)
        assert application.models == ("studio:large-model", "offline")
    assert wire.records[0].model == "large-model"


STUDIO = "studio:small-model"


def studio(wire: WireServer) -> dict[str, Any]:
    server = Server(name="studio", base_url=f"{wire.url}/v1")
    return {"model": STUDIO, "servers": {"studio": server}}


async def test_what_had_come_when_a_server_goes_silent_is_told_and_the_turn_says_so(
    wire: WireServer, tmp_path: Path
) -> None:
    async with open_at(wire, tmp_path, silence_timeout_s=0.3, **studio(wire)) as application:
        session = await application.stories.open(PREMISE)
        whole = await play(session)
        wire.faults.next(Fault("stall", after_pieces=24))
        cut = await play(session)

    assert whole.warnings == []
    assert cut.stored
    assert cut.shown
    assert all(text[-1] in ".!?…" for text in cut.shown)
    said = " ".join(cut.warnings)
    assert re.search(r"small-model went silent after \d+ words \(none for 0\.3 s\)", said)
    assert "the reply broke off" in said
    assert not cut.restarts


async def test_a_scene_may_take_longer_than_the_limit_on_its_first_piece(
    wire: WireServer, tmp_path: Path
) -> None:
    async with open_at(wire, tmp_path, timeout_s=1.0, **studio(wire)) as application:
        session = await application.stories.open(PREMISE)
        await play(session)  # loads the SDK
        wire.settings.tokens_per_s = 150
        slow = await play(session)
        await wire.settled()

    ended_at = wire.records[-1].ended_at
    assert ended_at is not None
    assert ended_at - wire.records[-1].at > 1.2
    assert slow.warnings == []


@pytest.mark.parametrize("kind", ["proxy_too_large", "llamacpp_too_large"])
async def test_a_prompt_is_fitted_to_the_window_that_a_server_names(
    wire: WireServer, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.wire.openai.OpenAI.window", 1_900)
    async with open_at(wire, tmp_path, **studio(wire)) as application:
        session = await application.stories.open(PREMISE)
        for _ in range(4):
            await play(session)
        wire.faults.next(Fault(kind))
        fitted = await play(session)
        again = await play(session)
        told_by = await tellers(application, session)

    assert set(told_by) == {STUDIO}
    said = " ".join(fitted.warnings)
    assert "to fit a context of 1900 tokens this was left out: " in said
    assert "to fit a context of 1900 tokens" in " ".join(again.warnings)
    assert wire.records[-1].prompt_chars < wire.records[-3].prompt_chars
    assert wire.records[-1].status == 200


async def test_a_window_that_is_set_is_kept_to_from_the_first_call(
    wire: WireServer, tmp_path: Path
) -> None:
    async with open_at(wire, tmp_path, windows={STUDIO: 3_000}, **studio(wire)) as application:
        session = await application.stories.open(PREMISE)
        for _ in range(4):
            await play(session)

    for record in wire.records:
        assert record.prompt_chars / 3.5 + record.body["max_tokens"] <= 3_000
