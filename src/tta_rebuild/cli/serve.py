"""``tta serve``: the server and its pages, from this machine for this machine."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Annotated, Literal, TypeAlias

import typer

import tta_rebuild as tta
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.opening import settings_for, warmed, with_application
from tta_rebuild.cli.screen import message
from tta_rebuild.core.access import operators_of

LogLevel: TypeAlias = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Runner: TypeAlias = Literal["process", "temporal"]
HOST, PORT = "127.0.0.1", 8000


def serve(
    ctx: typer.Context,
    *,
    host: Annotated[str, take.option("host")] = HOST,
    port: Annotated[int, take.number("port", 0, 65_535)] = PORT,
    allowed_host: Annotated[take.Texts, take.repeated("allowed_host", "<name>")] = None,
    turns: Annotated[int, take.number("turns_of_all", 1, 1_000_000)] = 256,
    model: Annotated[str, take.option("model")] = "",
    runner: Annotated[Runner | None, take.option("runner", case_sensitive=False)] = None,
    temporal: Annotated[str, take.option("temporal")] = "",
    log_level: Annotated[LogLevel | None, take.option("log_level", case_sensitive=False)] = None,
    anyone: Annotated[bool, take.option("anyone", "--anyone")] = False,
) -> None:
    """Serve stories over HTTP, with pages for a browser.

    Once there are tokens ('tta tokens'), players show one; before, whoever reaches the address is
    the one player, who can read, play and delete every story.
    """
    if find_spec("fastapi") is None or find_spec("uvicorn") is None:
        raise tta.SettingsError("server", message("no_server"))
    screen = ctx.obj.screen

    def told(address: str) -> None:
        screen.say(message("serving", address=address), "bold")
        screen.say(message("serving_ends"), "dim")

    from tta_rebuild.bootstrap.guards import redactor_for
    from tta_rebuild.bootstrap.starting import until_there
    from tta_rebuild.core.telemetry import Telemetry
    from tta_rebuild.server.app import ServerOptions
    from tta_rebuild.server.limits import RequestLimits
    from tta_rebuild.server.metric_registry import Registry
    from tta_rebuild.server.metrics import ServerMetrics
    from tta_rebuild.server.otlp import exporting
    from tta_rebuild.server.serving import serve as run

    async def work(application: tta.Application) -> None:
        for name in await _to_know(application, host):
            screen.note(message(name), "yellow")
        limits = RequestLimits(turns_at_once=turns)
        async with warmed(application):
            await run(
                application,
                ServerOptions(hosts=tuple(allowed_host or ()), limits=limits, metrics=metrics),
                host=host,
                port=port,
                anyone=anyone,
                telemetry=telemetry,
                on_start=told,
            )

    settings = with_logs(settings_for(ctx.obj, model=model), log_level)
    settings = with_runner(settings, runner, temporal)
    redactor = redactor_for(settings)
    with exporting(os.environ, redactor) as sent:
        metrics = ServerMetrics(Registry(sent.meter_provider, redactor.redact))
        telemetry = Telemetry(tracer_provider=sent.tracer_provider, meter_provider=metrics.registry)
        with_application(ctx.obj, work, settings, telemetry=telemetry, first=until_there)


async def _to_know(application: tta.Application, host: str) -> list[str]:
    """The names of the messages that whoever starts this server should read."""
    from tta_rebuild.bootstrap.serving import has_accounts
    from tta_rebuild.server.serving import is_own_machine

    if not await has_accounts(application):
        return []
    names = list[str]()
    if not operators_of(await application.access.tokens(), datetime.now(UTC)):
        names.append("access_no_operator")
    if not is_own_machine(host):
        names.append("plain_http")
    return names


def with_runner(settings: tta.Settings, runner: Runner | None, address: str) -> tta.Settings:
    """The settings with who plays turns, and where Temporal is, as wished for."""
    wished: dict[str, str] = {"runner": runner or settings.runner}
    if address:
        wished["temporal_address"] = tta.Settings(temporal_address=address).temporal_address
    return settings.model_copy(update=wished)


def with_logs(settings: tta.Settings, level: LogLevel | None) -> tta.Settings:
    """The settings with the level wished for; where none is, what an operator should know is told:
    starts and stops, refusals, turns that failed.
    """
    if level is not None:
        return settings.model_copy(update={"log_level": level})
    if "TTA_LOG_LEVEL" not in settings.origins:
        for name in ("tta_rebuild.server", "tta_rebuild.turns"):
            logging.getLogger(name).setLevel(logging.INFO)
    return settings
