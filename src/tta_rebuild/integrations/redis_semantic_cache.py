"""Questions and their answers kept for all workers in Redis, found by how near they lie.

Where Redis is away, each worker keeps its own in memory. Unlike what else is there, questions stand
in Redis in plain words. Made by ``bootstrap.sharing``; ``semantic_cache`` has the same on one
machine.
"""

from __future__ import annotations

import json
from array import array
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from redis.asyncio import Redis

from tta_rebuild.integrations.llm_provider import LLMResponse
from tta_rebuild.integrations.redis_link import PREFIX, Command, RedisAway, RedisLink
from tta_rebuild.integrations.response_cache import response_from
from tta_rebuild.integrations.semantic_cache import MOST_PER_KEY, Kept, KeptAnswer, SemanticCache

_ALL = f"{PREFIX}questions"


class RedisSemanticCache(SemanticCache):
    """Kept answers of all workers, as ``SemanticCache`` keeps those of one.

    Bounds are for all workers together: ``entries`` questions, none older than ``max_age_s``
    seconds. What another version, or another program, wrote is passed over.
    """

    def __init__(
        self, link: RedisLink, *, entries: int = 2_048, max_age_s: float = 30 * 86_400.0
    ) -> None:
        super().__init__(entries=entries, max_age_s=max_age_s, clock=link.clock)
        self._link = link

    async def has(self, key: str) -> bool:
        """Whether anything is kept under this key."""
        try:
            return bool(await self._link.ask(lambda redis: redis.exists(_questions(key))))
        except RedisAway:
            return await super().has(key)

    async def nearest(self, key: str, vector: Sequence[float], most: int) -> list[KeptAnswer]:
        """Up to ``most`` kept answers of this very key, nearest question first."""
        try:
            found = await self._link.ask(lambda redis: _all(redis, _questions(key)))
        except RedisAway:
            return await super().nearest(key, vector, most)
        kept = (_read(entry) for entry in found)
        return self._ranked((one for one in kept if one is not None), vector, most)

    async def put(
        self, key: str, vector: Sequence[float], texts: Sequence[str], response: LLMResponse
    ) -> None:
        """Keep an answer to these texts."""
        entry = json.dumps(
            {
                "born": self._now(),
                "vector": b64encode(array("f", vector).tobytes()).decode(),
                "texts": list(texts),
                "reply": asdict(response),
            },
            default=str,
        )
        bounds = (MOST_PER_KEY, self._entries, int(1000 * self._max_age_s))
        try:
            await self._link.run(Command("semantic_put", (_questions(key), _ALL), (entry, *bounds)))
        except RedisAway:
            await super().put(key, vector, texts, response)


def _questions(key: str) -> str:
    return f"{PREFIX}questions:{key}"


async def _all(redis: Redis, name: str) -> list[str]:
    found: Any = redis.lrange(name, 0, -1)  # the client's types are those of both of its kinds
    return [str(entry) for entry in await found]


def _read(entry: str) -> Kept | None:
    try:
        raw: dict[str, Any] = json.loads(entry)
        vector = array("f", b64decode(raw["vector"]))
        texts, born = tuple(map(str, raw["texts"])), float(raw["born"])
        response = response_from(json.dumps(raw["reply"]))
    except (ValueError, KeyError, TypeError):
        return None
    return None if response is None else Kept(born, vector, KeptAnswer(texts, response))
