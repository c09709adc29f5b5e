"""The quota of each model: who may send now, who waits, who never fits.

``wrappers.paced`` asks here before every attempt. One limiter belongs to one account at one
provider; the stacks that use the account share it. ``Limiter`` is what the wrapper needs, so that
a limiter in a shared place (Redis) can stand here instead of the one in this process.

The window is exact: a log of grants, no buckets. A provider counts requests when they *arrive*,
and nobody here knows that moment; it lies between the grant and the first sign of life. So a grant
counts from when it is given until a whole window after the provider's first sign of life, which
makes every window hold by the provider's own clock, however busy this machine or the line is.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tta_rebuild.core.checks import check_number
from tta_rebuild.core.clock import Clock, SystemClock, Timer
from tta_rebuild.core.errors import QuotaExhausted, QuotaFull, RequestTooLarge, ValidationError

log = logging.getLogger("tta_rebuild.limiter")

STRAGGLER_S = 3.0
"""How much later than its caller left a request may still arrive, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a model allows; None is no limit.

    Attributes:
        rpm: requests in any window.
        tpm: tokens in any window, prompt and answer.
        rpd: requests in a day.
        day_zone: where the provider's day begins at midnight.
        window_s: length of the window, a minute.
    """

    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None
    day_zone: str = "America/Los_Angeles"
    window_s: float = 60.0

    def __post_init__(self) -> None:
        for name in ("rpm", "tpm", "rpd"):
            value = getattr(self, name)
            if value is not None:
                check_number(name, value, least=1, whole=True)
        check_number("window_s", self.window_s, above=0)


class Grant(Protocol):
    """Leave to send one request; ends with ``settle``, ``left`` or ``withdraw``.

    Whatever is called first counts, so that ``left`` may stand in a ``finally``.
    """

    def arrived(self) -> None:
        """The provider has shown a sign of life: the request has arrived."""

    def settle(self, tokens: int) -> None:
        """The attempt is over and took so many tokens, which may be fewer than reserved."""

    def left(self) -> None:
        """The caller left without an answer; the request may still arrive for a moment."""

    def withdraw(self) -> None:
        """Nothing was sent: give everything back."""


class Limiter(Protocol):
    """What the paced wrapper needs of a limiter, in this process or elsewhere."""

    async def reserve(self, model: str, *, tokens: int, max_wait_s: float | None = None) -> Grant:
        """Wait for room, first come first served."""

    def pause(self, model: str, seconds: float) -> None:
        """The provider wants no request for so long."""

    def learn(self, model: str, rpm: int) -> None:
        """The provider has named its limit: from now on no more than that."""

    def exhaust(self, model: str, until: datetime) -> None:
        """The provider says that the day's quota is used up."""


EXACT_UP_TO = 1_000
"""Grants that count at a time, up to which each leaves at a moment of its own."""

MOMENT_S = 0.05
"""Length of the moments in which more than that leave together, seconds."""


@dataclass(slots=True)
class _Leaving:
    """Grants that leave the window together: how many, and their tokens."""

    requests: int = 0
    tokens: int = 0
    has_left: bool = False


class _Entry:
    """One grant; it counts until the moment of leaving that it was given to is over."""

    __slots__ = ("_window", "leaving", "tokens", "withdrawn")

    def __init__(self, window: _Window, *, tokens: int) -> None:
        self._window = window
        self.tokens = tokens
        self.leaving: _Leaving | None = None
        self.withdrawn = False

    @property
    def counts(self) -> bool:
        """Whether it still takes room in the window."""
        return not self.withdrawn and (self.leaving is None or not self.leaving.has_left)

    def arrived(self) -> None:
        self._window.expire(self, after_s=0.0)

    def settle(self, tokens: int) -> None:
        self.arrived()
        if self.counts:
            self._window.tokens += tokens - self.tokens
            if self.leaving is not None:
                self.leaving.tokens += tokens - self.tokens
            self.tokens = tokens
            self._window.pump()

    def left(self) -> None:
        self._window.expire(self, after_s=STRAGGLER_S)

    def withdraw(self) -> None:
        self._window.forget(self)


@dataclass(slots=True)
class _Waiter:
    tokens: int
    granted: asyncio.Future[_Entry]


