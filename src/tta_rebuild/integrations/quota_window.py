"""One model's quota as a window over time: what counts, what is full, whose turn is next.

``rate_limiter`` keeps one for each model. The window is a log of grants, to a twentieth second. A
provider counts requests when they *arrive*, and nobody here knows that moment; it lies between the
grant and the first sign of life. So a grant counts from when it is given until a whole window after
the provider's first sign of life, which makes every window hold by the provider's own clock,
however busy this machine or the line is.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from tta_rebuild.core.checks import check_number
from tta_rebuild.core.clock import Clock, Timer
from tta_rebuild.core.errors import QuotaExhausted
from tta_rebuild.integrations.waiting_times import PACIFIC, end_of_day

STRAGGLER_S = 3.0
"""How much later than its caller left a request may still arrive, seconds."""

MOMENT_S = 0.05
"""Grants of such a moment leave together, at its end: the log stays small, nobody leaves early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a model allows; None is no limit.

    Requests (``rpm``) and tokens (``tpm``, prompt and answer) in any window of ``window_s``
    seconds, requests in a day (``rpd``), which begins at midnight in ``day_zone``.
    """

    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None
    day_zone: str = PACIFIC
    window_s: float = 60.0

    def __post_init__(self) -> None:
        for name in ("rpm", "tpm", "rpd"):
            value = getattr(self, name)
            if value is not None:
                check_number(name, value, least=1, whole=True)
        check_number("window_s", self.window_s, above=0)


@dataclass(slots=True, eq=False)
class Grant:
    """Leave to send one request; ends with ``settle``, ``left`` or ``withdraw``.

    Whatever is called first counts, so that ``left`` may stand in a ``finally``.
    """

    _window: Window
    tokens: int
    leaves_at: float | None = None
    withdrawn: bool = False

    @property
    def counts(self) -> bool:
        """Whether it still takes room in the window."""
        has_left = self.leaves_at is not None and self.leaves_at not in self._window.leaving
        return not self.withdrawn and not has_left

    def arrived(self) -> None:
        """The provider has shown a sign of life: the request has arrived."""
        self._window.expire(self, after_s=0.0)

    def settle(self, tokens: int) -> None:
        """The attempt is over and took so many tokens, which may be fewer than reserved."""
        self.arrived()
        if self.counts:
            self._window.change(self, 0, tokens - self.tokens)
            self.tokens = tokens
            self._window.pump()

    def left(self) -> None:
        """The caller left without an answer; the request may still arrive for a moment."""
        self._window.expire(self, after_s=STRAGGLER_S)

    def withdraw(self) -> None:
        """Nothing was sent: give everything back."""
        if self.counts:
            self._window.change(self, -1, -self.tokens)
            self._window.used_today = max(0, self._window.used_today - 1)
            self.withdrawn = True
            self._window.pump()


@dataclass(slots=True)
class Window:
    """One model's log of grants, and the queue of those who wait: tokens, and the grant to come.

    ``leaving`` is moment → requests and tokens that leave then; ``_log`` is a heap of the moments.
    """

    model: str
    quota: Quota
    clock: Clock
    used_today: int = 0
    tokens: int = 0
    requests: int = 0
    paused_until: float = 0.0
    exhausted_until: datetime | None = None
    day: datetime | None = None
    queue: deque[tuple[int, asyncio.Future[Grant]]] = field(default_factory=deque)
    timer: Timer | None = None
    leaving: dict[float, list[int]] = field(default_factory=dict)
    _log: list[float] = field(default_factory=list)

    def expire(self, grant: Grant, *, after_s: float) -> None:
        """The grant leaves the window a window's length after this; the first word counts."""
        if grant.counts and grant.leaves_at is None:
            at = self.clock.now() + after_s + self.quota.window_s
            at = math.ceil(at / MOMENT_S) * MOMENT_S
            if at not in self.leaving:
                self.leaving[at] = [0, 0]
                heapq.heappush(self._log, at)
            self.leaving[at][0] += 1
            self.leaving[at][1] += grant.tokens
            grant.leaves_at = at
            if self.queue:
                self.pump()

    def change(self, grant: Grant, requests: int, tokens: int) -> None:
        """The grant counts so much more, or less."""
        self.requests += requests
        self.tokens += tokens
        if grant.leaves_at is not None:
            self.leaving[grant.leaves_at][0] += requests
            self.leaving[grant.leaves_at][1] += tokens

    def take(self, tokens: int) -> Grant:
        """Grant a request of that size now."""
        self.requests += 1
        self.tokens += tokens
        self.used_today += 1
        return Grant(self, tokens)

    def wait_s(self, tokens: int) -> float:
        """How long until things change for a request of that size; 0 if it has room now.

        Infinite while everything that counts is still under way.
        """
        now = self.clock.now()
        while self._log and self._log[0] <= now:
            self._let_leave()
        if self.paused_until > now:
            return self.paused_until - now
        quota = self.quota
        full = quota.rpm is not None and self.requests >= quota.rpm
        if not full and (quota.tpm is None or self.tokens + tokens <= quota.tpm):
            return 0.0
        while self._log and not self.leaving[self._log[0]][0]:
            self._let_leave()
        return max(1e-6, self._log[0] - now) if self._log else math.inf

    def _let_leave(self) -> None:
        requests, tokens = self.leaving.pop(heapq.heappop(self._log))
        self.requests -= requests
        self.tokens -= tokens

    def pump(self) -> None:
        """Let everybody pass whose turn it is; wake up again when the next one's turn comes."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        while self.queue:
            tokens, granted = self.queue[0]
            if not granted.done():
                refusal = self.refusal()
                wait_s = 0.0 if refusal else self.wait_s(tokens)
                if refusal is not None:
                    granted.set_exception(refusal)
                elif wait_s == 0:
                    granted.set_result(self.take(tokens))
                else:
                    if wait_s < math.inf:
                        self.timer = self.clock.call_later(wait_s, self.pump)
                    return
            self.queue.popleft()

    def refusal(self) -> QuotaExhausted | None:
        """The day's quota, where it is used up; a new day forgets the old one."""
        now = self.clock.wall()
        if self.exhausted_until is not None:
            if now < self.exhausted_until:
                return QuotaExhausted(resets_at=self.exhausted_until, model=self.model)
            self.exhausted_until = None
        if self.quota.rpd is None:
            return None
        ends = end_of_day(now, self.quota.day_zone)
        if self.day != ends:
            if self.day is not None:
                self.used_today = 0
            self.day = ends
        is_used_up = self.used_today >= self.quota.rpd
        return QuotaExhausted(resets_at=ends, model=self.model) if is_used_up else None
