"""Whole stories through everything that bootstrap builds, told by a server on loopback.

The real SDKs, the real wrappers, SQLite, and the engine; only the address of the model is another.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tools.wire import Fault, WireServer

from tta_rebuild.bootstrap.application import Application, open_application
from tta_rebuild.core.events import ModelReplied
from tta_rebuild.core.secret import Secret
from tta_rebuild.core.story import CharacterSketch, Premise
from tta_rebuild.core.usage import Attempt
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.turn_events import (
    CostReported,
    PassageReleased,
    SceneRestarted,
    TurnEvent,
    TurnStored,
    TurnWarning,
)
from tta_rebuild.settings import ModelQuota, Server, Settings, load_settings

GEMINI = "gemini:gemini-3.5-flash-lite"
CLAUDE = "anthropic:claude-haiku-4-5"
ANY_KEY = Secret("any")
PREMISE = Premise(
    theme="A ferryman finds letters that are addressed to his passengers, from themselves.",
    characters=(CharacterSketch(character_id="companion", name="Orla", traits={"curious": 0.7}),),
)


@asynccontextmanager
async def open_at(wire: WireServer, folder: Path, **fields: Any) -> AsyncIterator[Application]:
    """A application whose models all live on the loopback server."""
    defaults: dict[str, Any] = {
        "model": GEMINI,
        "gemini_api_key": ANY_KEY,
        "anthropic_api_key": ANY_KEY,
        "openai_api_key": ANY_KEY,
        "gemini_base_url": wire.url,
        "anthropic_base_url": wire.url,
        "openai_base_url": f"{wire.url}/v1",
        "rate_limit_rpm": 100_000,
        "checks": "off",
    }
    settings = Settings(data_dir=folder, **(defaults | fields))
    async with open_application(settings) as application:
        yield application


@dataclass
class Seen:
    """What a player saw of one turn."""

    shown: list[str] = field(default_factory=list)
    restarts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    cost_usd: float = 0.0
    stored: bool = False

    def take(self, event: TurnEvent) -> None:
        if isinstance(event, PassageReleased):
            self.shown.append(event.passage.text)
        elif isinstance(event, SceneRestarted):
            self.restarts.append(event.reason)
            self.shown.clear()
        elif isinstance(event, TurnWarning):
            self.warnings.append(event.text)
        elif isinstance(event, CostReported):
            self.cost_usd = event.cost_usd
        elif isinstance(event, TurnStored):
            self.stored = True


def next_move(session: Session) -> Action:
    if not session.state.turn:
        return Action.begin()
    return Action.choose(1) if session.state.choices else Action.say("I go on to the landing")


async def play(session: Session, action: Action | None = None) -> Seen:
    seen = Seen()
    async for event in session.play(action or next_move(session)):
        seen.take(event)
    assert session.state.scene is not None
    assert seen.shown == [passage.text for passage in session.state.scene.passages]
    return seen


async def rows(application: Application) -> Sequence[Attempt]:
    await application.tracker.flush()
    return await application.ledger.attempts()


async def tellers(application: Application, session: Session) -> list[str]:
    """Which model told each turn, in order."""
    path = await application.stories.path(session.story_id)
    return [r.event.model for r in path if isinstance(r.event, ModelReplied)]


# ------------------------------------------------------------------------------ falling back


async def test_the_embedded_storyteller_takes_over_and_the_model_comes_back(
    wire: WireServer, tmp_path: Path
) -> None:
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        whole = await play(session)
        wire.faults.always(Fault("not_found"))
        without = await play(session)
        wire.faults.clear()
        again = await play(session)
        told_by = await tellers(application, session)

    assert whole.warnings == again.warnings == []
    assert any("the embedded storyteller has taken over" in said for said in without.warnings)
    assert without.shown
    assert all(turn.stored for turn in (whole, without, again))
    assert [name.partition(":")[0] for name in told_by] == ["gemini", "offline", "gemini"]


async def test_the_next_model_of_the_chain_comes_before_the_embedded_storyteller(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.faults.always(Fault("forbidden"), model="gemini-3.5-flash-lite")
    async with open_at(wire, tmp_path, chain=(GEMINI, CLAUDE, "offline")) as application:
        session = await application.stories.open(PREMISE)
        seen = await play(session)

    assert [record.protocol for record in wire.records] == ["gemini", "anthropic"]
    assert any(f"{CLAUDE} has taken over" in said for said in seen.warnings)


async def test_a_daily_quota_is_asked_once_and_the_story_goes_on(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.faults.always(Fault("daily_quota", retry_after_s=0.01))
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        turns = [await play(session) for _ in range(3)]

    assert len(wire.records) == 1
    assert all(turn.stored and turn.warnings for turn in turns)


async def test_when_the_budget_is_used_up_the_free_storyteller_tells_on_and_says_so(
    wire: WireServer, tmp_path: Path
) -> None:
    limit_usd = 0.012
    async with open_at(wire, tmp_path, max_cost_usd=limit_usd) as application:
        session = await application.stories.open(PREMISE)
        turns = [await play(session) for _ in range(12)]
        told_by = await tellers(application, session)
        booked_usd = sum(row.cost_usd for row in await rows(application))

    assert told_by[0].startswith("gemini:")
    assert told_by[-1].startswith("offline")
    assert all(turn.stored for turn in turns)
    assert "LLM_MAX_COST" in " ".join(turns[-1].warnings)
    marks = [said for turn in turns for said in turn.warnings if "100 % of the budget" in said]
    assert len(marks) == 1
    assert 0 < wire.billed_usd <= limit_usd
    assert booked_usd == pytest.approx(wire.billed_usd, abs=1e-9)


# ---------------------------------------------------------------------------- broken streams


async def test_a_scene_cut_in_the_middle_is_told_anew_and_never_doubled(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.faults.next(Fault("cut", after_pieces=30))
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        seen = await play(session)
        booked = await rows(application)

    assert len(seen.restarts) == 1
    assert len(set(seen.shown)) == len(seen.shown)
    assert [(row.attempt, row.outcome) for row in booked] == [(1, "broken"), (2, "ok")]
    assert all(row.cost_usd > 0 for row in booked)


async def test_a_refused_scene_is_asked_for_once_more_and_more_gently(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.faults.next(Fault("blocked"))
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        seen = await play(session)

    first, second = wire.records
    assert second.prompt_chars > first.prompt_chars
    assert seen.stored
    assert seen.warnings == []


async def test_a_scene_refused_twice_is_told_by_the_embedded_storyteller(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.faults.always(Fault("blocked"))
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        seen = await play(session)

    assert len(wire.records) == 2
    assert any("refused this for its content" in said for said in seen.warnings)


async def test_a_scene_cut_at_the_token_limit_keeps_its_whole_passages_and_says_so(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.faults.always(Fault("max_tokens", after_pieces=36))
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        seen = await play(session)

    assert seen.stored
    assert seen.shown
    assert seen.warnings
    assert session.state.scene is not None
    assert session.state.scene.degraded


# --------------------------------------------------------------------------------- leaving


async def test_a_turn_that_is_cancelled_closes_the_connection_and_books_what_was_sent(
    wire: WireServer, tmp_path: Path
) -> None:
    wire.settings.tokens_per_s = 300
    async with open_at(wire, tmp_path) as application:
        session = await application.stories.open(PREMISE)
        shown = asyncio.Event()

        async def sit() -> None:
            async with aclosing(session.play(Action.begin())) as events:
                async for event in events:
                    if isinstance(event, PassageReleased):
                        shown.set()

        turn = asyncio.create_task(sit())
        await shown.wait()
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
        await wire.settled()
        (row,) = await rows(application)
        assert session.state.turn == 0
        wire.settings.tokens_per_s = 0
        assert (await play(session)).stored

    record = wire.records[0]
    assert record.client_left
    assert record.pieces_sent < record.pieces_planned
    assert row.outcome == "cancelled"
    a_chunk = wire.settings.piece_chars / 4 * 2.5e-6
    assert row.cost_usd == pytest.approx(record.billed_usd, abs=2 * a_chunk)


# ------------------------------------------------------------------------- after a restart


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


# ------------------------------------------------------------------------------- by setting


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


# ---------------------------------------------------------------------- small and slow servers

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
