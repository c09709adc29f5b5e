"""Circuits and answers that all workers share through Redis."""

from __future__ import annotations

import asyncio

import pytest

from tests.integrations.fakes import MemoryLedger, ScriptedProvider, Told, request_of
from tests.integrations.redis_fakes import links_to
from tests.redis_server import RedisServer
from tta_rebuild.core.errors import CircuitOpen, ProviderBusy, ProviderError
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import TextPiece
from tta_rebuild.integrations.redis_cache import RedisResponseCache
from tta_rebuild.integrations.redis_circuits import RedisCircuit
from tta_rebuild.integrations.redis_link import LinkTiming, RedisAway
from tta_rebuild.integrations.wrappers.cached import CachedLLMProvider
from tta_rebuild.integrations.wrappers.circuit import CircuitBreakerLLMProvider, CircuitPolicy

BUSY = ProviderBusy("503")


async def attempt(provider: CircuitBreakerLLMProvider) -> str:
    try:
        await provider.complete(request_of())
    except ProviderError as error:
        return type(error).__name__
    return "ok"


async def test_a_circuit_that_one_worker_opens_is_open_for_all(redis_url: str) -> None:
    async with links_to(redis_url, "a", "b") as (clock, links):
        model, spared = ScriptedProvider(BUSY), ScriptedProvider(BUSY, Told())
        one, other = [
            CircuitBreakerLLMProvider(answering, RedisCircuit(link, "p:m"))
            for link, answering in zip(links, (model, spared), strict=True)
        ]
        for _ in range(7):
            await attempt(one)
        await clock.settle()
        with pytest.raises(CircuitOpen, match="asked again in 30 s"):
            await other.complete(request_of())
        assert (len(model.seen), len(spared.seen)) == (5, 0)
        assert other.circuit.state == "open"

        await clock.advance(30.0)
        assert await attempt(other) == "ProviderBusy"  # the probe, which opens it once more
        await clock.settle()
        assert [await attempt(one), await attempt(other)] == ["CircuitOpen"] * 2
        await clock.advance(30.0)
        assert await attempt(other) == "ok"
        await clock.settle()
        assert await attempt(one) == "ProviderBusy"
        assert one.circuit.state == other.circuit.state == "closed"


async def test_one_probe_is_enough_for_all_workers(redis_url: str) -> None:
    async with links_to(redis_url, "a", "b") as (clock, links):
        model = ScriptedProvider(BUSY, Told(takes_s=5.0), clock=clock)
        both = [
            CircuitBreakerLLMProvider(
                model, RedisCircuit(link, "p:m", CircuitPolicy(failures=1, cool_down_s=10.0))
            )
            for link in links
        ]
        await attempt(both[0])
        await clock.advance(11.0)
        calls = [asyncio.create_task(attempt(both[n % 2])) for n in range(20)]
        await clock.advance(6.0)
        assert sorted(call.result() for call in calls) == ["CircuitOpen"] * 19 + ["ok"]


async def test_without_redis_each_worker_has_its_own_circuit(own_redis: RedisServer) -> None:
    async with links_to(own_redis.url, "a") as (_, (link,)):
        own_redis.stop()
        model = ScriptedProvider(BUSY)
        provider = CircuitBreakerLLMProvider(model, RedisCircuit(link, "p:m"))
        for _ in range(20):
            await attempt(provider)
        assert len(model.seen) == 5


# ------------------------------------------------------------------------------- answers


async def test_what_one_worker_was_told_another_tells_again(redis_url: str) -> None:
    async with links_to(redis_url, "a", "b") as (_, links):
        model, ledger = ScriptedProvider(Told("kept")), MemoryLedger()
        tracker = CostTracker(ledger)
        one, other = [
            CachedLLMProvider(model, RedisResponseCache(link), tracker=tracker) for link in links
        ]
        first = await one.complete(request_of("a very private prompt"))
        again = await other.complete(request_of("a very private prompt"))
        pieces = [
            i.text
            async for i in other.stream(request_of("a very private prompt"))
            if isinstance(i, TextPiece)
        ]
        kept = [await links[0].client.get(key) for key in await links[0].client.keys("tta:answer*")]

    assert (first.text, again.text, "".join(pieces)) == ("kept", "kept", "kept")
    assert again.metadata["cache"] == "redis"
    assert len(model.seen) == 1
    assert len(kept) == 1
    assert "private" not in kept[0]


