"""Two applications on one Redis are two workers: they share quotas, budgets and answers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.integrations.fakes import ScriptedProvider, Told, request_of
from tests.redis_server import RedisServer

from tta_rebuild.bootstrap.application import Application, open_application
from tta_rebuild.core.errors import BudgetExceededError, QuotaFull, SettingsError
from tta_rebuild.core.secret import Secret
from tta_rebuild.core.usage import Usage
from tta_rebuild.settings import Settings

pytest.importorskip("redis")
from redis.asyncio import Redis

MODEL = "gemini:gemini-2.5-flash"


class Workers:
    """Opens applications with data of their own, on one Redis."""

    def __init__(self, url: str, folder: Path, stack: AsyncExitStack) -> None:
        self._url, self._folder, self._stack = url, folder, stack
        self.models: list[ScriptedProvider] = []

    async def open(self, *answers: Told | BaseException, **options: Any) -> Application:
        model = ScriptedProvider(*answers, max_tokens=100)
        self.models.append(model)
        settings = Settings(
            data_dir=self._folder / str(len(self.models)),
            model=MODEL,
            chain=(MODEL,),
            redis_url=Secret(self._url),
            workers=1,
            **options,
        )
        opened = open_application(settings, make_adapter=lambda _name, _config: model)
        return await self._stack.enter_async_context(opened)


@pytest.fixture
async def workers(own_redis: RedisServer, tmp_path: Path) -> AsyncIterator[Workers]:
    async with Redis.from_url(own_redis.url) as client:  # one that has been there for long
        await client.mset({"tta:settled": 0, "tta:reported": 0})
    async with AsyncExitStack() as stack:
        yield Workers(own_redis.url, tmp_path, stack)


async def test_what_one_worker_was_told_costs_another_nothing(workers: Workers) -> None:
    one, other = [await workers.open(Told("A door.")) for _ in range(2)]
    first = await one.provider.complete(request_of())
    again = await other.provider.complete(request_of())

    assert (first.text, again.text) == ("A door.", "A door.")
    assert again.metadata["cache"] == "redis"
    assert [len(model.seen) for model in workers.models] == [1, 0]
    assert one.redis() == other.redis() == "used"


async def test_a_budget_of_a_day_is_one_for_all_workers(
    workers: Workers, own_redis: RedisServer
) -> None:
    told = Told(usage=Usage(input_tokens=100_000, output_tokens=1))
    options = {"budget_per_day_usd": 0.031, "cache": "off"}
    one, other = [await workers.open(told, **options) for _ in range(2)]
    await one.provider.complete(request_of())
    async with asyncio.timeout(10), Redis.from_url(own_redis.url, decode_responses=True) as client:
        (key,) = [k for k in await client.keys("tta:budget:day:*") if k.count(":") == 3]
        while int(await client.hget(key, "spent")) < 30_000_000:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    with pytest.raises(BudgetExceededError, match="budget per day"):
        await other.provider.complete(request_of("x" * 40_000))

    assert [len(model.seen) for model in workers.models] == [1, 0]


async def test_a_worker_says_that_redis_is_away_and_leaves_the_model_to_others_for_a_window(
    workers: Workers, own_redis: RedisServer
) -> None:
    one = await workers.open(Told("A door."))
    own_redis.stop()
    with pytest.raises(QuotaFull):
        await one.provider.complete(request_of())

    assert one.redis() == "away"
    assert [note for note in one.notices if "Redis is away" in note]


async def test_a_worker_begins_without_redis(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        url = f"unix://{tmp_path}/nobody"
        one = await Workers(url, tmp_path, stack).open(Told("A door."))
        assert (await one.provider.complete(request_of())).text == "A door."
        assert one.redis() == "away"


@pytest.mark.parametrize("url", ["http://host", "redis:6379", "host"])
def test_an_address_that_is_none_of_a_redis_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="redis://host:6379/0"):
        Settings(redis_url=url)


async def test_without_the_client_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "tta_rebuild.integrations.redis_link", raising=False)
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    async with AsyncExitStack() as stack:
        with pytest.raises(SettingsError, match="cluster"):
            await Workers("redis://host", tmp_path, stack).open(Told())
