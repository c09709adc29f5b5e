"""What is logged for whoever runs a server; no word of a story and no token is in it."""

from __future__ import annotations

import logging
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from tests.integrations.fakes import ManualClock
from tests.server.accounts import accounts
from tests.server.serving import PASSAGES, HeldTeller, Running, running
from tta_rebuild.core.errors import ModelUnavailable
from tta_rebuild.core.redaction import Redactor
from tta_rebuild.server.app import ServerOptions
from tta_rebuild.server.limits import RequestLimits


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    """The log lines of the server, as a function of their level."""
    caplog.set_level(logging.INFO, logger="tta_rebuild.server")
    caplog.set_level(logging.INFO, logger="tta_rebuild.turns")

    def of(level: int = logging.INFO) -> list[str]:
        ours = ("tta_rebuild.server", "tta_rebuild.turns")
        found = [one for one in caplog.records if one.name in ours and one.levelno >= level]
        return [one.getMessage() for one in found]

    return of


async def test_who_is_refused_is_named_with_route_and_reason(tmp_path: Path, lines: Any) -> None:
    async with accounts(tmp_path) as there:
        await there.nobody.get("/stories/secret-title", headers={"Authorization": "Bearer tta_x"})
        await there.clients["anna"].get("/costs", params={"by": "story"})
        await there.nobody.get("/stories", headers={"Host": "evil.example\u00e9".encode()})
        await there.nobody.post("/stories", headers={"Origin": "https://evil.example"})
        await there.nobody.get("/nothing")

    assert lines() == [
        "401 NotSignedIn for GET /api/v1/stories/{story} from 127.0.0.1",
        "403 RoleRefused for GET /api/v1/costs from anna",
        "403 HostRefused for GET /api/v1/stories from 127.0.0.1 (host evil.example\\xc3\\xa9)",
        "403 OriginRefused for POST /api/v1/stories from 127.0.0.1 (origin https://evil.example)",
    ]


async def test_a_sender_who_asks_too_much_is_told_of_once_a_minute_with_the_count(
    tmp_path: Path, lines: Any
) -> None:
    clock = ManualClock()
    options = ServerOptions(limits=RequestLimits(requests_a_minute=4), clock=clock)  # type: ignore[arg-type]
    async with running(tmp_path, options=options) as served:
        for _ in range(8):
            await served.client.get("/stories/secret-title")
        first = lines(logging.WARNING)
        await clock.advance(61)
        for _ in range(8):
            await served.client.get("/stories/secret-title")

    said = "429 TooManyRequests for GET /api/v1/stories/{story} from 127.0.0.1"
    assert first == [said]
    assert lines(logging.WARNING) == [said, f"{said} and 6 more since the last line"]


async def test_a_turn_that_failed_or_was_cancelled_is_told_of_without_its_words(
    served: Running, lines: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert served.teller is not None
    branch = await served.story()
    served.teller.errors.append(ModelUnavailable("there is no model: Mara counts 101 boats"))
    await served.play(branch, kind="begin")
    served.teller.gate.clear()
    turn_id = (await served.ask(branch, kind="begin")).json()["turn_id"]
    async with aclosing(served.follow(turn_id)) as updates:
        await anext(updates)
        await served.client.delete(f"/turns/{turn_id}")

    failed, cancelled = lines()
    assert failed.endswith("(begin) failed with ModelUnavailable")
    assert cancelled.startswith(f"turn {turn_id} (begin) was abandoned: the turn was cancelled")
    ours = [one for one in caplog.records if one.name.startswith("tta_rebuild.")]
    assert not any("boats" in str(vars(one)) for one in ours if one.name != "tta_rebuild.model")


async def test_an_end_says_which_turns_were_finished_and_the_next_start_which_were_not(
    tmp_path: Path, lines: Any
) -> None:
    async with running(tmp_path, teller=HeldTeller(), grace_s=0.0) as served:
        assert served.teller is not None
        branch = await served.story()
        served.teller.gate.clear()
        turn = (await served.ask(branch, kind="begin")).json()
        await served.serving.runner.updates(turn["turn_id"], wait_s=5)
        notes = served.serving.runner._journal  # as a kill would leave it
        kept = await served.serving.runner.turn(turn["turn_id"])
        await served.serving.runner.drain(0.0)
        notes.write(kept)
    ended = lines()
    async with running(tmp_path, teller=HeldTeller()):
        pass

    assert ended[-1] == "stopping while 1 turns were played: 1 abandoned"
    assert lines()[-1] == "1 turns were being played at the end: 1 interrupted"


async def test_a_key_of_the_settings_stands_in_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = "a-name-that-is-a-key"
    monkeypatch.setattr("tta_rebuild.server.app.redactor_for", lambda settings: Redactor([word]))
    async with running(tmp_path) as served:
        story = (await served.story()).partition("/branches")[0]
        answer = await served.client.get(f"{story}/branches/{word}")

    assert answer.status_code == 404
    assert "branch" in answer.json()["detail"]
    assert word not in answer.text


async def test_a_defect_has_a_number_that_the_answer_and_the_log_share(
    served: Running, caplog: pytest.LogCaptureFixture, lines: Any
) -> None:
    async def broken(request: Any) -> Any:
        raise KeyError(f"{PASSAGES}")

    app: Any = served.server.config.app
    app.router.routes.insert(0, Route("/broken", broken))
    async with httpx.AsyncClient(trust_env=False) as web:
        answer = (await web.get(f"{served.address}/broken")).json()

    [said] = lines(logging.ERROR)
    assert said == f"defect {answer['error_id']}: KeyError in GET other"
    assert answer["error_id"] in answer["detail"]
