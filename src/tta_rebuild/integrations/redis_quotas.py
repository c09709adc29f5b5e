"""Quotas shared by all workers: the windows of ``rate_limiter``, kept in Redis with its own clock.

While Redis is there it decides; each worker also counts what it was given itself. Where Redis is
away, nobody sends for one window (others may have sent as much as there was), and then each worker
keeps to its share: quota / workers, rounded down. Once Redis is back it is told who sent what.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from tta_rebuild.core.errors import QuotaExhausted
from tta_rebuild.integrations.rate_limiter import (
    MOMENT_S,
    Grant,
    Quota,
    QuotaWindow,
    RateLimiter,
    end_of_day,
    paused,
)
from tta_rebuild.integrations.redis_link import PREFIX, Command, RedisAway, RedisLink

LOOKS_AGAIN_S = 0.25
"""How soon one who waits for others' room asks again, at the latest, seconds."""
HOPES_S = 10.0
"""How soon Redis may be back, and then decide, before those are refused who cannot wait for their
share, seconds."""
WAITS_S = 2.0
"""A worker whose first in line has not asked for so long waits no more."""


class RedisRateLimiter(RateLimiter):
    """Quotas per model for all workers together; exact in any window while Redis is there.

    Who comes first is served first, among workers too. ``used_today`` is what the ledger knows.
    """

    def __init__(
        self,
        link: RedisLink,
        default: Quota | None = None,
        per_model: Mapping[str, Quota] | None = None,
        *,
        used_today: Mapping[str, int] | None = None,
        looks_again_s: float = LOOKS_AGAIN_S,
    ) -> None:
        super().__init__(default, per_model, clock=link.clock, used_today=used_today)
        self._link = link
        self._looks_again_s = looks_again_s

    def _opened(self, model: str, quota: Quota, used_today: int) -> QuotaWindow:
        window = SharedWindow(
            model,
            quota,
            self._clock,
            used_today,
            link=self._link,
            looks_again_s=self._looks_again_s,
        )
        self._link.sharers.append(window)
        return window

    async def used_by_all(self, model: str) -> tuple[int, int]:
        """Requests and tokens of all workers that count now. Raises RedisAway."""
        window = self._window(model)
        assert isinstance(window, SharedWindow)
        keys = (window.key("log"), window.key("tokens"))
        requests, tokens = await self._link.run(Command("quota_used", keys))
        return int(requests), int(tokens)


