"""What plays turns across machines, made around an open application: for servers and for workers.

Loads ``temporalio`` (extra ``cluster``), so only who has turns played by workers loads this.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.bootstrap.spending import booker_of_lost_calls
from tta_rebuild.bootstrap.temporal_link import connected
from tta_rebuild.bootstrap.temporal_renewal import renewing
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.engine.session_cache import SessionCache
from tta_rebuild.engine.turn_runner import TurnWatch
from tta_rebuild.engine.turn_steps import TurnSteps
from tta_rebuild.engine.turn_updates import TurnUpdates
from tta_rebuild.engine.turn_values import LAST_KINDS
from tta_rebuild.settings import Settings

if TYPE_CHECKING:
    from tta_rebuild.engine.temporal_runner import TemporalRunner

MOST_READERS = 1_000
"""Who may wait for updates at once in a process: each takes a connection of Redis meanwhile."""


@asynccontextmanager
async def turn_updates(application: Application) -> AsyncIterator[TurnUpdates]:
    """Where what is seen of turns is put: in the database, and through Redis where one is named."""
    kept, redis_url = application.store.turn_updates(), application.settings.redis_url
    if not redis_url:
        yield kept
        return
    from tta_rebuild.integrations.redis_link import client_of
    from tta_rebuild.storage.live_updates import LiveUpdates
    from tta_rebuild.storage.redis_updates import RedisUpdates

    client = client_of(redis_url.reveal(), answer_s=None, most=MOST_READERS)
    async with aclosing(RedisUpdates(client, last_kinds=LAST_KINDS)) as carried:
        yield LiveUpdates(kept, carried)


def turn_steps(
    application: Application,
    updates: TurnUpdates,
    clock: Clock | None = None,
    *,
    telemetry: Telemetry | None = None,
    worker: str = "",
) -> TurnSteps:
    """The steps of turns, done with an application's stories, store and ledger, by a ``worker``."""
    store, tracker = application.store, application.tracker
    return TurnSteps(
        stories=application.stories,
        store=store,
        records=store.turns(),
        updates=updates,
        calls=store.turn_calls(),
        settle=tracker.flush,
        book_lost=booker_of_lost_calls(tracker),
        lives=store.worker_lives(),
        clock=clock or Clock(),
        tracer_provider=telemetry.tracer_provider if telemetry else None,
        worker=worker,
    )


async def cluster_overview(settings: Settings) -> dict[str, Any]:
    """Where turns are handed to workers, and how many of these there are; {} where none are wanted.

    They are, where the settings name the runner or anything of Temporal. Raises as ``connected``.
    """
    names = [name for name in settings.origins if name.startswith("TTA_TEMPORAL_")]
    if settings.runner != "temporal" and not names:
        return {}
    client = await connected(settings)
    from tta_rebuild.engine.turn_workflows import TurnWorkflows

    workers: int | None = None
    with suppress(TimeoutError):
        workers = await TurnWorkflows(client, settings.temporal_queue).workers()
    return {
        "address": settings.temporal_address,
        "namespace": settings.temporal_namespace,
        "queue": settings.temporal_queue,
        "has_tls": client.service_client.config.tls not in (None, False),
        "has_key": bool(settings.temporal_api_key),
        "workers": workers,
    }


@asynccontextmanager
async def temporal_runner(
    application: Application,
    sessions: SessionCache,
    *,
    new_id: Callable[[], str],
    clock: Clock | None = None,
    watch: TurnWatch | None = None,
    most_turns: int = 2_048,
    telemetry: Telemetry | None = None,
) -> AsyncIterator[TemporalRunner]:
    """A runner whose turns are played by workers. Raises as ``connected`` does."""
    client = await connected(application.settings, telemetry)
    from tta_rebuild.engine.temporal_runner import TemporalRunner

    async with (
        turn_updates(application) as updates,
        TemporalRunner(
            client,
            application.stories,
            application.store,
            updates,
            sessions,
            new_id=new_id,
            clock=clock,
            watch=watch,
            most_turns=most_turns,
            queue=application.settings.temporal_queue,
        ) as runner,
        renewing(application.settings, runner.use, telemetry=telemetry),
    ):
        yield runner
