"""``tta worker``: plays turns for servers on other machines, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from importlib.util import find_spec
from typing import Annotated

import typer

import tta_rebuild as tta
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.opening import settings_for, warmed, with_application
from tta_rebuild.cli.screen import message
from tta_rebuild.cli.serve import LogLevel, with_logs, with_runner


def worker(
    ctx: typer.Context,
    *,
    turns: Annotated[int | None, take.number("turns_at_once", 1, 10_000)] = None,
    model: Annotated[str, take.option("model")] = "",
    temporal: Annotated[str, take.option("temporal")] = "",
    log_level: Annotated[LogLevel | None, take.option("log_level", case_sensitive=False)] = None,
) -> None:
    """Play turns for servers on other machines.

    It shares a database with them (TTA_DATABASE_URL), and Temporal hands the turns out.
    """
    if find_spec("temporalio") is None:
        from tta_rebuild.bootstrap.temporal_link import NOT_INSTALLED

        raise tta.SettingsError("worker", NOT_INSTALLED)
    settings = with_logs(settings_for(ctx.obj, model=model), log_level)
    settings = with_runner(settings, "temporal", temporal)
    screen = ctx.obj.screen

    from tta_rebuild.bootstrap.guards import redactor_for
    from tta_rebuild.bootstrap.starting import until_there
    from tta_rebuild.server.otlp import exporting
    from tta_rebuild.worker.log_lines import WorkerLines
    from tta_rebuild.worker.worker import work, worker_name

    name = worker_name()

    async def play(application: tta.Application) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)

        def told() -> None:
            screen.say(message("working", address=settings.temporal_address), "bold")
            screen.say(message("working_ends"), "dim")

        async with warmed(application):
            await work(
                application,
                stop,
                name=name,
                most_turns=turns or settings.worker_turns,
                on_start=told,
                telemetry=telemetry,
            )

    with exporting(os.environ, redactor_for(settings)) as telemetry:
        lines = WorkerLines(name)
        with_application(
            ctx.obj, play, settings, telemetry=telemetry, lines=lines, first=until_there
        )
