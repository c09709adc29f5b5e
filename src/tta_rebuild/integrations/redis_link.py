"""One worker's connection to the Redis that all workers share: scripts, who is alive, what if not.

Pacing, budgets, circuits and the cache of a worker stand on it; ``bootstrap`` makes it where
``TTA_REDIS_URL`` is set, and nothing else imports this. Redis is never needed: where it is away,
each worker goes on with its share, and tells Redis what it did meanwhile once it is back.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from tta_rebuild.core.clock import Clock

_log = logging.getLogger("tta_rebuild.redis")

PREFIX = "tta:"
_SETTLED = (f"{PREFIX}settled", f"{PREFIX}reported")
_COMPLETE = (*_SETTLED, f"{PREFIX}told", f"{PREFIX}expected")


class RedisAway(Exception):
    """Redis cannot be used now: go on without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTiming:
    """Seconds: between signs of life, until Redis is tried again, until an answer is given up …

    Args:
        window_s: the longest window of a quota.
        report_s: until every worker has told a Redis that is back what it did meanwhile; longer
            than ``retry_s`` and ``answer_s`` together.
        alive_s: a worker without a sign of life for longer counts as dead.
        lease_s: what a worker holds runs out so long after its last sign of life.
    """

    beat_s: float = 3.0
    retry_s: float = 1.0
    answer_s: float = 1.0
    window_s: float = 60.0
    report_s: float = 5.0
    alive_s: float = 15.0
    lease_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Command:
    """One run of a script: its name (a file under ``data/redis``), keys and arguments."""

    script: str
    keys: Sequence[str]
    args: Sequence[str | int | float] = ()


class Sharer(Protocol):
    """What shares something through the link."""

    def renewals(self) -> Iterable[Command]:
        """Keeps alive what this worker holds."""

    def report(self) -> Iterable[Command]:
        """All that this worker has and did, for a Redis that is back."""

    def did_alone(self) -> bool:
        """True if anything was done while Redis was away that it does not know."""

    def went_away(self) -> None:
        """Redis is away from now on."""

    def came_back(self) -> None:
        """Redis is back and has the report."""


def client_of(url: str, *, answer_s: float | None = 1.0, most: int = 64) -> Redis:
    """A client of a Redis; nothing is sent yet. ``answer_s`` None: for readers that wait."""
    pool = BlockingConnectionPool.from_url(
        url,
        decode_responses=True,
        timeout=answer_s,
        socket_timeout=answer_s,
        socket_connect_timeout=answer_s or 1.0,
        retry=Retry(NoBackoff(), 0),  # one that is away is tried again in our own time
        max_connections=most,
    )
    return Redis.from_pool(pool)


