"""Tokens and sessions: signing in and out, until when they are good, and who gives them."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.server.accounts import Accounts, accounts, token
from tests.server.serving import API, THEME, Running
from tta_rebuild.core.clock import Clock


class SetClock(Clock):
    """A clock whose wall is set by hand."""

    at = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def wall(self) -> datetime:
        return self.at


async def test_a_browser_signs_in_with_a_token_and_out_again(there: Accounts) -> None:
    async with httpx.AsyncClient(
        base_url=f"{there.server.address}{API}", trust_env=False
    ) as browser:
        wrong = await browser.post("/session", json={"token": "tta_wrong"})
        signed = await browser.post("/session", json={"token": there.secrets["anna"]})
        cookie = signed.headers["set-cookie"]
        who = (await browser.get("/session")).json()
        stories = await browser.get("/stories")
        from_nowhere = await browser.post("/stories", json={"theme": "A lighthouse keeper."})
        own = {"Origin": there.server.address}
        ours = await browser.post("/stories", json={"theme": "A lighthouse keeper."}, headers=own)
        away = {"Origin": "http://evil.example"}
        evil = await browser.post("/stories", json={"theme": "A lighthouse keeper."}, headers=away)
        kept = browser.cookies.get("tta_session") or ""
        nested = await browser.post("/session", json={"token": kept}, headers=own)
        out = await browser.delete("/session", headers=own)
        late = await there.nobody.get("/stories", headers={"Cookie": f"tta_session={kept}"})

    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    assert there.secrets["anna"] not in cookie
    assert (who["player"], who["role"], who["accounts"]) == ("anna", "player", True)
    assert [stories.status_code, ours.status_code] == [200, 201]
    assert [from_nowhere.status_code, evil.status_code] == [403, 403]
    assert nested.status_code == 401, "a session makes no other session"
    assert out.status_code == 204
    assert late.status_code == 401
    assert (await there.clients["anna"].get("/stories")).status_code == 200


async def test_a_token_expires_is_revoked_and_notes_when_it_was_used(tmp_path: Path) -> None:
    clock = SetClock()
    async with accounts(tmp_path, clock) as there:
        ends = {"created_at": clock.at, "expires_at": clock.at + timedelta(days=1)}
        secret = await token(there.server, "dora", **ends)
        headers = {"Authorization": f"Bearer {secret}"}
        first = await there.nobody.get("/stories", headers=headers)
        listed = (await there.clients["olga"].get("/tokens")).json()["tokens"]
        clock.at += timedelta(seconds=59)
        await there.nobody.get("/stories", headers=headers)
        soon_listed = (await there.clients["olga"].get("/tokens")).json()["tokens"]
        clock.at += timedelta(seconds=1)
        signed = await there.nobody.post("/session", json={"token": secret})
        clock.at += timedelta(days=1)
        late = await there.nobody.get("/stories", headers=headers)

        gone = await there.clients["olga"].delete("/tokens/ben")
        revoked = await there.clients["ben"].get("/stories")
        again = await there.clients["olga"].delete("/tokens/ben")

    dora, soon = (
        next(one for one in rows if one["player_id"] == "dora") for rows in (listed, soon_listed)
    )
    assert soon["used_at"] == dora["used_at"], "noted to the minute, not at every request"
    assert "Max-Age=86340" in signed.headers["set-cookie"], "no longer than its token"
    assert (first.status_code, late.status_code) == (200, 401)
    assert dora["used_at"].startswith("2026-05-01T12:00")
    assert not [one for one in listed if "secret" in one]
    assert (gone.status_code, revoked.status_code, again.status_code) == (200, 401, 404)


async def test_a_stream_breaks_off_once_its_token_is_revoked(tmp_path: Path) -> None:
    async with accounts(tmp_path, looked_s=0.02) as there:
        anna, ben = there.of("anna"), there.of("ben")
        assert there.server.teller is not None
        there.server.teller.gate.clear()
        turn_ids = {}
        for name, player in (("anna", anna), ("ben", ben)):
            asked = await player.ask(await player.story(), kind="begin")
            turn_ids[name] = asked.json()["turn_id"]
        async with aclosing(ben.follow(turn_ids["ben"])) as others:
            async with aclosing(anna.follow(turn_ids["anna"])) as updates:
                first = await anext(updates)
                await there.clients["olga"].delete("/tokens/anna")
                async with asyncio.timeout(5):
                    rest = [update async for update in updates]
            path = f"/turns/{turn_ids['anna']}/events"
            headers = {"Last-Event-ID": str((rest or [first])[-1].number)}
            resumed = await anna.client.get(path, headers=headers)
            there.server.teller.gate.set()
            told = [update.kind async for update in others]
        turn = await there.server.serving.runner.turn(turn_ids["anna"])

    assert "stored" not in [update.kind for update in rest]
    assert resumed.status_code == 401
    assert told[-1] == "stored"
    assert turn.state != "failed"


@pytest.mark.parametrize("streams", [True, False])
async def test_an_answer_to_a_chat_client_breaks_off_once_its_token_is_revoked(
    tmp_path: Path, streams: bool
) -> None:
    async with accounts(tmp_path, looked_s=0.02) as there:
        assert there.server.teller is not None
        there.server.teller.gate.clear()
        url = f"{there.server.address}/v1/chat/completions"
        asked = {"model": "tta", "messages": [{"role": "user", "content": THEME}]}
        told = {}

        async def follow(name: str) -> None:
            sent = asked | {"stream": streams}
            async with there.clients[name].stream("POST", url, json=sent) as answer:
                told[name] = answer.status_code, (await answer.aread()).decode()

        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            ben = group.create_task(follow("ben"))
            anna = group.create_task(follow("anna"))
            while (await there.clients["olga"].get("/health")).json()["turns_running"] < 2:
                pass
            await there.clients["olga"].delete("/tokens/anna")
            await anna
            assert not ben.done()
            there.server.teller.gate.set()

    status, text = told["anna"]
    assert status == (200 if streams else 401)
    error = json.loads(text.strip().rpartition("data: ")[2])["error"]
    assert error["code"] == "invalid_api_key"
    assert "[DONE]" not in text
    assert '"stop"' not in text
    assert told["ben"][0] == 200
    assert '"stop"' in told["ben"][1]


async def test_an_operator_gives_a_token_and_it_opens_the_door(there: Accounts) -> None:
    made = await there.clients["olga"].post("/tokens", json={"player": "dora", "days": 7})
    headers = {"Authorization": f"Bearer {made.json()['secret']}"}

    who = (await there.nobody.get("/session", headers=headers)).json()

    assert made.status_code == 201
    assert (who["player"], who["role"]) == ("dora", "player")


async def test_the_last_operators_token_is_not_revoked_over_http(there: Accounts) -> None:
    olga = there.clients["olga"]
    refused = await olga.delete("/tokens/olga")
    still = await olga.get("/tokens")
    otto = await olga.post("/tokens", json={"player": "otto", "role": "operator"})
    taken = await olga.delete("/tokens/olga")

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:tta:problem:LastOperator")
    assert "POST /api/v1/tokens" in refused.json()["do"]
    assert still.status_code == 200
    assert (otto.status_code, taken.status_code) == (201, 200)
    assert (await olga.get("/tokens")).status_code == 401


async def test_without_accounts_nobody_is_asked_and_no_token_is_made(served: Running) -> None:
    branch = await served.story()
    who = (await served.client.get("/session")).json()
    made = await served.client.post("/tokens", json={"player": "anna"})
    bearer = {"Authorization": "Bearer whatever a client sends"}

    assert (who["accounts"], who["role"]) == (False, "operator")
    assert made.status_code == 409
    assert (await served.client.get(branch, headers=bearer)).status_code == 200
