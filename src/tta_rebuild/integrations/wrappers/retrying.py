"""Retrying as in the AWS builders' library: full jitter, a deadline, a budget for retries."""

from __future__ import annotations

import logging
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import count
from random import Random

from tta_rebuild.core import errors
from tta_rebuild.core.checks import check_number
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.resilient_primitive import Backoff
from tta_rebuild.integrations import llm_provider as llm

_log = logging.getLogger("tta_rebuild.retries")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy(Backoff):
    """When to try again: no try begins later than ``deadline_s`` seconds after the call did.

    Two attempts at most where a reply came and was of no use, since it was paid for.
    """

    attempts: int = 4
    cap_s: float = 20.0
    deadline_s: float = 60.0

    def __post_init__(self) -> None:
        Backoff.__post_init__(self)
        check_number("deadline_s", self.deadline_s, least=0)


@dataclass(kw_only=True)
class RetryBudget:
    """Keeps retries from multiplying an outage: calls pay in, each retry takes 1.

    ``per_call`` is what each call adds, ``most`` the balance at most, and at the start.
    """

    per_call: float = 0.2
    most: float = 10.0

    def __post_init__(self) -> None:
        self.balance = self.most

    def call(self) -> None:
        """A call begins."""
        self.balance = min(self.most, self.balance + self.per_call)

    def retry(self) -> bool:
        """Pay for a retry; False if there is nothing left."""
        if self.balance < 1.0:
            return False
        self.balance -= 1.0
        return True


class RetryingLLMProvider(llm.WrapperProvider):
    """Tries again what may pass: a busy provider, a broken stream, and once an unusable reply.

    Never before the time that the provider named, past the deadline, or beyond the ``budget``.
    """

    def __init__(
        self,
        wrapped: llm.LLMProvider,
        policy: RetryPolicy | None = None,
        *,
        clock: Clock | None = None,
        random: Random | None = None,
        budget: RetryBudget | None = None,
    ) -> None:
        super().__init__(wrapped)
        self.policy = policy or RetryPolicy()
        self.clock = clock or Clock()
        self.random = random or Random()
        self.budget = budget or RetryBudget()

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """The first answer that ends well; says where pieces are to be forgotten."""
        self.budget.call()
        began = self.clock.now()
        has_begun = False
        for number in count(1):
            try:
                async with aclosing(self.wrapped.items(request, whole=whole)) as items:
                    async for item in items:
                        has_begun = has_begun or isinstance(item, llm.TextPiece)
                        yield item
                return
            except errors.ProviderError as error:
                wait_s = self._wait_s(number, error)
                if wait_s is None or self.clock.now() + wait_s > began + self.policy.deadline_s:
                    raise
                if not self.budget.retry():
                    _log.warning("the budget for retries is used up: not trying again (%s)", error)
                    raise
                why = f"the model broke off and begins anew ({error})"
                extra = {"correlation_id": request.context.correlation_id}
                said = "try %d failed (%s), again in %.2f s"
                _log.info(said, number, type(error).__name__, wait_s, extra=extra)
            await self.clock.sleep(wait_s)
            request = replace(request, attempt=number + 1)
            if has_begun:
                yield llm.StreamRestarted(why)
                has_begun = False

    def _wait_s(self, number: int, error: errors.ProviderError) -> float | None:
        """Seconds until the next try, None where there shall be none."""
        policy = self.policy
        may_pass = isinstance(error, (errors.ProviderBusy, errors.StreamBroken))
        allowed = policy.attempts if may_pass else min(policy.attempts, 2)
        if number >= allowed or not (may_pass or isinstance(error, errors.ReplyUnusable)):
            return None
        return policy.wait_s(number, error, self.random)
