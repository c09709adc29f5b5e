"""The quota of each model: who may send now, who waits, who never fits.

``wrappers.paced`` asks here before every attempt. One limiter belongs to one account at one
provider; the stacks that use the account share it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from tta_rebuild.core.clock import Clock, SystemClock
from tta_rebuild.core.errors import QuotaFull, RequestTooLarge, ValidationError
from tta_rebuild.integrations.quota_window import Grant, Quota, Window

log = logging.getLogger("tta_rebuild.limiter")


class RateLimiter:
    """Quotas per model within this process; exact in any sixty seconds, first come first served.

    Args:
        default: the quota of every model that ``per_model`` does not name; or say it shortly with
            ``requests_per_minute`` and ``tokens_per_minute``.
        used_today: requests already made today, by model (from the ledger, after a restart).
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
        self._windows: dict[str, Window] = {}

    def quota(self, model: str) -> Quota:
        """The quota in force, with what was learnt."""
        return self._window(model).quota

    def used(self, model: str) -> tuple[int, int]:
        """Requests and tokens that count now."""
        window = self._window(model)
        window.wait_s(0)
        return window.requests, window.tokens

    def _window(self, model: str) -> Window:
        if model not in self._windows:
            self._windows[model] = Window(
                model,
                self._per_model.get(model, self._default),
                self._clock,
                self._used_today.get(model, 0),
            )
        return self._windows[model]

    async def acquire(
        self, model: str = "", *, tokens: int = 0, max_wait_s: float | None = None
    ) -> None:
        """Wait for room for one request that is sent now; nothing is to be ended.

        ``reserve``, whose errors it raises, also covers the time that a request is on its way.
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
        refusal = window.refusal()
        if refusal is not None:
            raise refusal
        if not window.queue and window.wait_s(tokens) <= 0:
            return window.take(tokens)
        pause = window.paused_until - self._clock.now()
        if max_wait_s is not None and pause > max_wait_s:
            raise QuotaFull(
                f"{model}: the provider wants no request for another {pause:.1f} s",
                model=model,
                retry_after_s=pause,
            )
        return await self._in_line(window, tokens, max_wait_s)

    async def _in_line(self, window: Window, tokens: int, max_wait_s: float | None) -> Grant:
        granted: asyncio.Future[Grant] = asyncio.get_running_loop().create_future()
        window.queue.append((tokens, granted))
        window.pump()
        patience = None
        if max_wait_s is not None:
            late = f"{window.model}: no room in the quota within {max_wait_s:g} s"

            def give_up() -> None:
                if not granted.done():
                    granted.set_exception(QuotaFull(late, model=window.model))
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
