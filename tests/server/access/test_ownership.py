"""Nobody reads or changes what is another's, through any route; what each role may do."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from tests.server.access.asked import BODIES, RULES, SECRET_WORDS, naming, sent
from tests.server.accounts import Accounts
from tests.server.serving import API, Running
from tta_rebuild.server.access import operations
from tta_rebuild.server.app import create_app


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

    is_of_any_story = RULES[operation] == "operator of any story"
    for name in ("ben", "cleo") if is_of_any_story else ("ben", "cleo", "olga"):
        answer = await sent(there.clients[name], operation, annas)
        none = await sent(there.clients[name], operation, absent)
        assert answer.status_code == none.status_code, (name, answer.text)
        assert answer.status_code in (403, 404), (name, answer.text)
        assert (
            answer.status_code == 404
            or RULES[operation] in ("author", "operator")
            or is_of_any_story
        )
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


@pytest.mark.every_runner
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
    path = path.format(name="none", story="none")
    url = there.nobody.base_url.copy_with(path=path)  # /metrics is at the root

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
