"""What is seen of running turns, carried live from the worker that plays to the servers that show.

A stream of Redis per turn, whose entries have the numbers of the updates; ``bootstrap`` makes it
where Redis is used. It carries and does not keep: what a turn has stored is in the story.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis.asyncio import Redis

_log = logging.getLogger("tta_rebuild.updates")

MOST_UPDATES = 5_000
"""About so many updates of a turn can be read again; older ones leave."""
RUNNING_S, ENDED_S = 6 * 3600, 600
"""How long the updates of a turn stay after the latest one, and after the last one, seconds."""
LONGEST_WAIT_S = 30.0
PAUSE_S = 0.5
"""How long one waits before one tries again where Redis is away or silent, seconds."""
ANSWER_S = 1.0
"""How long Redis may be silent, seconds."""


class RedisUpdates:
    """Updates by turn and number.

    Where Redis is away updates are dropped and readers find nothing: a turn never waits for those
    who watch it. ``is_away`` says so.

    Args:
        client: decodes answers to text, has no time limit shorter than ``LONGEST_WAIT_S`` for one,
            and as many connections as there may be readers that wait.
        last_kinds: kinds of update after which a turn has no more.
    """

    def __init__(self, client: Redis, *, last_kinds: Collection[str] = ()) -> None:
        self._client = client
        self._last_kinds = frozenset(last_kinds)
        self.is_away = False
        self._silent_until = 0.0

    async def add(self, turn_id: str, number: int, kind: str, text: str) -> None:
        """Add an update; a ``number`` (from 1) not above the latest changes nothing."""
        key = _key(turn_id)
        entry: dict[Any, Any] = {"kind": kind, "text": text}
        stays_s = ENDED_S if kind in self._last_kinds else RUNNING_S
        if asyncio.get_running_loop().time() < self._silent_until:
            return
        try:
            async with (
                asyncio.timeout(ANSWER_S),
                self._client.pipeline(transaction=True) as commands,
            ):
                commands.xadd(key, entry, id=f"{number}-0", maxlen=MOST_UPDATES, approximate=True)
                commands.expire(key, stays_s)
                added, _ = await commands.execute(raise_on_error=False)
            if isinstance(added, Exception) and "equal or smaller" not in str(added):
                raise added
            self._is_back()
        except _failures() as error:
            self._says_away(error)

    async def read(self, turn_id: str, *, after: int, wait_s: float) -> list[tuple[int, str, str]]:
        """Updates above the number ``after``, in order: (number, kind, text).

        Waits up to ``wait_s`` seconds (at most ``LONGEST_WAIT_S``) while there is none.
        """
        wait_s = min(wait_s, LONGEST_WAIT_S)
        block_ms = int(wait_s * 1000) or None  # 0 would be for ever
        try:
            async with asyncio.timeout(wait_s + ANSWER_S):
                found = await self._client.xread({_key(turn_id): f"{after}-0"}, block=block_ms)
            self._is_back()
        except _failures() as error:
            self._says_away(error)
            await asyncio.sleep(min(wait_s, PAUSE_S))
            return []
        entries = found[0][1] if found else []
        return [(int(i.partition("-")[0]), told["kind"], told["text"]) for i, told in entries]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _says_away(self, error: Exception) -> None:
        if not self.is_away:
            _log.warning("Redis cannot be used (%s): turns are not seen live", error)
        self.is_away = True
        if isinstance(error, TimeoutError):  # a turn is not held up by each of its updates
            self._silent_until = asyncio.get_running_loop().time() + PAUSE_S

    def _is_back(self) -> None:
        if self.is_away:
            _log.warning("Redis is back: turns are seen live")
        self.is_away = False


def _key(turn_id: str) -> str:
    return f"tta:updates:{turn_id}"


def _failures() -> tuple[type[Exception], ...]:
    from redis.exceptions import RedisError

    return (RedisError, OSError)
