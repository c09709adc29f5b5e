"""Questions and answers that all workers share through Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.integrations.fakes import ManualClock, ScriptedProvider, Told
from tests.integrations.redis_fakes import RedisClock, linked, links_to
from tests.integrations.semantic_cache_contract import (
    ASKED,
    IN_OTHER_WORDS,
    MakeCache,
    SemanticCacheContract,
    aside,
    kept_in,
    shared,
    texts_near,
)
from tests.redis_server import RedisServer
from tta_rebuild.integrations.redis_link import RedisLink
from tta_rebuild.integrations.redis_semantic_cache import RedisSemanticCache


class TestInRedis(SemanticCacheContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return RedisClock()

    @pytest.fixture
    async def link(self, redis_url: str, clock: RedisClock) -> AsyncIterator[RedisLink]:
        link = await linked(redis_url, clock)
        yield link
        await link.aclose()

    @pytest.fixture
    def make(self, link: RedisLink) -> MakeCache:
        return lambda **bounds: RedisSemanticCache(link, **bounds)

    async def test_nothing_is_left_for_ever(self, link: RedisLink) -> None:
        await kept_in(RedisSemanticCache(link, max_age_s=60), "a")

        keys = await link.client.keys("tta:questions*")

        assert len(keys) == 2
        assert all([0 < await link.client.pttl(key) <= 60_000 for key in keys])

    @pytest.mark.parametrize(
        "entry", ["", "{}", "[1]", '{"born": 9e9, "vector": "AAA", "texts": [], "reply": {}}']
    )
    async def test_what_another_program_wrote_is_passed_over(
        self, link: RedisLink, entry: str
    ) -> None:
        cache = RedisSemanticCache(link)
        await kept_in(cache, "a")
        await link.client.lpush("tta:questions:k", entry)

        assert await texts_near(cache, "a") == ["a"]


async def test_what_one_worker_was_told_another_shares_in_other_words(redis_url: str) -> None:
    async with links_to(redis_url, "a", "b") as (_, links):
        model = ScriptedProvider(Told("Under the keel."), Told("two"))
        one, other = [shared(model, RedisSemanticCache(link)) for link in links]
        await one.complete(aside(ASKED))

        told = await other.complete(aside(IN_OTHER_WORDS))
        unlike = await other.complete(aside("Where did you not hide the map?"))

    assert (told.text, told.metadata["cache"]) == ("Under the keel.", "semantic")
    assert unlike.text == "two"


async def test_workers_bound_together_what_is_kept(redis_url: str) -> None:
    async with links_to(redis_url, "a", "b") as (_, links):
        one, other = [RedisSemanticCache(link, entries=3) for link in links]
        await kept_in(one, "a", "b")
        await kept_in(other, "c", "d")

        assert sorted(await texts_near(one, "a")) == ["b", "c", "d"]


async def test_while_redis_is_away_each_worker_keeps_its_own(own_redis: RedisServer) -> None:
    async with links_to(own_redis.url, "a", "b") as (_, links):
        answers: Any = [ScriptedProvider(Told(name), Told("again")) for name in ("one", "two")]
        both = [
            shared(model, RedisSemanticCache(link))
            for model, link in zip(answers, links, strict=True)
        ]
        own_redis.stop()

        told = [(await each.complete(aside(ASKED))).text for each in both]
        told += [(await each.complete(aside(IN_OTHER_WORDS))).text for each in both]

    assert told == ["one", "two", "one", "two"]
