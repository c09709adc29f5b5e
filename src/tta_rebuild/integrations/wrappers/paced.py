"""Pacing: keeps calls to one model under its quota, and learns it from refusals."""

from __future__ import annotations

from contextlib import aclosing

from tta_rebuild.core import errors
from tta_rebuild.core.checks import check_number
from tta_rebuild.integrations import llm_provider as llm
from tta_rebuild.integrations.rate_limiter import RateLimiter


class RateLimitedLLMProvider(llm.WrapperProvider):
    """Waits for room in the quota, then passes the request on.

    Args:
        limiter: shared by all who use the same account; one of its own where None, which allows
            ``requests_per_minute``, or 60.
        max_wait_s: seconds to wait for room before ``QuotaFull``; None is as long as it takes.
        provider: set where the limiter serves several: quotas are then named ``provider:model``.

    Raises RequestTooLarge, QuotaExhausted or QuotaFull, where nothing was sent.
    """

    def __init__(
        self,
        wrapped: llm.LLMProvider,
        limiter: RateLimiter | None = None,
        *,
        requests_per_minute: int | None = None,
        max_wait_s: float | None = None,
        provider: str = "",
    ) -> None:
        super().__init__(wrapped)
        if limiter is not None and requests_per_minute is not None:
            raise errors.ValidationError("give either a limiter or requests_per_minute")
        if limiter is not None and not isinstance(limiter, RateLimiter):
            raise errors.ValidationError(f"for a number write requests_per_minute={limiter!r}")
        rpm = 60 if requests_per_minute is None else requests_per_minute
        self.limiter = limiter or RateLimiter(requests_per_minute=rpm)
        if max_wait_s is not None:
            check_number("max_wait_s", max_wait_s, least=0)
        self.max_wait_s = max_wait_s
        self._prefix = f"{provider}:" if provider else ""

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """Wait for room, then pass the request on."""
        model = self._prefix + (request.model or self.config.model)
        tokens = request.likely_input_tokens + (request.max_tokens or self.config.max_tokens)
        grant = await self.limiter.reserve(model, tokens=tokens, max_wait_s=self.max_wait_s)
        try:
            async with aclosing(self.wrapped.items(request, whole=whole)) as items:
                async for item in items:
                    if isinstance(item, llm.TextPiece):
                        grant.arrived()
                    elif isinstance(item, llm.StreamEnded):
                        got = item.response
                        grant.settle(got.usage.total_tokens or got.tokens_used)
                    yield item
        except errors.BudgetExceededError:
            grant.withdraw()
            raise
        except errors.ProviderError as error:
            if isinstance(error, errors.ProviderBusy):
                if error.learnt_limit_rpm is not None:
                    self.limiter.learn(model, error.learnt_limit_rpm)
                if error.retry_after_s is not None:
                    self.limiter.pause(model, error.retry_after_s)
            elif isinstance(error, errors.QuotaExhausted):
                self.limiter.exhaust(model, error.resets_at)
            raise
        finally:
            grant.left()
