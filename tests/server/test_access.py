"""Nobody reads or changes what is another's, through any route; roles, sessions, links, tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from tests.server.accounts import Accounts, accounts, token
from tests.server.serving import API, THEME, Running
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.server.access import operations
from tta_rebuild.server.app import create_app

SECRET_WORDS = "the cellar of the third lighthouse"


class SetClock(Clock):
    """A clock whose wall is set by hand."""

    at = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def wall(self) -> datetime:
        return self.at


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Accounts]:
    async with accounts(tmp_path) as made:
        yield made


@pytest.fixture
async def annas(there: Accounts) -> dict[str, str]:
    """What a path may name of Anna's: a story of two turns, the last of them still known."""
    anna = there.of("anna")
    branch = await anna.story(theme=f"A keeper looks for {SECRET_WORDS}.", title=SECRET_WORDS)
    await anna.play(branch, kind="begin")
    asked = await anna.ask(branch, kind="choose", choice=1)
    [_ async for _ in anna.follow(asked.json()["turn_id"])]
    story = branch.split("/")[2]
    link = (await anna.client.post(f"/stories/{story}/shares")).json()
    return {
        "story": story,
        "branch": "main",
        "turn_id": asked.json()["turn_id"],
        "share_id": link["share_id"],
        "secret": link["secret"],
        "character_id": "mara",
        "name": "id-anna",
        "number": "1",
    }


async def document(server: Running) -> dict[str, Any]:
    found: dict[str, Any] = (await server.client.get("/openapi.json")).json()
    return found


BODIES: dict[str, Any] = {
    "PATCH /api/v1/stories/{story}": {"title": "Mine now"},
    "POST /api/v1/stories/{story}/branches": {"turn": 1},
    "POST /api/v1/stories/{story}/branches/{branch}/undo": {"turns": 1},
    "POST /api/v1/stories/{story}/branches/{branch}/turns": {"kind": "choose", "choice": 1},
    "POST /api/v1/stories/{story}/branches/{branch}/asides": {"text": "Mara, where is it?"},
    "POST /api/v1/stories/{story}/branches/{branch}/validate": {"choices": []},
    "PATCH /api/v1/stories/{story}/branches/{branch}/boundaries": {"gentler": True},
    "POST /api/v1/stories/{story}/branches/{branch}/ratings": {"rating": 1},
    "POST /api/v1/stories/{story}/branches/{branch}/retcons": {
        "claim": {"subject": "mara", "relation": "alive", "value": "true"},
        "how": "keep",
    },
    "PATCH /api/v1/stories/{story}/branches/{branch}/lines/{number}": {"becomes": "Mine."},
    "PUT /api/v1/stories/{story}/budget": {"usd": 1.0},
}


async def sent(
    client: httpx.AsyncClient, operation: str, names: dict[str, str], **more: Any
) -> httpx.Response:
    """Ask for an operation on what is named."""
    method, path = operation.split(" ")
    return await client.request(
        method,
        path.removeprefix(API).format(**names),
        params={"one": "main", "other": f"{names['story']}.1"} if "compare" in path else None,
        json=BODIES.get(operation),
        headers={"Idempotency-Key": "theirs"} | more.pop("headers", {}),
    )


def naming(rules: dict[str, str]) -> list[str]:
    """The operations whose path names a story or a turn."""
    return [one for one in rules if "{story}" in one or "{turn_id}" in one]


RULES: dict[str, str] = dict(packaged_toml("tta_rebuild.server", "access"))


async def test_every_route_has_a_rule_and_every_rule_a_route(served: Running) -> None:
    app = create_app(served.serving)
    found = {
        operation
        for (endpoint, _), operation in operations(app).items()
        if endpoint is not None and operation != f"HEAD {API}/openapi.json"
    } - {f"GET {API}/openapi.json"}

    assert found - set(RULES) == set(), "a route without a rule: say in access.toml who may ask"
    assert set(RULES) - found == set(), "a rule for a route that is not there"
    plain = [
        route.path
        for route in iter_route_contexts(app.routes)
        if not isinstance(route.original_route, APIRoute)
    ]
    assert set(plain) <= {f"{API}/openapi.json", ""}, "a route that its rule does not guard"


