"""The protection of the model layer for anybody's primitives; the engine itself has no need."""

from __future__ import annotations

import logging
import random
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tta_rebuild.core import errors
from tta_rebuild.core.base_primitive import TTAContext, TTAPrimitive
from tta_rebuild.core.checks import check_number
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import ExecutionError, ProviderBusy, ValidationError

log = logging.getLogger("tta_rebuild.primitives")

TInput = TypeVar("TInput")
TOutput = TypeVar("TOutput")

CANNOT_HELP = (
    *(errors.BudgetExceededError, errors.QuotaExhausted, errors.ContentRefused),
    *(errors.RequestRejected, errors.RequestTooLarge),
    *(errors.KeyMissing, errors.KeyRejected, errors.SdkMissing),
)
"""Failures that a repetition does not change."""

Fallback = Callable[[TInput, TTAContext, ExecutionError], TOutput | Awaitable[TOutput]]
"""What to give instead: from the input, the context and the last error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """So many ``attempts``, the first included, and ever longer waits between them.

    The wait before run n+1 is drawn from [0, min(cap_s, base_s · 2^(n-1))] seconds; what a provider
    asks for comes on top.
    """

    attempts: int = 3
    base_s: float = 0.5
    cap_s: float = 10.0

    def __post_init__(self) -> None:
        check_number("attempts", self.attempts, least=1, whole=True)
        for name in ("base_s", "cap_s"):
            check_number(name, getattr(self, name), least=0)

    def wait_s(self, number: int, error: ExecutionError, source: random.Random) -> float:
        """Seconds to wait after run ``number``, from 1, which failed with ``error``."""
        told_s = error.retry_after_s if isinstance(error, ProviderBusy) else None
        drawn_s = source.uniform(0.0, min(self.cap_s, self.base_s * 2 ** (number - 1)))
        return drawn_s + (told_s or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resilience(Backoff):
    """How hard to try: each attempt may take ``timeout_s`` seconds."""

    timeout_s: float | None = 60.0

    def __post_init__(self) -> None:
        Backoff.__post_init__(self)
        if self.timeout_s is not None:
            check_number("timeout_s", self.timeout_s, above=0)


class ResilientPrimitive(TTAPrimitive[TInput, TOutput]):
    """A primitive that is run again where that may help, and has a fallback where it does not.

    A subclass writes ``_execute_once``. A provider that is busy is waited for as long as it says;
    a run that takes too long, or raises ``TimeoutError``, counts as failed. Invalid input is logged
    with its context and raised. When every run failed, ``fallback`` gives the result.
    """

    def __init__(
        self,
        name: str,
        resilience: Resilience | None = None,
        *,
        fallback: Fallback[TInput, TOutput] | None = None,
        clock: Clock | None = None,
        random_source: random.Random | None = None,
    ) -> None:
        super().__init__(name)
        self.resilience = resilience or Resilience()
        self._fallback = fallback
        self._clock = clock or Clock()
        self._random = random_source or random.Random()

    @abstractmethod
    async def _execute_once(self, input_data: TInput, context: TTAContext) -> TOutput:
        """One run: the result. ``ValidationError`` and ``ExecutionError`` mean what they say."""

    async def execute(self, input_data: TInput, context: TTAContext) -> TOutput:
        """The result of the first run that has one, or the fallback's; else its last error."""
        facts = {
            "correlation_id": context.correlation_id,
            "workflow_id": context.workflow_id,
            "universe_id": context.universe_id or "",
        }
        number = 1
        while True:
            try:
                return await self._run(input_data, context)
            except ValidationError as error:
                log.error("%s: invalid input: %s", self.name, error, extra=facts)
                raise
            except ExecutionError as error:
                if number >= self.resilience.attempts or isinstance(error, CANNOT_HELP):
                    if self._fallback is None:
                        raise
                    log.warning("%s: giving the fallback (%s)", self.name, error, extra=facts)
                    result = self._fallback(input_data, context, error)
                    return await result if isinstance(result, Awaitable) else result
                wait_s = self.resilience.wait_s(number, error, self._random)
                said = "%s: run %d failed (%s), again in %.2f s"
                log.warning(said, self.name, number, error, wait_s, extra=facts)
            await self._clock.sleep(wait_s)
            number += 1

    async def _run(self, input_data: TInput, context: TTAContext) -> TOutput:
        import asyncio  # loaded with the first loop, not with the package

        limit_s = self.resilience.timeout_s
        limit = asyncio.timeout(limit_s)
        try:
            async with limit:
                return await self._execute_once(input_data, context)
        except TimeoutError as error:
            why = f"took longer than {limit_s:g} s" if limit.expired() else "ran out of time"
            raise ExecutionError(
                f"{self.name} {why}; allow it more time or ask for less", self.name, context
            ) from error
