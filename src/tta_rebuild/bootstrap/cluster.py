"""What plays turns across machines, made around an open application: for servers and for workers.

Loads ``temporalio`` (extra ``cluster``), so only who has turns played by workers loads this.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.bootstrap.spending import booker_of_lost_calls
from tta_rebuild.bootstrap.temporal_link import connected
from tta_rebuild.bootstrap.temporal_renewal import renewing
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import StoreError
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.core.workers import WorkerSeen
from tta_rebuild.engine.session_cache import SessionCache
from tta_rebuild.engine.turn_runner import TurnWatch
from tta_rebuild.engine.turn_steps import TurnSteps
from tta_rebuild.engine.turn_updates import TurnUpdates
from tta_rebuild.engine.turn_values import LAST_KINDS
from tta_rebuild.settings import Settings
from tta_rebuild.storage.story_store import StoryStore

if TYPE_CHECKING:
    from tta_rebuild.engine.temporal_runner import TemporalRunner

MOST_READERS = 1_000
"""Who may wait for updates at once in a process: each takes a connection of Redis meanwhile."""


SEEN_S = 5.0
"""How long ``doctor`` waits for the database's list of workers, seconds."""


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
    from temporalio.service import RPCError

    from tta_rebuild.engine.turn_queue import living
    from tta_rebuild.engine.turn_workflows import TurnWorkflows

    workflows = TurnWorkflows(client, settings.temporal_queue)
    takers, seen = None, await _seen_workers(settings)
    with suppress(TimeoutError):
        takers = await workflows.takers()
    current: list[tuple[str, str]] | None = None
    with suppress(RPCError, TimeoutError):
        current = await workflows.current()
    return {
        "address": settings.temporal_address,
        "namespace": settings.temporal_namespace,
        "queue": settings.temporal_queue,
        "has_tls": client.service_client.config.tls not in (None, False),
        "has_key": bool(settings.temporal_api_key),
        "workers": len(living(takers, seen)) if takers is not None else None,
        "members": [asdict(one) for one in seen],
        **_version_overview(settings, current),
    }


async def _seen_workers(settings: Settings) -> Sequence[WorkerSeen]:
    """The workers as the database knows them; none where it cannot be asked now."""
    with suppress(StoreError, TimeoutError):
        async with asyncio.timeout(SEEN_S):
            place = settings.database_url.reveal()
            async with await StoryStore.open(place, read_only=True) as store:
                return await store.worker_lives().seen()
    return ()


def _version_overview(
    settings: Settings, current: Sequence[tuple[str, str]] | None
) -> dict[str, Any]:
    """The version of a worker with these settings, and whether new turns go to it."""
    own = version_of(settings)
    return {
        "deployment": own[0],
        "build": own[1],
        "version": _told_version(own),
        "current": " and ".join(map(_told_version, current)) if current is not None else "",
        "is_current": own in current if current is not None else None,
    }


def _told_version(one: tuple[str, str]) -> str:
    deployment, build = one
    return f"{deployment} {build}" if deployment else "no version"


def version_of(settings: Settings) -> tuple[str, str]:
    """The deployment and build of a worker; ``("", "")`` is one without a version."""
    deployment = settings.temporal_deployment
    return (
        (deployment, settings.temporal_build or version("tta-rebuild")) if deployment else ("", "")
    )


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