@dataclass(slots=True)
class _Window:
    """One model's log of grants, and the queue of those who wait."""

    quota: Quota
    clock: Clock
    tokens: int = 0
    requests: int = 0
    paused_until: float = 0.0
    exhausted_until: datetime | None = None
    day: datetime | None = None
    used_today: int = 0
    queue: deque[_Waiter] = field(default_factory=deque)
    timer: Timer | None = None
    _log: list[float] = field(default_factory=list)
    _leaving: dict[float, _Leaving] = field(default_factory=dict)

    def expire(self, entry: _Entry, *, after_s: float) -> None:
        """The entry leaves the window a window's length after this; the first word counts.

        Where many count, those of a moment (``MOMENT_S``) leave together, at its end: the log stays
        small, and nobody leaves too early.
        """
        if entry.counts and entry.leaving is None:
            at = self.clock.now() + after_s + self.quota.window_s
            if self.requests > EXACT_UP_TO:
                at = math.ceil(at / MOMENT_S) * MOMENT_S
            leaving = self._leaving.get(at)
            if leaving is None:
                leaving = self._leaving[at] = _Leaving()
                heapq.heappush(self._log, at)
            leaving.requests += 1
            leaving.tokens += entry.tokens
            entry.leaving = leaving
            if self.queue:
                self.pump()

    def forget(self, entry: _Entry) -> None:
        if entry.counts:
            entry.withdrawn = True
            self.requests -= 1
            self.tokens -= entry.tokens
            if entry.leaving is not None:
                entry.leaving.requests -= 1
                entry.leaving.tokens -= entry.tokens
            self.used_today = max(0, self.used_today - 1)
            self.pump()

    def take(self, tokens: int) -> _Entry:
        entry = _Entry(self, tokens=tokens)
        self.requests += 1
        self.tokens += tokens
        self.used_today += 1
        return entry

    def _drop_expired(self) -> None:
        now = self.clock.now()
        while self._log and self._log[0] <= now:
            leaving = self._leaving.pop(heapq.heappop(self._log))
            leaving.has_left = True
            self.requests -= leaving.requests
            self.tokens -= leaving.tokens

    def wait_s(self, tokens: int) -> float:
        """How long until things change for a request of that size; 0 if it has room now.

        Infinite while everything that counts is still under way.
        """
        self._drop_expired()
        pause = self.paused_until - self.clock.now()
        if pause > 0:
            return pause
        quota = self.quota
        full = quota.rpm is not None and self.requests >= quota.rpm
        full = full or (quota.tpm is not None and self.tokens + tokens > quota.tpm)
        if not full:
            return 0.0
        while self._log:
            at = self._log[0]
            if self._leaving[at].requests:
                return max(1e-6, at - self.clock.now())
            self._leaving.pop(heapq.heappop(self._log)).has_left = True
        return math.inf

    def pump(self) -> None:
        """Let everybody pass whose turn it is; wake up again when the next one's turn comes."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        while self.queue:
            head = self.queue[0]
            if not head.granted.done():
                refusal = self.refusal()
                if refusal is not None:
                    head.granted.set_exception(refusal)
                else:
                    wait_s = self.wait_s(head.tokens)
                    if wait_s > 0:
                        if wait_s < math.inf:
                            self.timer = self.clock.call_later(wait_s, self.pump)
                        return
                    head.granted.set_result(self.take(head.tokens))
            self.queue.popleft()

    def refusal(self) -> QuotaExhausted | None:
        """The day's quota, where it is used up; a new day forgets the old one."""
        now = self.clock.wall()
        if self.exhausted_until is not None:
            if now < self.exhausted_until:
                return QuotaExhausted(resets_at=self.exhausted_until)
            self.exhausted_until = None
        if self.quota.rpd is None:
            return None
        ends = end_of_day(now, self.quota.day_zone)
        if self.day != ends:
            if self.day is not None:
                self.used_today = 0
            self.day = ends
        return QuotaExhausted(resets_at=ends) if self.used_today >= self.quota.rpd else None


def end_of_day(now: datetime, zone: str) -> datetime:
    """The next midnight in a zone, in UTC; a zone that this machine lacks is taken for UTC."""
    try:
        place = ZoneInfo(zone)
    except ZoneInfoNotFoundError:
        log.warning("no time zone data for %s: days are counted in UTC", zone)
        return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    tomorrow = now.astimezone(place).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), place).astimezone(UTC)


