"""A worker: takes turns from a queue and plays them, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from uuid import uuid4

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError
from temporalio.worker import Worker, WorkerDeploymentConfig

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.bootstrap.cluster import turn_steps, turn_updates, version_of
from tta_rebuild.bootstrap.temporal_link import ask_for_namespace, connected
from tta_rebuild.bootstrap.temporal_renewal import renewing
from tta_rebuild.bootstrap.warming import load_storytelling
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import StoreError
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.core.workers import WorkerAbout, WorkerNow
from tta_rebuild.engine.temporal_names import QUEUE
from tta_rebuild.engine.turn_steps import TurnSteps
from tta_rebuild.engine.turn_workflows import HEALTH_S
from tta_rebuild.settings import Settings
from tta_rebuild.storage.story_store import StoryStore
from tta_rebuild.worker.activities import BEAT_S, TurnActivities
from tta_rebuild.worker.health_port import PortWanted, listening
from tta_rebuild.worker.workflow import PlayTurn

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
    name: str = "",
    grace_s: float = 20.0,
    most_turns: int = MOST_TURNS,
    on_start: Callable[[], None] = lambda: None,
    telemetry: Telemetry | None = None,
    port: PortWanted | None = None,
) -> None:
    """Play turns until ``stop``; what is counted, and spans, go where ``telemetry`` says.

    ``name`` is that of the worker, one of ``worker_name`` unless given.

    Raises SettingsError: see ``bootstrap.temporal_link.connected``, and ``health_port.listening``.
    """
    settings = application.settings
    client = await connected(settings, telemetry)
    await asyncio.to_thread(load_storytelling)  # in the loop it would stop the turns of others
    about = _about(settings, name or worker_name(), most_turns)
    link = client
    async with AsyncExitStack() as stack:
        updates = await stack.enter_async_context(turn_updates(application))
        steps = turn_steps(application, updates, worker=about.name, telemetry=telemetry)
        meter_provider = telemetry.meter_provider if telemetry else None
        activities = TurnActivities(steps, meter_provider=meter_provider)
        if port is not None:
            ready = partial(hindrance, application.store, lambda: link, stop)
            await stack.enter_async_context(listening(port, ready))

        def now() -> WorkerNow:
            return WorkerNow(turns=activities.telling, is_ending=stop.is_set())

        await stack.enter_async_context(known_to_live(application.store, about, now))
        worker = await stack.enter_async_context(
            worker_of(
                client,
                activities,
                queue=settings.temporal_queue,
                about=about,
                grace_s=grace_s,
                most_turns=most_turns,
            )
        )

        def use(renewed: Client) -> None:
            nonlocal link
            worker.client = link = renewed

        await stack.enter_async_context(renewing(settings, use, telemetry=telemetry))
        _log.info(
            "a worker plays turns of queue %s, namespace %s, at most %d at once",
            about.queue,
            about.namespace,
            most_turns,
        )
        on_start()
        await _until(stop, application, steps)


async def _until(stop: asyncio.Event, application: Application, steps: TurnSteps) -> None:
    """Learn how fast models are, and book what lost workers have spent, until it is time to end."""
    steps.paces.learn_of(await application.ledger.attempts(limit=LEARNS_FROM))
    booking = asyncio.create_task(_book_orphans(steps), name="calls of lost workers")
    await stop.wait()
    booking.cancel()
    _log.info("the worker takes no more turns")


def _about(settings: Settings, name: str, most_turns: int) -> WorkerAbout:
    deployment, build = version_of(settings)
    return WorkerAbout(
        name=name,
        version=version("tta-rebuild"),
        deployment=deployment,
        build=build,
        most_turns=most_turns,
        namespace=settings.temporal_namespace,
        queue=settings.temporal_queue,
    )


async def hindrance(store: StoryStore, client: Callable[[], Client], stop: asyncio.Event) -> str:
    """Why a worker takes no turns now, in a word or two; "" if it does. Looks a second at most."""
    if stop.is_set():
        return "draining"
    found = await asyncio.gather(
        asyncio.wait_for(ask_for_namespace(client()), HEALTH_S),
        asyncio.wait_for(store.turns().running_count(), HEALTH_S),
        return_exceptions=True,
    )
    for what, one in zip(("no Temporal", "no database"), found, strict=True):
        if isinstance(one, RPCError | StoreError | TimeoutError):
            return what
        if isinstance(one, BaseException):
            raise one
    return ""


def worker_name() -> str:
    """A new worker's name: of its machine and process, and another one after each start."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid4().hex[:8]}"


@asynccontextmanager
async def known_to_live(
    store: StoryStore, worker: WorkerAbout, now: Callable[[], WorkerNow]
) -> AsyncIterator[None]:
    """Have the database know that a worker lives and how it is, while the block runs."""
    is_known, lives = asyncio.Event(), store.worker_lives()
    living = asyncio.create_task(lives.live(worker, Clock(), is_known.set, now))
    with suppress(TimeoutError):  # turns do not need it
        await asyncio.wait_for(is_known.wait(), 5.0)
    try:
        yield
    finally:
        living.cancel()
        await asyncio.wait([living])
        with suppress(StoreError, TimeoutError):  # then it seems to have been killed
            await asyncio.wait_for(lives.end(worker.name), HEALTH_S)


async def _book_orphans(steps: TurnSteps) -> None:
    while True:
        with suppress(StoreError):  # looked for again
            await steps.book_orphans()
        await asyncio.sleep(BOOKS_EVERY_S)


def worker_of(
    client: Client,
    activities: TurnActivities,
    *,
    queue: str = QUEUE,
    about: WorkerAbout | None = None,
    grace_s: float = 20.0,
    most_turns: int = MOST_TURNS,
) -> Worker:
    """A worker; ``async with`` runs it.

    At its end it takes no more, tells for ``grace_s`` seconds what it has begun, and leaves the
    rest to other workers. ``about`` names it; of a deployment, it is of one version: a turn is
    played to its end by workers of the version that began it.
    """
    return Worker(
        client,
        task_queue=queue,
        identity=about.name if about else None,
        workflows=[PlayTurn],
        activities=activities.all,
        max_concurrent_activities=most_turns,
        deployment_config=_version(about),
        graceful_shutdown_timeout=timedelta(seconds=grace_s),
        # at ten seconds, its usual value, every turn of a lost worker would wait so much longer
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        max_heartbeat_throttle_interval=timedelta(seconds=BEAT_S),
        default_heartbeat_throttle_interval=timedelta(seconds=BEAT_S),
    )


def _version(about: WorkerAbout | None) -> WorkerDeploymentConfig | None:
    if about is None or not about.deployment:
        return None
    name, build = about.deployment, about.build
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=name, build_id=build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )
