"""Two servers with one database: what one of them, or the command line, changes holds at both."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from tools.cluster import programs
from tools.cluster.programs import Place

from tests.server.serving import THEME

pytestmark = pytest.mark.cluster


@pytest.fixture
def place(temporal: str, postgresql_database: str, tmp_path: Path) -> Place:
    return Place(
        folder=tmp_path,
        database=postgresql_database,
        temporal=temporal,
        more={"TTA_MODEL": "offline"},
    )


@pytest.fixture
def servers(place: Place) -> Iterator[list[str]]:
    """The addresses of two servers that began before there was any token."""
    with ExitStack() as stack:
        yield [f"{stack.enter_context(programs.server(place))[0]}/api/v1" for _ in range(2)]


def made(place: Place, *words: str) -> str:
    """A token that the command makes, beside the servers."""
    done = subprocess.run(
        [sys.executable, "-m", "tta_rebuild", "tokens", "add", *words],
        env=place.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


async def until(check: Callable[[], Awaitable[bool]]) -> None:
    while not await check():  # noqa: ASYNC110 (another process has no event)
        await asyncio.sleep(0.1)


async def test_tokens_sessions_and_links_hold_at_every_server_wherever_they_were_made(
    place: Place, servers: list[str]
) -> None:
    one, two = servers
    async with asyncio.timeout(50), httpx.AsyncClient(timeout=20, trust_env=False) as web:

        async def said(server: str, token: str = "", path: str = "stories") -> int:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            return (await web.get(f"{server}/{path}", headers=headers)).status_code

        assert [await said(server) for server in servers] == [200, 200], "open, without tokens"
        olga = await asyncio.to_thread(made, place, "olga", "--role", "operator")
        async with asyncio.timeout(5):
            for server in servers:

                async def is_shut(server: str = server) -> bool:
                    return await said(server) == 401

                await until(is_shut)
        assert [await said(server, olga) for server in servers] == [200, 200]

        as_olga = {"Authorization": f"Bearer {olga}"}
        given = await web.post(f"{one}/tokens", json={"player": "anna"}, headers=as_olga)
        anna = given.json()["secret"]
        assert [await said(server, anna) for server in servers] == [200, 200]

        as_anna = {"Authorization": f"Bearer {anna}"}
        begun = await web.post(f"{one}/stories", json={"theme": THEME}, headers=as_anna)
        story = begun.json()["story_id"]
        assert await said(two, anna, f"stories/{story}") == 200
        assert await said(two, olga, f"stories/{story}") == 404, "another's"
        shared = await web.post(f"{one}/stories/{story}/shares", headers=as_anna)
        link = {"X-TTA-Share": shared.json()["secret"]}
        assert (await web.get(f"{two}/shared", headers=link)).status_code == 200

        signed = await web.post(f"{one}/session", json={"token": anna})
        cookie = {"Cookie": f"tta_session={signed.cookies['tta_session']}"}
        web.cookies.clear()
        there = await web.get(f"{two}/session", headers=cookie)
        assert (there.json()["player"], there.json()["accounts"]) == ("anna", True)

        await web.delete(f"{two}/tokens/anna", headers=as_olga)
        assert await said(one, anna) == 401, "at once"
        gone = await web.get(f"{one}/stories", headers=cookie)
        assert gone.status_code == 401, "and the sessions made from it"