class RedisLink:
    """Runs scripts in Redis, in the order given, or says that it is away.

    Args:
        worker: the name of this worker, another one after each start.
        least_workers: how many workers there are at least, whoever was seen.
        server_time: seconds, in place of Redis' own clock, for tests.
        on_change: called with True when Redis goes away, with False when it is back.
    """

    def __init__(
        self,
        client: Redis,
        worker: str,
        *,
        least_workers: int = 1,
        timing: LinkTiming | None = None,
        clock: Clock | None = None,
        server_time: Callable[[], float] | None = None,
        on_change: Callable[[bool], None] | None = None,
    ) -> None:
        self.client = client
        self.worker = worker
        self.timing = timing or LinkTiming()
        self.clock = clock or Clock()
        self.is_away = False
        self.away_since = -math.inf
        self.alone_until = math.inf
        """Until then Redis decides nothing for this worker, by its clock."""
        self.lost_at = -math.inf
        """When Redis, which had decided, went away the last time."""
        self.back_at = -math.inf
        """When it was back the last time."""
        self.sharers: list[Sharer] = []
        self._least_workers = least_workers
        self._seen_workers = 0
        self._seen: dict[str, float] = {}
        self._watching_since = math.inf
        self._server_time = server_time
        self._on_change = on_change
        self._scripts: dict[str, Any] = {}
        self._waiting: deque[tuple[Command, Callable[[], object] | None]] = deque()
        self._sender: asyncio.Task[None] | None = None
        self._beats: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = 0

    @property
    def workers(self) -> int:
        """Among how many a quota is divided where Redis is away."""
        return max(self._seen_workers, self._least_workers, 1)

    @property
    def is_alone(self) -> bool:
        """True while this worker decides by its share: Redis is away, or not told everything."""
        return self.is_away or self.clock.now() < self.alone_until

    @property
    def uses_shares(self) -> bool:
        """True from when Redis goes away until it decides again; not at an empty one's start."""
        return self.is_away or (self.is_alone and self.back_at > -math.inf)

    @property
    def is_busy(self) -> bool:
        """True while Redis has not answered everything."""
        return bool(self._running or self._waiting)

    async def open(self) -> None:
        """Look whether Redis is there, and give signs of life from now on."""
        await self.beat()
        self._beats = self.begin(self._beat_on())

    async def aclose(self) -> None:
        """Send what waits, take leave, close the connections."""
        if self._beats is not None:
            self._beats.cancel()
        with suppress(RedisAway, TimeoutError, RedisError, OSError):
            async with asyncio.timeout(self.timing.answer_s * 2):
                await self._sent()
                await self.client.zrem(f"{PREFIX}workers", self.worker)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.client.aclose()

    async def run(self, command: Command) -> Any:
        """The script's answer, after all that was sent before. Raises RedisAway."""
        self._running += 1
        try:
            await self._sent()
            if self.is_away:
                raise RedisAway
            return await self._do(command)
        finally:
            self._running -= 1

    async def ask(self, work: Callable[[Redis], Awaitable[Any]]) -> Any:
        """The answer to a plain command, in no order with the others. Raises RedisAway."""
        if self.is_away:
            raise RedisAway
        self._running += 1
        try:
            return await work(self.client)
        except (RedisError, OSError) as error:
            self._lost(str(error) or type(error).__name__)
            raise RedisAway from error
        finally:
            self._running -= 1

    def send(self, command: Command, done: Callable[[], object] | None = None) -> None:
        """Run it soon, behind the caller; left out where Redis is away, since it will be told.

        ``done`` is called once Redis has answered.
        """
        if self.is_away:
            return
        self._waiting.append((command, done))
        if self._sender is None or self._sender.done():
            with suppress(RuntimeError):  # no event loop
                self._sender = self.begin(self._send_all())

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do it behind the caller; cancelled when the link is closed. Raises RuntimeError."""
        try:
            task = asyncio.get_running_loop().create_task(work)
        except RuntimeError:
            work.close()
            raise
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def beat(self) -> None:
        """One sign of life; where Redis was away and answers, it is used from now on."""
        if self.is_away:
            with suppress(RedisError, OSError):
                await self.client.connection_pool.disconnect(inuse_connections=False)
        timing = self.timing
        alive = Command(
            "beat",
            (f"{PREFIX}workers", *_SETTLED),
            (self.worker, timing.alive_s, timing.window_s + timing.report_s, timing.report_s),
        )
        self._running += 1
        try:
            workers, is_fresh, settles_in_s, names = await self._do(alive)
            known = self._seen_workers if self.is_alone or is_fresh else 0  # not all are back yet
            self._seen_workers = max(known, int(workers))
            if is_fresh and self.alone_until < math.inf:
                self.forgotten()
            if self.alone_until == math.inf:
                self.alone_until = self.clock.now() + float(settles_in_s)
            if self.is_away:
                await self._report(float(settles_in_s))
                self._watching_since = self.clock.now()
            else:
                self._watching_since = min(self._watching_since, self.clock.now())
                self.alone_until = min(self.alone_until, self.clock.now() + float(settles_in_s))
                for command in [c for one in self.sharers for c in one.renewals()]:
                    await self._do(command)
            self._see(names)
        except RedisAway:
            pass
        finally:
            self._running -= 1

    def _see(self, names: Iterable[str]) -> None:
        """Remember who may have sent something that still counts."""
        now = self.clock.now()
        self._seen.update(dict.fromkeys(names, now))
        lives_s = self.timing.window_s + self.timing.lease_s
        self._seen = {name: at for name, at in self._seen.items() if at + lives_s > now}

    def forgotten(self) -> None:
        """Redis knows nothing of what went before: it is as if it had been away."""
        self._lost("it has forgotten everything")

    async def _report(self, settles_in_s: float) -> None:
        for command in [c for one in self.sharers for c in one.report()]:
            await self._do(command)
        timing, now = self.timing, self.clock.now()
        others_went = timing.beat_s + 2 * timing.answer_s  # so much earlier, they may have noticed
        was_short = now - self.lost_at < timing.window_s - others_went
        if not was_short or any(one.did_alone() for one in self.sharers):
            # others may have done something alone too, and not have told it yet
            await self._do(Command("unsettle", _SETTLED, (timing.report_s,)))
            settles_in_s = max(settles_in_s, timing.report_s)
        # who watched for a whole window knows whose requests may count: all told, all is known
        knows_all = self.lost_at - self._watching_since >= timing.window_s
        expected = {self.worker, *self._seen} if knows_all else ()
        lives_s = math.ceil(timing.window_s + timing.report_s)
        complete = Command("complete", _COMPLETE, (self.worker, lives_s, *sorted(expected)))
        settles_in_s = min(settles_in_s, float(await self._do(complete)))
        self.back_at = self.clock.now()
        self.alone_until = self.clock.now() + settles_in_s
        self.is_away = False
        _log.warning("Redis is back: quotas and budgets are shared by all workers again")
        for one in self.sharers:
            one.came_back()
        if self._on_change is not None:
            self._on_change(False)

    async def _beat_on(self) -> None:
        while True:
            await self.clock.sleep(self.timing.retry_s if self.is_alone else self.timing.beat_s)
            await self.beat()

    async def _sent(self) -> None:
        while self._waiting and self._sender is not None and not self._sender.done():
            await asyncio.wait([self._sender])

    async def _send_all(self) -> None:
        with suppress(RedisAway):
            while self._waiting:
                command, done = self._waiting[0]
                await self._do(command)
                if self._waiting and self._waiting[0][0] is command:
                    self._waiting.popleft()
                if done is not None:
                    done()

    async def _do(self, command: Command) -> Any:
        script = self._scripts.get(command.script)
        if script is None:
            shared = _source("budget_lib") if command.script.startswith("budget") else ""
            text = _source("time") + shared + _source(command.script)
            script = self._scripts[command.script] = self.client.register_script(text)
        now = "" if self._server_time is None else repr(self._server_time())
        try:
            return await script(keys=command.keys, args=[now, *command.args])
        except (RedisError, OSError) as error:
            self._lost(str(error) or type(error).__name__)
            raise RedisAway from error

    def _lost(self, why: str) -> None:
        self._waiting.clear()
        if self.is_away:
            return
        self.is_away = True
        self.away_since = self.clock.now()
        if self.clock.now() >= self.alone_until:
            self.lost_at = self.clock.now()
        _log.warning(
            "Redis cannot be used (%s): this worker goes on with a share of one in %d of quotas "
            "and budgets",
            why,
            self.workers,
        )
        for one in self.sharers:
            one.went_away()
        if self._on_change is not None:
            self._on_change(True)


@cache
def _source(name: str) -> str:
    folder = files("tta_rebuild.integrations") / "data" / "redis"
    return (folder / f"{name}.lua").read_text("utf-8")
