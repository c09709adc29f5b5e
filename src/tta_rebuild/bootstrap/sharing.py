"""What the workers of several processes share through Redis, where ``TTA_REDIS_URL`` names one.

Nothing of it is loaded without that setting; ``application`` opens it, ``stack_builder`` takes its
limiter and circuits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from uuid import uuid4

from tta_rebuild.core.errors import SettingsError
from tta_rebuild.integrations.rate_limiter import Quota, RateLimiter
from tta_rebuild.integrations.wrappers.circuit import Circuit
from tta_rebuild.settings import Settings

if TYPE_CHECKING:
    from tta_rebuild.integrations.cost_tracker import MakeCall
    from tta_rebuild.integrations.redis_link import RedisLink
    from tta_rebuild.integrations.response_cache import ResponseCache
    from tta_rebuild.integrations.semantic_cache import SemanticCache

AWAY = "Redis is away: this worker keeps to its share of quotas and budgets until it is back."
BACK = "Redis is back: quotas and budgets are shared by all workers again."


@dataclass(frozen=True, slots=True)
class Shared:
    """The limiter, the circuits, the budgets and the answers of all workers together."""

    _link: RedisLink

    def limiter(
        self, default: Quota, per_model: Mapping[str, Quota], used_today: Mapping[str, int] | None
    ) -> RateLimiter:
        """Quotas for all workers."""
        from tta_rebuild.integrations.redis_quotas import RedisRateLimiter

        return RedisRateLimiter(self._link, default, per_model, used_today=used_today)

    def circuit(self, model: str) -> Circuit:
        """The health of a model (``provider:model``) for all workers."""
        from tta_rebuild.integrations.redis_circuits import RedisCircuit

        return RedisCircuit(self._link, model)

    def make_call(self) -> MakeCall:
        """Makes calls whose money is held for all workers."""
        from tta_rebuild.integrations.redis_budgets import RedisBudgets

        return RedisBudgets(self._link).call

    def cache(self) -> ResponseCache:
        """Answers of all workers."""
        from tta_rebuild.integrations.redis_cache import RedisResponseCache

        return RedisResponseCache(self._link)

    def questions(self) -> SemanticCache:
        """Questions of all workers with their answers, for those in other words."""
        from tta_rebuild.integrations.redis_semantic_cache import RedisSemanticCache

        return RedisSemanticCache(self._link)

    def state(self) -> str:
        """``"away"`` while Redis is, and after that until it decides again; else ``"used"``."""
        return "away" if self._link.uses_shares else "used"


async def open_shared(
    settings: Settings, stack: AsyncExitStack, say: Callable[[str], None]
) -> Shared | None:
    """What is shared, if anything; ``stack`` closes it. One that does not answer is waited for.

    ``say`` is told when Redis goes away and when it is back. Raises SettingsError: the client is
    not installed, or the address is none.
    """
    if not settings.redis_url:
        return None
    try:
        from tta_rebuild.integrations.redis_link import RedisLink, client_of
    except ImportError as error:
        wrong = "needs the client of Redis: pip install 'tta-rebuild[cluster]'"
        raise SettingsError("TTA_REDIS_URL", wrong) from error
    try:
        client = client_of(settings.redis_url.reveal())
    except ValueError as error:
        raise SettingsError("TTA_REDIS_URL", "is no address of a Redis") from error
    link = RedisLink(
        client,
        uuid4().hex[:12],
        least_workers=settings.workers,
        on_change=lambda is_away: say(AWAY if is_away else BACK),
    )
    stack.push_async_callback(link.aclose)
    await link.open()
    return Shared(link)


async def sharing_state(settings: Settings) -> str:
    """ "used" where Redis answers, "away" where it does not, "" where none is set.

    Raises SettingsError as ``open_shared`` does.
    """
    async with AsyncExitStack() as stack:
        shared = await open_shared(settings, stack, lambda _: None)
        return shared.state() if shared is not None else ""


async def redis_answers(settings: Settings, limit_s: float) -> bool | None:
    """Whether the Redis that the settings name answers in time; None where none is set."""
    if not settings.redis_url:
        return None
    from redis.exceptions import RedisError

    from tta_rebuild.integrations.redis_link import client_of

    client = client_of(settings.redis_url.reveal(), answer_s=limit_s, most=1)
    try:
        async with asyncio.timeout(limit_s):
            await cast("Awaitable[bool]", client.ping())
    except (RedisError, OSError, TimeoutError):
        return False
    finally:
        await client.aclose()
    return True