async def test_workers_that_ask_the_same_at_once_make_one_call(redis_url: str) -> None:
    async with links_to(redis_url, "a", "b") as (clock, links):
        model = ScriptedProvider(Told("same", takes_s=3.0), clock=clock)
        both = [CachedLLMProvider(model, RedisResponseCache(link)) for link in links]
        calls = [asyncio.create_task(both[n % 2].complete(request_of())) for n in range(20)]
        await clock.advance(5.0)
        assert {call.result().text for call in calls} == {"same"}
        assert len(model.seen) == 1


async def test_after_a_failure_the_next_worker_asks_itself(redis_url: str) -> None:
    async with links_to(redis_url, "a", "b") as (clock, links):
        failing = ScriptedProvider(Told(error=BUSY, takes_s=1.0), clock=clock)
        working = ScriptedProvider(Told("said"), clock=clock)
        one = CachedLLMProvider(failing, RedisResponseCache(links[0]))
        other = CachedLLMProvider(working, RedisResponseCache(links[1]))
        first = asyncio.create_task(one.complete(request_of()))
        await clock.settle()
        second = asyncio.create_task(other.complete(request_of()))
        await clock.advance(0.9)
        assert working.seen == []
        await clock.advance(1.0)
        assert isinstance(first.exception(), ProviderBusy)
        assert second.result().text == "said"


async def test_who_asks_for_all_says_so_every_second_and_is_believed_for_three(
    redis_url: str,
) -> None:
    async with links_to(redis_url, "a") as (clock, (link,)):
        cache, name = RedisResponseCache(link), "tta:flight:k"
        assert await cache.begin("k") is None
        assert 0 < await link.client.pttl(name) <= 3_000
        await link.client.pexpire(name, 900)
        await clock.advance(1.0)
        async with asyncio.timeout(10):
            while await link.client.pttl(name) <= 900:
                await clock.settle()
        await cache.end("k")
        async with asyncio.timeout(10):
            while await link.client.exists(name):
                await clock.settle()
        await link.client.set(name, "b", px=900)
        await clock.advance(3.0)
        assert await link.client.pttl(name) <= 900


async def test_others_ask_themselves_once_a_worker_has_been_killed(redis_url: str) -> None:
    async with links_to(redis_url, "a") as (clock, (link,)):
        cache = RedisResponseCache(link)
        await link.client.set("tta:flight:k", "killed", px=50)
        waiting = asyncio.create_task(cache.begin("k"))
        async with asyncio.timeout(10):
            while not waiting.done():
                await clock.advance(0.2)
        assert waiting.result() is None


async def test_without_redis_answers_are_kept_in_memory(own_redis: RedisServer) -> None:
    async with links_to(own_redis.url, "a") as (_, (link,)):
        own_redis.stop()
        model = ScriptedProvider(Told("kept"))
        provider = CachedLLMProvider(model, RedisResponseCache(link))
        await provider.complete(request_of())
        assert (await provider.complete(request_of())).metadata["cache"] == "memory"
        assert len(model.seen) == 1


# ------------------------------------------------------------------------------- the link


async def test_a_redis_that_is_silent_is_away_after_its_second(own_redis: RedisServer) -> None:
    timing = LinkTiming(answer_s=0.2)
    async with links_to(own_redis.url, "a", timing=timing) as (_, (link,)):
        own_redis.freeze()
        try:
            async with asyncio.timeout(5):
                with pytest.raises(RedisAway):
                    await link.ask(lambda redis: redis.get("anything"))
        finally:
            own_redis.thaw()
        assert link.is_away
        await link.beat()
        assert not link.is_away


async def test_workers_are_counted_while_they_give_signs_of_life(redis_url: str) -> None:
    timing = LinkTiming(alive_s=15.0, answer_s=10.0)
    async with links_to(redis_url, "a", "b", "c", timing=timing) as (clock, links):
        await links[0].beat()
        assert links[0].workers == 3
        await links[2].aclose()
        clock.links.remove(links[2])
        await links[0].beat()
        assert links[0].workers == 2
        await clock.advance(16.0)
        await links[0].beat()
        assert links[0].workers == 1
