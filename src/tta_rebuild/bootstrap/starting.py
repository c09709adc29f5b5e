"""The start of servers and workers: what they stand on is waited for, as long as the settings say.

Used by ``tta serve`` and ``tta worker`` before they open anything.
"""

from __future__ import annotations

import asyncio
import logging

from tta_rebuild.bootstrap.guards import redactor_for
from tta_rebuild.bootstrap.temporal_link import connected
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import ServiceAway, StoreAway, StoreError
from tta_rebuild.core.redaction import guard_handlers
from tta_rebuild.settings import Settings
from tta_rebuild.storage.story_store import StoryStore

TRIED_EVERY_S = 3.0

_log = logging.getLogger("tta_rebuild.start")


async def until_there(settings: Settings, clock: Clock | None = None) -> None:
    """Come back once the database and Temporal answer, so far as the settings ask for them.

    Says in the log, every few seconds, what is waited for. Raises StoreAway and ServiceAway after
    ``start_wait_s``; SettingsError at once, where something else is wrong with a setting.
    """
    guard_handlers(redactor_for(settings))
    clock = clock or Clock()
    ends_s = clock.now() + settings.start_wait_s
    while True:
        try:
            await _look(settings)
            return
        except (StoreAway, ServiceAway) as error:
            left_s = ends_s - clock.now()
            if left_s <= 0:
                raise
            _log.warning("%s; waiting for it, %.0f s at most", error, left_s)
        await clock.sleep(min(TRIED_EVERY_S, left_s))


async def _look(settings: Settings) -> None:
    """Raise what is away, all of it in one message."""
    has_temporal = settings.runner == "temporal"
    found = await asyncio.gather(
        _look_at_database(settings),
        connected(settings) if has_temporal else asyncio.sleep(0),
        return_exceptions=True,
    )
    wrong = [one for one in found if isinstance(one, BaseException)]
    away = [one for one in wrong if isinstance(one, StoreAway | ServiceAway)]
    for error in wrong:
        if error not in away:
            raise error
    if away:
        raise away[0] if len(away) == 1 else StoreAway("; ".join(map(str, away)))


async def _look_at_database(settings: Settings) -> None:
    if not settings.database_url:
        return
    try:
        store = await StoryStore.open(settings.database_url.reveal(), read_only=True)
    except StoreAway:
        raise
    except StoreError:  # what opens it tells more of that, or mends it
        return
    await store.close()