async def test_a_route_without_a_rule_is_refused_to_all(served: Running) -> None:
    app = create_app(served.serving)

    async def new() -> str:
        return "open"

    app.router.routes.insert(0, APIRoute("/api/v1/new", new, dependencies=app.router.dependencies))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/api/v1/new")

    assert answer.status_code == 403
    assert answer.json()["type"].endswith("NoRule")


@pytest.mark.parametrize("operation", naming(RULES))
async def test_no_route_gives_another_players_story_or_a_sign_that_it_is_there(
    there: Accounts, annas: dict[str, str], operation: str
) -> None:
    anna, path = there.clients["anna"], f"/stories/{annas['story']}"
    before = (await anna.get(f"{path}/export")).text
    absent = annas | {"story": "0" * 12, "turn_id": "0" * 32}

    for name in ("ben", "cleo", "olga"):
        answer = await sent(there.clients[name], operation, annas)
        none = await sent(there.clients[name], operation, absent)
        assert answer.status_code == none.status_code, (name, answer.text)
        assert answer.status_code in (403, 404), (name, answer.text)
        assert answer.status_code == 404 or RULES[operation] in ("author", "operator")
        assert SECRET_WORDS not in answer.text
        assert answer.text.replace(annas["story"], "0" * 12) == none.text
    nobody = await sent(there.nobody, operation, annas)
    assert nobody.status_code == 401
    assert nobody.headers["WWW-Authenticate"] == "Bearer"

    assert (await anna.get(f"{path}/export")).text == before
    assert len((await anna.get(f"{path}/shares")).json()["shares"]) == 1
    assert (await anna.get(path)).status_code == 200


async def test_a_list_holds_ones_own_stories_alone(there: Accounts, annas: dict[str, str]) -> None:
    await there.of("ben").story()
    lists = {
        name: [one["story_id"] for one in (await client.get("/stories")).json()["stories"]]
        for name, client in there.clients.items()
    }
    found = (await there.clients["ben"].get("/stories", params={"title": "lighthouse"})).json()

    assert lists["anna"] == [annas["story"]]
    assert len(lists["ben"]) == 1
    assert annas["story"] not in lists["ben"]
    assert lists["cleo"] == lists["olga"] == []
    assert annas["story"] not in str(found)


async def test_a_branch_of_another_story_is_not_reached_through_ones_own(
    there: Accounts, annas: dict[str, str]
) -> None:
    ben, hers = there.of("ben"), f"{annas['story']}.1"
    own = (await ben.story()).split("/")[2]
    client = ben.client
    answers = [
        await client.get(f"/stories/{own}/branches/{hers}"),
        await client.get(f"/stories/{own}/branches/{hers}/events"),
        await client.get(f"/stories/{own}/compare", params={"one": "main", "other": hers}),
        await client.get(f"/stories/{own}/map/titles", params={"branch": hers}),
        await client.get(f"/stories/{own}/export", params={"format": "markdown", "branch": hers}),
        await client.post(f"/stories/{own}/branches", json={"turn": 1, "branch": hers}),
    ]

    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert not [answer for answer in answers if SECRET_WORDS in answer.text]


async def test_the_same_key_of_two_players_is_two_turns(there: Accounts) -> None:
    turns = []
    for name in ("anna", "ben"):
        player = there.of(name)
        asked = await player.ask(await player.story(), "same", kind="begin")
        turns.append(asked.json())

    assert turns[0]["turn_id"] != turns[1]["turn_id"]
    assert [turn["key"] for turn in turns] == ["same", "same"]


@pytest.mark.parametrize("operation", [one for one in RULES if RULES[one] == "operator"])
async def test_what_is_for_operators_is_refused_to_players(
    there: Accounts, annas: dict[str, str], operation: str
) -> None:
    body: Any = {"player": "dora"} if operation.startswith("POST") else None
    body = {"usd_a_day": 1.0} if operation.startswith("PUT") else body
    body = BODIES.get(operation, body)
    method, path = operation.split(" ")
    url = there.nobody.base_url.copy_with(
        path=path.format(name="none", story="none")
    )  # /metrics is at the root

    asked = {n: await c.request(method, url, json=body) for n, c in there.clients.items()}
    nobody = await there.nobody.request(method, url, json=body)

    assert [asked[name].status_code for name in ("anna", "ben", "cleo")] == [403] * 3
    assert nobody.status_code == 401
    assert asked["olga"].status_code in (200, 201, 404)


