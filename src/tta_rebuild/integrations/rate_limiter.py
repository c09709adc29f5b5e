"""The quota of each model: who may send now, who waits and who never fits.

A provider counts requests when they *arrive*: between the grant and its first sign of life. So a
grant counts until a whole window after that sign, however busy this machine or the line is.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tta_rebuild.core.checks import check_number
from tta_rebuild.core.clock import Clock, Timer
from tta_rebuild.core.errors import QuotaExhausted, QuotaFull, RequestTooLarge, ValidationError

_log = logging.getLogger("tta_rebuild.limiter")

STRAGGLER_S = 3.0
"""How much later than its caller left a request may still arrive, seconds."""

MOMENT_S = 0.05
"""Grants of such a moment leave together, at its end: few wake-ups, and nobody leaves early."""

PACIFIC = "America/Los_Angeles"


def end_of_day(now: datetime) -> datetime:
    """When daily quotas begin anew, as Google's do: the next midnight in ``PACIFIC``, in UTC."""
    place: tzinfo = UTC
    try:
        place = ZoneInfo(PACIFIC)
    except ZoneInfoNotFoundError:
        _log.warning("no time zone data for %s: days are counted in UTC", PACIFIC)
    tomorrow = now.astimezone(place).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), place).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a model allows, None is no limit: requests and tokens (of prompt and answer) in any
    window of ``window_s`` seconds, requests in a day (see ``end_of_day``)."""

    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None
    window_s: float = 60.0

    def __post_init__(self) -> None:
        for name in ("rpm", "tpm", "rpd"):
            value = getattr(self, name)
            if value is not None:
                check_number(name, value, least=1, whole=True)
        check_number("window_s", self.window_s, above=0)


@dataclass(slots=True, eq=False)
class Grant:
    """Leave to send one request; ends with ``settle``, ``left`` or ``withdraw``: the first counts.

    ``requests`` and ``tokens`` are what it takes of the window now: nothing once it has left.
    """

    _window: QuotaWindow
    tokens: int
    requests: int = 1
    leaves_at: float | None = None
    grant_id: str = ""

    def arrived(self) -> None:
        """The provider has shown a sign of life: the request has arrived."""
        self._window.expire(self, after_s=0.0)

    def settle(self, tokens: int) -> None:
        """The attempt is over and took so many tokens, which may be fewer than reserved."""
        self._window.settle(self, tokens)

    def left(self) -> None:
        """The caller left without an answer; the request may still arrive for a moment."""
        self._window.expire(self, after_s=STRAGGLER_S)

    def withdraw(self) -> None:
        """Nothing was sent: give everything back."""
        self._window.withdraw(self)


@dataclass(slots=True, eq=False)
class Waiting:
    """One who waits for room, until ``gives_up_at`` by the clock; None is for ever."""

    tokens: int
    granted: asyncio.Future[Grant]
    gives_up_at: float | None = None


@dataclass(slots=True, eq=False)
class QuotaWindow:
    """What one model's grants take, those who wait, and a heap of when grants will leave."""

    model: str
    quota: Quota
    clock: Clock
    used_today: int = 0
    tokens: int = 0
    requests: int = 0
    paused_until: float = 0.0
    exhausted_until: datetime | None = None
    day: datetime | None = None
    queue: deque[Waiting] = field(default_factory=deque)
    timer: Timer | None = None
    _log: list[tuple[float, int, Grant]] = field(default_factory=list)

    def expire(self, grant: Grant, *, after_s: float) -> None:
        """The grant leaves the window a window's length after this; the first word counts."""
        if grant.requests and grant.leaves_at is None:
            leaves_at = self.clock.now() + after_s + self.quota.window_s
            grant.leaves_at = math.ceil(leaves_at / MOMENT_S) * MOMENT_S
            heapq.heappush(self._log, (grant.leaves_at, id(grant), grant))
            if self.queue:
                self.pump()

    def settle(self, grant: Grant, tokens: int) -> None:
        """The grant's attempt is over and took so many tokens."""
        self.expire(grant, after_s=0.0)
        self.change(grant, grant.requests, tokens)
        self.pump()

    def withdraw(self, grant: Grant) -> None:
        """The grant's request was never sent."""
        self.used_today = max(0, self.used_today - grant.requests)
        self.change(grant, 0, 0)
        self.pump()

    def change(self, grant: Grant, requests: int, tokens: int) -> None:
        """The grant takes so much from now on, if it has not left."""
        if grant.requests:
            self.requests += requests - grant.requests
            self.tokens += tokens - grant.tokens
            grant.requests, grant.tokens = requests, tokens

    def limits(self) -> tuple[int | None, int | None]:
        """Requests and tokens that all grants of a window may take; None is no limit."""
        return self.quota.rpm, self.quota.tpm

    def forget(self) -> None:
        """Whatever has left the window counts no more."""
        now = self.clock.now()
        while self._log and (self._log[0][0] <= now or not self._log[0][2].requests):
            self.change(heapq.heappop(self._log)[2], 0, 0)

    def wait_s(self, tokens: int) -> float:
        """How long until things change for a request of that size; 0 if it has room now."""
        now = self.clock.now()
        self.forget()
        if self.paused_until > now:
            return self.paused_until - now
        rpm, tpm = self.limits()
        full = rpm is not None and self.requests >= rpm
        if not full and (tpm is None or self.tokens + tokens <= tpm):
            return 0.0
        return max(1e-6, self._log[0][0] - now) if self._log else math.inf

    def pump(self) -> None:
        """Let everybody pass whose turn it is; wake up again when the next one's turn comes."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        while self.queue:
            head = self.queue[0]
            if not head.granted.done():
                refusal = self.refusal()
                wait_s = 0.0 if refusal else self.wait_s(head.tokens)
                if wait_s > 0:
                    if wait_s < math.inf:
                        self.timer = self.clock.call_later(wait_s, self.pump)
                    return
                if refusal:
                    head.granted.set_exception(refusal)
                else:
                    head.granted.set_result(self.take(Grant(self, head.tokens)))
            self.queue.popleft()

    def take(self, grant: Grant) -> Grant:
        """The grant takes its room."""
        self.requests += grant.requests
        self.tokens += grant.tokens
        self.used_today += grant.requests
        return grant

    def pause(self, seconds: float) -> None:
        """Nobody sends for so long."""
        self.paused_until = max(self.paused_until, self.clock.now() + seconds)

    def learn(self, rpm: int) -> None:
        """The provider allows so many requests per minute: keep to it where it is less."""
        if rpm < 1 or (self.quota.rpm is not None and self.quota.rpm <= rpm):
            return
        _log.info("%s allows %d requests per minute: keeping to it from now on", self.model, rpm)
        self.quota = replace(self.quota, rpm=rpm)

    def exhaust(self, until: datetime) -> None:
        """Nobody sends before then."""
        self.exhausted_until = until
        self.pump()

    def refusal(self) -> QuotaExhausted | None:
        """The day's quota, where it is used up; a new day forgets the old one."""
        now = self.clock.wall()
        if self.exhausted_until is not None and now < self.exhausted_until:
            return QuotaExhausted(resets_at=self.exhausted_until, model=self.model)
        if self.quota.rpd is None:
            return None
        ends = end_of_day(now)
        if self.day not in (None, ends):
            self.used_today = 0
        self.day = ends
        is_used_up = self.used_today >= self.quota.rpd
        return QuotaExhausted(resets_at=ends, model=self.model) if is_used_up else None