@dataclass(slots=True, eq=False, kw_only=True)
class SharedWindow(QuotaWindow):
    """The window of one model, as one worker sees it; what is inherited counts its own grants."""

    link: RedisLink
    looks_again_s: float
    _given: dict[str, Grant] = field(default_factory=dict)
    _asking: asyncio.Task[None] | None = None
    _did_alone: bool = False
    _is_in_line: bool = False
    _asks_again: bool = False

    def key(self, name: str) -> str:
        """The name of one of its values in Redis."""
        return f"{PREFIX}quota:{self.model}:{name}"

    # ------------------------------------------------------------------ who may send now

    def pump(self) -> None:
        """Ask Redis for whoever is first in line; or let them pass by this worker's share."""
        if self.link.is_alone:
            silent_until = self.link.lost_at + self.quota.window_s
            if self._hopes_until <= self.clock.now() < silent_until:
                decides_at = math.inf if self.link.is_away else self.link.alone_until
                self._refuse_in_vain(min(silent_until, decides_at), "Redis was away")
            QuotaWindow.pump(self)
            return
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self._asking is not None and not self._asking.done():
            self._asks_again = True
        elif self.queue:
            self._asking = self.link.begin(self._ask())

    @property
    def _hopes_until(self) -> float:
        """Until then nobody is refused for Redis' sake: it may decide again before long."""
        back_at = self.link.back_at if not self.link.is_away else -math.inf
        return max(self.link.lost_at, back_at) + HOPES_S

    def limits(self) -> tuple[int | None, int | None]:
        """This worker's share: what counts where it decides alone."""
        workers = self.link.workers
        rpm, tpm = self.quota.rpm, self.quota.tpm
        return rpm if rpm is None else rpm // workers, tpm if tpm is None else tpm // workers

    def wait_s(self, tokens: int) -> float:
        """How long until things change for a request of that size, where it decides alone."""
        now, lost_at = self.clock.now(), self.link.lost_at
        ends = math.inf
        if not self.link.is_away:  # it may decide earlier than it was said
            ends = min(self.link.alone_until, now + self.link.timing.retry_s)
        if now < lost_at + self.quota.window_s:
            hopes_until = self._hopes_until
            silent_until = lost_at + self.quota.window_s
            ends = min(ends, silent_until, hopes_until if now < hopes_until else math.inf)
            return max(1e-6, ends - now)
        wait_s = QuotaWindow.wait_s(self, tokens)
        return min(wait_s, max(1e-6, ends - now)) if wait_s else 0.0

    async def _ask(self) -> None:
        while self.queue:
            head = self.queue[0]
            if head.granted.done():
                self.queue.popleft()
                continue
            if refusal := self.refusal():
                head.granted.set_exception(refusal)
                continue
            self._asks_again = False
            grant = Grant(self, head.tokens, grant_id=f"{self.link.worker}:{uuid4().hex[:16]}")
            try:
                word, number, learnt, today = await self.link.run(self._question(grant))
            except RedisAway:
                self._again()
                return
            if word == "fresh":
                self.link.forgotten()
                self._again()
                return
            if word in ("unsettled", "wait", "paused") and self._asks_again:
                continue
            if int(learnt):
                QuotaWindow.learn(self, int(learnt))
            self._is_in_line = word in ("wait", "paused")
            if word == "granted":
                self.take(grant)
                self.used_today = int(today)
                if head.granted.done():
                    self.withdraw(grant)
                else:
                    head.granted.set_result(grant)
            elif word == "exhausted":
                until = datetime.fromtimestamp(float(number), UTC)
                head.granted.set_exception(QuotaExhausted(resets_at=until, model=self.model))
            else:
                self._wait(word, float(number))
                return
        if self._is_in_line:
            self._is_in_line = False
            self.link.send(Command("quota_leave", self._line, (self.link.worker,)))

    def _question(self, grant: Grant) -> Command:
        quota, timing = self.quota, self.link.timing
        names = ("log", "tokens", "state", "line", "asked", self._day)
        args = (grant.grant_id, grant.tokens, quota.rpm or 0, quota.tpm or 0, quota.rpd or 0)
        day_ends = end_of_day(self.clock.wall()).timestamp()
        lives_s = timing.lease_s + quota.window_s
        more = (self.link.worker, lives_s, WAITS_S, self.used_today, day_ends)
        keys = (f"{PREFIX}settled", *map(self.key, names))
        return Command("quota_ask", keys, (*args, *more))

    def _wait(self, word: str, seconds: float) -> None:
        """Look again when the time comes; who cannot wait out a pause is told at once."""
        if word == "paused":
            QuotaWindow.pause(self, seconds)
            self._refuse_in_vain(self.clock.now() + seconds)
        self.timer = self.clock.call_later(min(seconds or math.inf, self.looks_again_s), self.pump)

    def _refuse_in_vain(self, ends: float, why: str = "") -> None:
        wait_s = ends - self.clock.now()
        for one in self.queue:
            in_vain = one.gives_up_at is not None and one.gives_up_at < ends
            if in_vain and not one.granted.done():
                one.granted.set_exception(paused(self.model, wait_s, why))

    def _again(self) -> None:
        self._asking = None  # this task ends
        self.pump()

    # ------------------------------------------------------------------ what became of grants

    def take(self, grant: Grant) -> Grant:
        """The grant takes its room here; Redis knows of it, or is told."""
        QuotaWindow.take(self, grant)
        alone = not grant.grant_id
        if alone:
            grant.grant_id = f"{self.link.worker}:{uuid4().hex[:16]}"
            self._did_alone = self._did_alone or self.link.is_away
        self._given[grant.grant_id] = grant
        if alone:
            self.link.send(self._note([grant]))
        return grant

    def expire(self, grant: Grant, *, after_s: float) -> None:
        """The grant leaves the window a window's length after this; the first word counts."""
        if grant.requests and grant.leaves_at is None:
            leaves_s = after_s + self.quota.window_s
            args = (MOMENT_S, grant.grant_id, leaves_s, "", "change")
            self.link.send(Command("quota_note", self._keys, args))
        QuotaWindow.expire(self, grant, after_s=after_s)

    def settle(self, grant: Grant, tokens: int) -> None:
        """The grant's attempt is over and took so many tokens."""
        if grant.requests:
            self.link.send(Command("quota_settle", self._keys, (grant.grant_id, tokens)))
        QuotaWindow.settle(self, grant, tokens)

    def withdraw(self, grant: Grant) -> None:
        """The grant's request was never sent."""
        if grant.requests:
            keys = (*self._keys, self.key(self._day))
            self.link.send(Command("quota_withdraw", keys, (grant.grant_id,)))
        QuotaWindow.withdraw(self, grant)

    # ------------------------------------------------------------------ what the provider said

    def pause(self, seconds: float) -> None:
        """Nobody of any worker sends for so long."""
        QuotaWindow.pause(self, seconds)
        self._tell("paused", seconds, "pause")

    def learn(self, rpm: int) -> None:
        """The provider allows so many requests per minute: all workers keep to it."""
        if rpm >= 1:
            QuotaWindow.learn(self, rpm)
            self._tell("rpm", rpm, "learn")

    def exhaust(self, until: datetime) -> None:
        """Nobody of any worker sends before then."""
        self._tell("exhausted", until.timestamp(), "exhaust")
        QuotaWindow.exhaust(self, until)

    def _tell(self, field_name: str, value: float, kind: str) -> None:
        self.link.send(Command("quota_state", (self.key("state"),), (field_name, value, kind)))

    # ------------------------------------------------------------------ Redis comes and goes

    def renewals(self) -> Iterable[Command]:
        """Requests under way go on counting."""
        under_way = [g for g in self._known() if g.leaves_at is None]
        return [self._note(under_way)] if under_way else []

    def report(self) -> Iterable[Command]:
        """All of this worker's requests that still count."""
        known = self._known()
        return [self._note(known[at : at + 500]) for at in range(0, len(known), 500)]

    def did_alone(self) -> bool:
        """True if anything was sent by this worker's share since Redis went away."""
        return self._did_alone

    def went_away(self) -> None:
        """Nobody sends for one window: others may just have sent as much as there was."""
        self.pump()

    def came_back(self) -> None:
        """Redis decides again, once all have told it what they did."""
        self._did_alone = False
        for command in self.report():  # for what went out during the first report
            self.link.send(command)
        self.pump()

    def _known(self) -> list[Grant]:
        self.forget()
        self._given = {name: grant for name, grant in self._given.items() if grant.requests}
        return list(self._given.values())

    def _note(self, grants: Iterable[Grant]) -> Command:
        lives_s = self.link.timing.lease_s + self.quota.window_s
        now, args = self.clock.now(), [MOMENT_S]
        noted: list[str | int | float] = [*args]
        for grant in grants:
            leaves_s = lives_s if grant.leaves_at is None else grant.leaves_at - now
            noted += [grant.grant_id, leaves_s, grant.tokens, "keep"]
        return Command("quota_note", self._keys, noted)

    @property
    def _day(self) -> str:
        return f"day {end_of_day(self.clock.wall()):%Y-%m-%d}"

    @property
    def _keys(self) -> tuple[str, str, str]:
        return self.key("log"), self.key("tokens"), self.key("state")

    @property
    def _line(self) -> tuple[str, str]:
        return self.key("line"), self.key("asked")
