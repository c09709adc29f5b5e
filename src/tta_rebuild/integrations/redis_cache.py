"""Answers kept for all workers in Redis, and one call where several workers ask the same at once.

Where Redis is away, answers are kept in memory, and each worker asks for itself. Redis holds keys,
which give nothing away, and answers, never prompts; how many is for its ``maxmemory`` to say.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

from tta_rebuild.integrations.llm_provider import LLMResponse
from tta_rebuild.integrations.redis_link import PREFIX, Command, RedisAway, RedisLink
from tta_rebuild.integrations.response_cache import ResponseCache, response_from

LOOKS_AGAIN_S = 0.2
"""How soon one who waits for another worker's answer looks again, seconds."""
FLIGHT_S, RENEWED_S = 3.0, 1.0
"""So long others wait for an answer whose worker has been killed, and how often one that lives says
that it is still asking, seconds."""


class RedisResponseCache(ResponseCache):
    """Answers by key, for all workers; any after ``max_age_s`` seconds leave."""

    def __init__(self, link: RedisLink, *, entries: int = 256, max_age_s: float = 86_400.0) -> None:
        super().__init__(entries=entries, max_age_s=max_age_s, clock=link.clock)
        self._link = link
        self._lives_ms = int(1000 * max_age_s)
        self._flights: dict[str, asyncio.Task[None]] = {}

    @property
    def place(self) -> str:
        """``"redis"``, or ``"memory"`` where it is away."""
        return "memory" if self._link.is_away else "redis"

    async def get(self, key: str) -> LLMResponse | None:
        """The answer, where there is one that is not too old."""
        try:
            reply = await self._link.ask(lambda redis: redis.get(_answer(key)))
        except RedisAway:
            return await super().get(key)
        return None if reply is None else response_from(reply)

    async def put(self, key: str, response: LLMResponse) -> None:
        """Keep an answer."""
        reply = json.dumps(asdict(response), default=str)
        try:
            await self._link.ask(lambda redis: redis.set(_answer(key), reply, px=self._lives_ms))
        except RedisAway:
            await super().put(key, response)

    async def begin(self, key: str) -> LLMResponse | None:
        """Leave to ask, or the answer of another worker that was asking; ends with ``end``."""
        me = self._link.worker
        try:
            while not await self._link.ask(
                lambda redis: redis.set(_flight(key), me, nx=True, px=int(1000 * FLIGHT_S))
            ):
                await self._clock.sleep(LOOKS_AGAIN_S)
                if (response := await self.get(key)) is not None:
                    return response
        except RedisAway:
            return None
        self._landed(key)  # one that ran out while this worker stood still
        self._flights[key] = self._link.begin(self._still_asking(key))
        return None

    def _landed(self, key: str) -> None:
        if (asking := self._flights.pop(key, None)) is not None:
            asking.cancel()

    async def _still_asking(self, key: str) -> None:
        while True:
            await self._clock.sleep(RENEWED_S)
            args = (self._link.worker, int(1000 * FLIGHT_S))
            self._link.send(Command("flight_renew", (_flight(key),), args))

    async def end(self, key: str) -> None:
        """The answer is kept, or there is none: others may ask."""
        self._landed(key)
        self._link.send(Command("flight_end", (_flight(key),), (self._link.worker,)))


def _answer(key: str) -> str:
    return f"{PREFIX}answer:{key}"


def _flight(key: str) -> str:
    return f"{PREFIX}flight:{key}"