class RateLimiter:
    """Quotas per model within this process; exact in any sixty seconds, first come first served.

    ``default``, or shortly ``requests_per_minute``, is the quota of every model that ``per_model``
    does not name; ``used_today`` are requests made before a restart, by model.
    """

    def __init__(
        self,
        default: Quota | None = None,
        per_model: Mapping[str, Quota] | None = None,
        *,
        clock: Clock | None = None,
        used_today: Mapping[str, int] | None = None,
        requests_per_minute: int | None = None,
    ) -> None:
        if default is not None and not isinstance(default, Quota):
            raise ValidationError(f"no Quota: for a number write requests_per_minute={default!r}")
        if default is not None and requests_per_minute is not None:
            raise ValidationError("give either a default quota or what it allows per minute")
        self._default = default or Quota(rpm=requests_per_minute)
        self._per_model = per_model or {}
        self._clock = clock or Clock()
        self._used_today = used_today or {}
        self._windows: dict[str, QuotaWindow] = {}

    def quota(self, model: str) -> Quota:
        """The quota in force, with what was learnt."""
        return self._window(model).quota

    def used(self, model: str) -> tuple[int, int]:
        """Requests and tokens that count now."""
        window = self._window(model)
        window.wait_s(0)
        return window.requests, window.tokens

    def waiting(self, model: str) -> int:
        """How many wait for room now."""
        return sum(not one.granted.done() for one in self._window(model).queue)

    def _window(self, model: str) -> QuotaWindow:
        if model not in self._windows:
            quota = self._per_model.get(model, self._default)
            used_today = self._used_today.get(model, 0)
            self._windows[model] = self._opened(model, quota, used_today)
        return self._windows[model]

    def _opened(self, model: str, quota: Quota, used_today: int) -> QuotaWindow:
        return QuotaWindow(model, quota, self._clock, used_today)

    async def acquire(
        self, model: str = "", *, tokens: int = 0, max_wait_s: float | None = None
    ) -> None:
        """``reserve`` for a request that is sent now: nothing is to be ended."""
        (await self.reserve(model, tokens=tokens, max_wait_s=max_wait_s)).settle(tokens)

    async def reserve(self, model: str, *, tokens: int, max_wait_s: float | None = None) -> Grant:
        """Wait for room for one request of at most ``tokens`` tokens.

        It counts until a window after the grant has ended, so every grant must end.

        Raises RequestTooLarge (for even an empty minute), QuotaExhausted (the day's quota is used
        up), QuotaFull (no room within ``max_wait_s`` seconds, or certainly none).
        """
        window = self._window(model)
        if window.quota.tpm is not None and tokens > window.quota.tpm:
            said = f"{model}: a request of up to {tokens} tokens can never fit the quota of "
            said += f"{window.quota.tpm} tokens per minute; shorten it, lower max_tokens, or raise "
            raise RequestTooLarge(f"{said}the quota in the configuration", model=model)
        if refusal := window.refusal():
            raise refusal
        pause_s = window.paused_until - self._clock.now()
        if max_wait_s is not None and pause_s > max_wait_s:
            raise paused(model, pause_s)
        granted: asyncio.Future[Grant] = asyncio.get_running_loop().create_future()
        gives_up_at = None if max_wait_s is None else self._clock.now() + max_wait_s
        window.queue.append(Waiting(tokens, granted, gives_up_at))
        window.pump()
        patience = None
        if max_wait_s is not None and not granted.done():
            late = QuotaFull(f"{model}: no room in the quota within {max_wait_s:g} s", model=model)

            def give_up() -> None:
                if not granted.done():
                    granted.set_exception(late)
                    window.pump()

            patience = self._clock.call_later(max_wait_s, give_up)
        try:
            return await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled() and granted.exception() is None:
                granted.result().withdraw()
            window.pump()
            raise
        finally:
            if patience is not None:
                patience.cancel()

    def pause(self, model: str, seconds: float) -> None:
        """Nobody sends to this model for so long, those already waiting included."""
        self._window(model).pause(seconds)

    def learn(self, model: str, rpm: int) -> None:
        """The provider named its limit of requests per minute: keep to the lower one."""
        self._window(model).learn(rpm)

    def exhaust(self, model: str, until: datetime) -> None:
        """Nobody sends to this model before ``until``; everybody hears it at once."""
        self._window(model).exhaust(until)


def paused(model: str, seconds: float, why: str = "") -> QuotaFull:
    """The error for one who cannot wait for the end of a pause; ``why`` there is one."""
    said = f"{model}: no request may be sent for another {seconds:.1f} s"
    said += f" ({why})" if why else ""
    return QuotaFull(said, model=model, retry_after_s=seconds)
