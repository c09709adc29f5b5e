"""What a server stands on, and whether it answers now; nobody is waited for over a second."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from tta_rebuild.bootstrap.serving import Serving
from tta_rebuild.bootstrap.sharing import redis_answers
from tta_rebuild.core.errors import StoreError
from tta_rebuild.engine.turn_runner import TurnQueue

LIMIT_S = 1.0
"""How long an answer may take of what is asked whether it is there, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What was reached at one moment.

    Attributes:
        parts: whether ``database``, ``temporal`` and ``redis`` answer, as far as they are set up.
        queue: None where the server plays its turns itself.
    """

    parts: Mapping[str, bool]
    queue: TurnQueue | None


async def reached(serving: Serving) -> Reached:
    """Look what answers, all at the same time."""
    application = serving.application
    queue, has_redis = await asyncio.gather(
        serving.runner.queue(), redis_answers(application.settings, LIMIT_S)
    )
    if queue is None:
        parts = {"database": await _has_database(serving)}
    else:
        parts = {"database": queue.has_database, "temporal": queue.has_temporal}
    if has_redis is not None:
        parts["redis"] = has_redis and application.redis() != "away"
    return Reached(parts=parts, queue=queue)


async def _has_database(serving: Serving) -> bool:
    try:
        await asyncio.wait_for(serving.application.store.turns().running_count(), LIMIT_S)
    except (StoreError, TimeoutError):
        return False
    return True