async def test_an_author_corrects_a_story_and_a_player_does_not(there: Accounts) -> None:
    claim = {"claim": {"subject": "mara", "relation": "alive", "value": "no"}, "how": "keep"}
    answers = {}
    for name in ("ben", "cleo"):
        player = there.of(name)
        branch = await player.story(characters=[{"name": "Mara"}])
        answers[name] = await player.client.post(f"{branch}/retcons", json=claim)

    assert answers["ben"].status_code == 403
    assert answers["cleo"].status_code == 409, "it was never so: the author was let in"


async def test_what_is_nobodys_is_the_operators(there: Accounts) -> None:
    made = await there.of("ben").story()
    story = made.split("/")[2]
    await there.server.serving.application.access.own(story, "")

    seen = {n: (await c.get(f"/stories/{story}")).status_code for n, c in there.clients.items()}
    listed = (await there.clients["olga"].get("/stories")).json()["stories"]

    assert seen == {"anna": 404, "ben": 404, "cleo": 404, "olga": 200}
    assert [one["story_id"] for one in listed] == [story]


async def test_a_story_belongs_to_who_read_it_in_and_is_a_copy_of_ones_own_alone(
    there: Accounts, annas: dict[str, str]
) -> None:
    clients = there.clients
    file = (await clients["anna"].get(f"/stories/{annas['story']}/export")).json()
    bens, again = [(await clients["ben"].post("/stories/import", json=file)).json() for _ in "12"]
    seen = {
        name: (await client.get(f"/stories/{bens['story_id']}")).status_code
        for name, client in clients.items()
    }

    assert seen == {"anna": 404, "ben": 200, "cleo": 404, "olga": 404}
    assert (bens["copy_of"], bens["notes"]) == ([], []), "that Anna has it is no news for Ben"
    assert again["copy_of"] == [bens["story_id"]]


async def test_a_link_reads_one_story_and_changes_nothing(
    there: Accounts, annas: dict[str, str]
) -> None:
    other = (await there.of("anna").story()).split("/")[2]
    headers = {"X-TTA-Share": annas["secret"]}

    for operation in naming(RULES):
        answer = await sent(there.nobody, operation, annas, headers=headers)
        if RULES[operation] == "reader":
            assert answer.status_code in (200, 404), (operation, answer.text)
            elsewhere = await sent(
                there.nobody, operation, annas | {"story": other}, headers=headers
            )
            assert elsewhere.status_code == 404
        else:
            assert answer.status_code == 401, operation
    shown = await there.nobody.get("/shared", headers=headers)
    present = await there.nobody.get(f"/stories/{annas['story']}/branches/main", headers=headers)
    assert shown.json()["story_id"] == annas["story"]
    assert present.json()["turn"] == 2
    assert (
        await there.clients["ben"].get(f"/stories/{annas['story']}", headers=headers)
    ).is_success

    gone = f"/stories/{annas['story']}/shares/{annas['share_id']}"
    assert (await there.clients["anna"].delete(gone)).status_code == 204
    assert (await there.nobody.get("/shared", headers=headers)).status_code == 404
    late = await there.nobody.get(f"/stories/{annas['story']}", headers=headers)
    assert late.status_code == 401


async def test_a_reader_by_link_does_not_see_what_is_being_played(
    there: Accounts, annas: dict[str, str]
) -> None:
    anna, branch = there.of("anna"), f"/stories/{annas['story']}/branches/main"
    assert there.server.teller is not None
    there.server.teller.gate.clear()
    await anna.ask(branch, kind="say", text="I whisper the password.")

    headers = {"X-TTA-Share": annas["secret"]}
    seen = await there.nobody.get(branch, headers=headers)
    own = (await anna.client.get(branch)).json()
    there.server.teller.gate.set()

    assert own["running"]["text"] == "I whisper the password."
    assert seen.json()["running"] is None
    assert "password" not in seen.text


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