class RateLimiter:
    """Quotas per model within this process; exact in any sixty seconds, first come first served.

    Args:
        default: the quota of every model that ``per_model`` does not name.
        per_model: quotas by the model's name.
        used_today: requests already made today, by model (from the ledger, after a restart).
        requests_per_minute, tokens_per_minute: the same as a ``default`` with these.
    """

    def __init__(
        self,
        default: Quota | None = None,
        per_model: Mapping[str, Quota] | None = None,
        *,
        clock: Clock | None = None,
        used_today: Mapping[str, int] | None = None,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
    ) -> None:
        if default is not None and not isinstance(default, Quota):
            raise ValidationError(
                f"default must be a Quota, not {default!r}; "
                "for requests per minute write RateLimiter(requests_per_minute=...)"
            )
        short = Quota(rpm=requests_per_minute, tpm=tokens_per_minute)
        if default is not None and short != Quota():
            raise ValidationError("give either a default quota or what it allows per minute")
        self._default = default or short
        self._per_model = dict(per_model or {})
        self._clock = clock or SystemClock()
        self._used_today = dict(used_today or {})
        self._windows: dict[str, _Window] = {}

    def quota(self, model: str) -> Quota:
        """The quota in force, with what was learnt."""
        return self._window(model).quota

    def used(self, model: str) -> tuple[int, int]:
        """Requests and tokens that count now."""
        window = self._window(model)
        window.wait_s(0)
        return window.requests, window.tokens

    def _window(self, model: str) -> _Window:
        window = self._windows.get(model)
        if window is None:
            window = self._windows[model] = _Window(
                quota=self._per_model.get(model, self._default),
                clock=self._clock,
                used_today=self._used_today.get(model, 0),
            )
        return window

    async def acquire(
        self, model: str = "", *, tokens: int = 0, max_wait_s: float | None = None
    ) -> None:
        """Wait for room for one request that is sent now; nothing is to be ended.

        It counts for a window from now on, by this clock: ``reserve`` also covers the time that a
        request is on its way. Raises as ``reserve`` does.
        """
        (await self.reserve(model, tokens=tokens, max_wait_s=max_wait_s)).settle(tokens)

    async def reserve(self, model: str, *, tokens: int, max_wait_s: float | None = None) -> Grant:
        """Wait for room for one request of at most ``tokens`` tokens.

        It counts until a window after the grant has ended, so every grant must end.

        Raises:
            RequestTooLarge: it would not fit even an empty minute.
            QuotaExhausted: the day's quota is used up.
            QuotaFull: no room within ``max_wait_s`` seconds, or certainly none.
        """
        window = self._window(model)
        if window.quota.tpm is not None and tokens > window.quota.tpm:
            raise RequestTooLarge(
                f"{model}: a request of up to {tokens} tokens can never fit the quota of "
                f"{window.quota.tpm} tokens per minute; shorten it, lower max_tokens, or raise "
                "the quota in the configuration",
                model=model,
            )
        self._refuse(window, model)
        if not window.queue and window.wait_s(tokens) <= 0:
            return window.take(tokens)
        pause = window.paused_until - self._clock.now()
        if max_wait_s is not None and pause > max_wait_s:
            raise QuotaFull(
                f"{model}: the provider wants no request for another {pause:.1f} s",
                model=model,
                retry_after_s=pause,
            )
        return await self._in_line(window, model, tokens, max_wait_s)

    async def _in_line(
        self, window: _Window, model: str, tokens: int, max_wait_s: float | None
    ) -> Grant:
        waiter = _Waiter(tokens, asyncio.get_running_loop().create_future())
        window.queue.append(waiter)
        window.pump()
        patience = None
        if max_wait_s is not None:
            late = QuotaFull(f"{model}: no room in the quota within {max_wait_s:g} s", model=model)

            def give_up() -> None:
                if not waiter.granted.done():
                    waiter.granted.set_exception(late)
                    window.pump()

            patience = self._clock.call_later(max_wait_s, give_up)
        try:
            return await waiter.granted
        except QuotaExhausted as error:
            raise QuotaExhausted(resets_at=error.resets_at, model=model) from None
        except asyncio.CancelledError:
            granted = waiter.granted
            if granted.done() and not granted.cancelled() and granted.exception() is None:
                granted.result().withdraw()
            window.pump()
            raise
        finally:
            if patience is not None:
                patience.cancel()

    @staticmethod
    def _refuse(window: _Window, model: str) -> None:
        refusal = window.refusal()
        if refusal is not None:
            raise QuotaExhausted(resets_at=refusal.resets_at, model=model)

    def pause(self, model: str, seconds: float) -> None:
        """Nobody sends to this model for so long, those already waiting included."""
        window = self._window(model)
        window.paused_until = max(window.paused_until, self._clock.now() + seconds)
        window.pump()

    def learn(self, model: str, rpm: int) -> None:
        """The provider named its limit of requests per minute: keep to the lower one."""
        window = self._window(model)
        if rpm < 1 or (window.quota.rpm is not None and window.quota.rpm <= rpm):
            return
        log.info("%s allows %d requests per minute: keeping to it from now on", model, rpm)
        window.quota = replace(window.quota, rpm=rpm)
        window.pump()

    def exhaust(self, model: str, until: datetime) -> None:
        """Nobody sends to this model before ``until``; everybody hears it at once."""
        window = self._window(model)
        window.exhausted_until = until
        window.pump()
