"""Circuit breaker: a model that is down is left alone, and asked again now and then."""

from __future__ import annotations

import logging
import math
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from tta_rebuild.core import errors
from tta_rebuild.core.checks import check_number
from tta_rebuild.core.clock import Clock
from tta_rebuild.integrations import llm_provider as llm

_log = logging.getLogger("tta_rebuild.circuit")

CALLERS_FAULT = (
    errors.ContentRefused,
    errors.QuotaExhausted,
    errors.QuotaFull,
    errors.RequestRejected,
    errors.RequestTooLarge,
)
"""Errors that say nothing about the provider's health."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitPolicy:
    """When to stop asking: so many ``failures`` in a row, or, among at least so many attempts of
    the last ``window_s``, a share of ``failure_rate`` in (0, 1].

    After ``cool_down_s``, ``probes`` attempts at a time find out whether the model is back.
    """

    failures: int = 5
    failure_rate: float = 0.5
    window_s: float = 60.0
    cool_down_s: float = 30.0
    probes: int = 1

    def __post_init__(self) -> None:
        check_number("failures", self.failures, least=1, whole=True)
        check_number("probes", self.probes, least=1, whole=True)
        check_number("failure_rate", self.failure_rate, above=0, most=1)
        check_number("window_s", self.window_s, above=0)
        check_number("cool_down_s", self.cool_down_s, least=0)


class Circuit:
    """The health of one model, from the attempts made at it."""

    def __init__(self, policy: CircuitPolicy | None = None, *, clock: Clock | None = None) -> None:
        self.policy = policy or CircuitPolicy()
        self._clock = clock or Clock()
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=max(1_000, self.policy.failures))
        self._opened_at: float | None = None
        self._probing = 0

    @property
    def state(self) -> Literal["closed", "open", "half-open"]:
        """``closed`` is healthy; ``half-open`` lets probes through."""
        if self._opened_at is None:
            return "closed"
        return "open" if self.asks_again_in_s > 0 else "half-open"

    @property
    def asks_again_in_s(self) -> float:
        """Seconds until a probe may go; 0.0 if one may go now."""
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self.policy.cool_down_s - self._clock.now())

    async def admit(self, model: str) -> bool:
        """``enter``, where that may have to be asked of others."""
        return self.enter(model)

    def enter(self, model: str) -> bool:
        """Leave for one attempt: whether it is a probe, for ``record``. Raises CircuitOpen."""
        wait_s = self.asks_again_in_s
        if wait_s > 0 or (self._opened_at is not None and self._probing >= self.policy.probes):
            again = f"it is asked again in {math.ceil(wait_s)} s"
            said = f"{model} failed too often just now, {again}"
            raise errors.CircuitOpen(said, model=model, retry_after_s=wait_s)
        is_probe = self._opened_at is not None
        self._probing += is_probe
        return is_probe

    def record(self, model: str, is_probe: bool, worked: bool | None) -> None:
        """What became of an attempt; None if it says nothing about the model."""
        self._probing -= is_probe
        # What began before the circuit opened does not change the verdict.
        if worked is None or (self._opened_at is not None and not is_probe):
            return
        policy, now = self.policy, self._clock.now()
        if is_probe and worked:
            _log.warning("%s is back", model)
            self._opened_at = None
        else:
            self._outcomes.append((now, worked))
        if worked:
            return
        recent = [ok for at, ok in self._outcomes if at > now - policy.window_s]
        too_many = recent.count(False) >= max(1, policy.failure_rate * len(recent))
        is_down = len(recent) >= policy.failures and too_many
        latest = [ok for _, ok in self._outcomes][-policy.failures :]
        is_down = is_down or (len(latest) == policy.failures and not any(latest))
        if is_probe or is_down:
            _log.warning("%s fails: left alone for %.0f s", model, policy.cool_down_s)
            self._opened_at = now
            self._outcomes.clear()


class CircuitBreakerLLMProvider(llm.WrapperProvider):
    """Passes attempts on while the model is healthy, raises ``CircuitOpen`` while it is not.

    Cancellations, used-up budgets and errors that the caller made are no failures.
    """

    def __init__(
        self,
        wrapped: llm.LLMProvider,
        circuit: Circuit | CircuitPolicy | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(wrapped)
        self.circuit = circuit if isinstance(circuit, Circuit) else Circuit(circuit, clock=clock)

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """Pass the attempt on, if the circuit lets it; a stream left early has worked so far."""
        model = request.model or self.config.model
        is_probe = await self.circuit.admit(model)
        worked: bool | None = None
        try:
            async with aclosing(self.wrapped.items(request, whole=whole)) as items:
                async for item in items:
                    if isinstance(item, llm.TextPiece):
                        worked = True
                    elif isinstance(item, llm.StreamEnded):
                        worked = item.response.finish_reason != llm.SILENT
                    yield item
        except errors.ProviderError as error:
            worked = None if isinstance(error, CALLERS_FAULT) else False
            raise
        finally:
            self.circuit.record(model, is_probe, worked)
