"""A worker: takes turns from a queue and plays them, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING
from uuid import uuid4

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import Worker, WorkerDeploymentConfig

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.bootstrap.cluster import turn_steps, turn_updates
from tta_rebuild.bootstrap.temporal_link import connected
from tta_rebuild.bootstrap.temporal_renewal import renewing
from tta_rebuild.bootstrap.warming import load_storytelling
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import StoreError
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.engine.temporal_names import QUEUE
from tta_rebuild.engine.turn_steps import TurnSteps
from tta_rebuild.storage.story_store import StoryStore
from tta_rebuild.worker.activities import BEAT_S, TurnActivities
from tta_rebuild.worker.workflow import PlayTurn

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

MOST_TURNS = 100
"""Turns that one worker tells at once, unless told otherwise."""

LEARNS_FROM = 200
"""So many of the ledger's latest attempts tell a worker that begins how fast models are."""

BOOKS_EVERY_S = 5.0
"""How often a worker looks for calls of lost workers whose turns are over, seconds."""

_log = logging.getLogger("tta_rebuild.turns")


async def work(
    application: Application,
    stop: asyncio.Event,
    *,
    grace_s: float = 20.0,
    most_turns: int = MOST_TURNS,
    on_start: Callable[[], None] = lambda: None,
    telemetry: Telemetry | None = None,
) -> None:
    """Play turns until ``stop``; what is counted, and spans, go where ``telemetry`` says.

    Raises SettingsError: see ``bootstrap.temporal_link.connected``.
    """
    client = await connected(application.settings, telemetry)
    await asyncio.to_thread(load_storytelling)  # in the loop it would stop the turns of others
    name = uuid4().hex
    async with (
        turn_updates(application) as updates,
        known_to_live(application.store, name),
        worker_of(
            client,
            steps := turn_steps(application, updates, worker=name, telemetry=telemetry),
            queue=application.settings.temporal_queue,
            deployment=application.settings.temporal_deployment,
            build=application.settings.temporal_build,
            grace_s=grace_s,
            most_turns=most_turns,
            meter_provider=telemetry.meter_provider if telemetry else None,
        ) as worker,
        renewing(application.settings, lambda now: _use(worker, now), telemetry=telemetry),
    ):
        _log.info("a worker plays turns, at most %d at once", most_turns)
        on_start()
        steps.paces.learn_of(await application.ledger.attempts(limit=LEARNS_FROM))
        booking = asyncio.create_task(_book_orphans(steps), name="calls of lost workers")
        await stop.wait()
        booking.cancel()
        _log.info("the worker takes no more turns")


def _use(worker: Worker, client: Client) -> None:
    """Have a worker take its next turns by this client."""
    worker.client = client


@asynccontextmanager
async def known_to_live(store: StoryStore, worker: str) -> AsyncIterator[None]:
    """Have the database know that a worker lives, while the block runs."""
    is_known = asyncio.Event()
    living = asyncio.create_task(store.worker_lives().live(worker, Clock(), is_known.set))
    with suppress(TimeoutError):  # turns do not need it
        await asyncio.wait_for(is_known.wait(), 5.0)
    try:
        yield
    finally:
        living.cancel()
        await asyncio.wait([living])


async def _book_orphans(steps: TurnSteps) -> None:
    while True:
        with suppress(StoreError):  # looked for again
            await steps.book_orphans()
        await asyncio.sleep(BOOKS_EVERY_S)


def worker_of(
    client: Client,
    steps: TurnSteps,
    *,
    queue: str = QUEUE,
    deployment: str = "",
    build: str = "",
    grace_s: float = 20.0,
    most_turns: int = MOST_TURNS,
    meter_provider: MeterProvider | None = None,
) -> Worker:
    """A worker; ``async with`` runs it.

    At its end it takes no more, tells for ``grace_s`` seconds what it has begun, and leaves the
    rest to other workers. Of a ``deployment``, it is of one version (``build``, that of the program
    unless given): a turn is played to its end by workers of the version that began it.
    """
    return Worker(
        client,
        task_queue=queue,
        workflows=[PlayTurn],
        activities=TurnActivities(steps, meter_provider=meter_provider).all,
        max_concurrent_activities=most_turns,
        deployment_config=_version(deployment, build or version("tta-rebuild")),
        graceful_shutdown_timeout=timedelta(seconds=grace_s),
        # at ten seconds, its usual value, every turn of a lost worker would wait so much longer
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        max_heartbeat_throttle_interval=timedelta(seconds=BEAT_S),
        default_heartbeat_throttle_interval=timedelta(seconds=BEAT_S),
    )


def _version(deployment: str, build: str) -> WorkerDeploymentConfig | None:
    if not deployment:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=deployment, build_id=build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )
