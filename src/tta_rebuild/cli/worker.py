"""``tta worker``: plays turns for servers on other machines, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

import tta_rebuild as tta
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.opening import settings_for, warmed, with_application
from tta_rebuild.cli.screen import message
from tta_rebuild.cli.serve import LogLevel, with_logs, with_runner

if TYPE_CHECKING:
    from tta_rebuild.server.metric_registry import Registry
    from tta_rebuild.worker.health_port import PortWanted


def worker(
    ctx: typer.Context,
    *,
    turns: Annotated[int | None, take.number("turns_at_once", 1, 10_000)] = None,
    model: Annotated[str, take.option("model")] = "",
    temporal: Annotated[str, take.option("temporal")] = "",
    host: Annotated[str, take.option("worker_host")] = "",
    port: Annotated[int | None, take.number("worker_port", 0, 65_535)] = None,
    log_level: Annotated[LogLevel | None, take.option("log_level", case_sensitive=False)] = None,
) -> None:
    """Play turns for servers on other machines.

    It shares a database with them (TTA_DATABASE_URL), and Temporal hands the turns out.
    """
    _check_installed()
    settings = with_logs(settings_for(ctx.obj, model=model), log_level)
    settings = with_runner(settings, "temporal", temporal)
    host = tta.Settings(worker_host=host).worker_host if host else settings.worker_host
    port = settings.worker_port if port is None else port

    from tta_rebuild.bootstrap.guards import redactor_for
    from tta_rebuild.bootstrap.starting import until_there
    from tta_rebuild.core.telemetry import Telemetry
    from tta_rebuild.server.metric_registry import Registry
    from tta_rebuild.server.otlp import exporting
    from tta_rebuild.worker.log_lines import WorkerLines
    from tta_rebuild.worker.worker import work, worker_name

    name, say = worker_name(), ctx.obj.screen.say

    async def play(application: tta.Application) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)

        def told() -> None:
            where = {"queue": settings.temporal_queue, "namespace": settings.temporal_namespace}
            said = message("working", address=settings.temporal_address, **where)
            ctx.obj.screen.say(said, "bold")
            say(message("working_ends"), "dim")

        async with warmed(application):
            await work(
                application,
                stop,
                name=name,
                most_turns=turns or settings.worker_turns,
                on_start=told,
                telemetry=telemetry,
                port=_port_wanted(application, registry, say, host=host, port=port),
            )

    redactor = redactor_for(settings)
    with exporting(os.environ, redactor) as sent:
        registry = Registry(sent.meter_provider, redactor.redact)
        telemetry = Telemetry(tracer_provider=sent.tracer_provider, meter_provider=registry)
        lines = WorkerLines(name)
        with_application(
            ctx.obj, play, settings, telemetry=telemetry, lines=lines, first=until_there
        )


def _check_installed() -> None:
    if find_spec("temporalio") is None:
        from tta_rebuild.bootstrap.temporal_link import NOT_INSTALLED

        raise tta.SettingsError("worker", NOT_INSTALLED)


def _port_wanted(
    application: tta.Application,
    registry: Registry,
    say: Callable[[str, str], None],
    *,
    host: str,
    port: int | None,
) -> PortWanted | None:
    """Where the worker answers for its health and figures, which is said once it does."""
    from tta_rebuild.server.metric_registry import CONTENT_TYPE
    from tta_rebuild.worker.figures import WorkerFigures
    from tta_rebuild.worker.health_port import PortWanted

    if port is None:
        return None
    return PortWanted(
        host=host,
        port=port,
        figures=WorkerFigures(application, registry, registry.text).now,
        content_type=CONTENT_TYPE,
        on_listening=lambda address: say(message("working_port", address=address), "dim"),
    )
