"""What one sender may ask: the size of a body, and requests a minute."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from tests.integrations.fakes import ManualClock
from tests.server.accounts import accounts
from tests.server.serving import THEME, Running, running
from tta_rebuild.server.app import ServerOptions
from tta_rebuild.server.limits import RequestLimits


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read(
    embedded: Running,
) -> None:
    answer = await embedded.client.post("/stories", json={"theme": "x" * 300_000})

    assert answer.status_code == 413
    assert answer.json()["do"]


async def test_a_body_that_does_not_say_its_size_is_counted(embedded: Running) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b'{"theme": "xxxxxxxxxx"}' + b" " * 1_000

    headers = {"Content-Type": "application/json"}
    answer = await embedded.client.post("/stories", content=pieces(), headers=headers)

    assert answer.status_code == 413


async def test_a_story_that_is_taken_in_may_be_larger(embedded: Running) -> None:
    answer = await embedded.client.post("/stories/import", json={"title": "x" * 300_000})

    assert answer.status_code == 422


async def test_a_rate_is_of_each_player_and_of_no_address(tmp_path: Path) -> None:
    limits = RequestLimits(requests_a_minute=40)
    async with accounts(tmp_path, ManualClock(), limits=limits) as there:  # type: ignore[arg-type]
        annas = [await there.clients["anna"].get("/session") for _ in range(11)]
        ben = await there.clients["ben"].get("/session")

    assert [one.status_code for one in annas] == [200] * 10 + [429]
    assert ben.status_code == 200


async def test_requests_beyond_the_rate_wait_and_are_answered_again_after_it(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    options = ServerOptions(limits=RequestLimits(requests_a_minute=40), clock=clock)  # type: ignore[arg-type]
    async with running(tmp_path, options=options) as served:
        answers = [await served.client.get("/stories") for _ in range(11)]
        refused = answers[-1]
        alive = await served.client.get(f"{served.address}/healthz")
        await clock.advance(int(refused.headers["Retry-After"]))
        later = await served.client.post("/stories", json={"theme": THEME})

    assert [one.status_code for one in answers] == [200] * 10 + [429]
    assert refused.json()["type"] == "urn:tta:problem:TooManyRequests"
    assert refused.json()["limit"] == "requests_at_once"
    assert "At most 10 requests at once" in refused.json()["detail"]
    assert "40 a minute" in refused.json()["detail"]
    assert alive.status_code == 200
    assert later.status_code == 201


async def test_who_asks_a_little_too_much_for_long_is_told_of_the_other_limit(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    options = ServerOptions(limits=RequestLimits(requests_a_minute=60), clock=clock)  # type: ignore[arg-type]
    async with running(tmp_path, options=options) as served:
        answers = []
        while len(answers) < 200 and (not answers or answers[-1].status_code == 200):
            answers.append(await served.client.get("/stories"))
            await clock.advance(0.6)

    assert len(answers) > 30, "the rate is passed by so little that the burst lasts"
    refused = answers[-1].json()
    assert (refused["status"], refused["limit"]) == (429, "requests_a_minute")
    assert "At most 60 requests a minute" in refused["detail"]
