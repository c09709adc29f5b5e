"""How a command gets at the stories: settings are read, the application is opened, work is done."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypeVar

import typer

import tta_rebuild as tta
from tta_rebuild.cli.screen import Screen
from tta_rebuild.cli.story_view import TurnResult, play_turn
from tta_rebuild.core import errors

if TYPE_CHECKING:
    import logging

    from tta_rebuild.core.clock import Clock
    from tta_rebuild.core.redaction import Redactor
    from tta_rebuild.core.telemetry import Telemetry

T = TypeVar("T")
OnFailure: TypeAlias = Literal["wait", "offline", "stop"]

ONLY_LOGGED = ("tta_rebuild.cache", "tta_rebuild.prices", "tta_rebuild.limiter")
"""Whose warnings no turn repeats; the others come to a player as part of the story's notes."""

SHORTEST_WAIT_S, LONGEST_WAIT_S = 15.0, 900.0

MAY_PASS = (
    errors.CircuitOpen,
    errors.ProviderBusy,
    errors.QuotaExhausted,
    errors.QuotaFull,
    errors.StreamBroken,
)
PlayTurn: TypeAlias = Callable[..., Awaitable[TurnResult]]


@dataclass(frozen=True)
class CommandContext:
    """What every command has as ``ctx.obj``: the options before its name, and its screen."""

    data_dir: Path | None = None
    screen: Screen = field(default_factory=Screen)


class Here(NamedTuple):
    """What a command ``on_stories`` gets beside its options: the application is open."""

    screen: Screen
    application: tta.Application
    stories: tta.Stories


def on_stories(*, changes: bool | str = False) -> Callable[..., Callable[..., None]]:
    """A command written as a coroutine that gets ``here: Here``; see ``with_stories``.

    ``changes`` may name the option without which it changes nothing.
    """

    def decorated(command: Callable[..., Awaitable[None]]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(here: typer.Context, **options: Any) -> None:
            async def work(application: tta.Application) -> None:
                await command(Here(here.obj.screen, application, application.stories), **options)

            does = bool(options[changes]) if isinstance(changes, str) else changes
            with_stories(here.obj, work, changes=does)

        run.__annotations__ = command.__annotations__ | {"here": typer.Context}
        return run

    return decorated


def with_stories(
    command: CommandContext,
    work: Callable[[tta.Application], Awaitable[T]],
    *,
    changes: bool = False,
) -> T:
    """The same as ``with_application`` for what asks no model: no key and no server is needed.

    What ``changes`` nothing works beside a story that is played, and on a full or read-only disk.
    """
    settings = settings_for(command, model="offline")
    return with_application(command, work, settings, read_only=not changes)


def with_application(
    command: CommandContext,
    work: Callable[[tta.Application], Awaitable[T]],
    settings: tta.Settings,
    *,
    read_only: bool = False,
    tells: bool = False,
    has_fallback: bool = True,
    telemetry: Telemetry | None = None,
    lines: logging.Filter | None = None,
    first: Callable[[tta.Settings], Awaitable[None]] | None = None,
) -> T:
    """Open the application, do the work in it, close it again, in good order after Ctrl-C too.

    Where it ``tells`` a story, a model's first needs are loaded meanwhile, and nothing is logged
    that the screen says in plain words, unless the settings ask for logs. ``lines`` says on each
    record of the log whose it is; ``first`` is awaited before anything is opened.
    """
    import asyncio
    import logging

    from tta_rebuild.core.text_logs import TextFormatter

    # bootstrap puts the redactor on the handler
    handler, form = logging.StreamHandler(), "%(levelname)s %(name)s: %(message)s"
    if tells and "TTA_LOG_LEVEL" not in settings.origins:
        form = "(%(message)s)"
        handler.addFilter(lambda r: r.levelno >= logging.ERROR or r.name in ONLY_LOGGED)
    if settings.log_format == "json":
        from tta_rebuild.core.json_logs import JsonFormatter

        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(TextFormatter(form))
    if lines is not None:
        handler.addFilter(lines)
    logging.basicConfig(level=settings.log_level, handlers=[handler])

    async def run() -> T:
        if first is not None:
            await first(settings)
        async with tta.open_application(
            settings, read_only=read_only, has_fallback=has_fallback, telemetry=telemetry
        ) as application:
            if application.note:
                command.screen.note(application.note, "yellow")
            async with warmed(application) if tells else nullcontext():
                return await work(application)

    return asyncio.run(run())


@asynccontextmanager
async def warmed(application: tta.Application) -> AsyncIterator[None]:
    """What the first call to a model needs is loaded beside the block."""
    import asyncio

    warming = asyncio.ensure_future(application.warm())
    try:
        yield
    finally:  # why it failed is told when the model is asked
        warming.cancel()
        await asyncio.gather(warming, return_exceptions=True)


def with_storyteller(
    command: CommandContext,
    work: Callable[[tta.Application, PlayTurn], Awaitable[None]],
    *,
    model: str,
    on_failure: OnFailure | None,
) -> None:
    """Tell with the models wished for; ``work`` gets what plays a turn, and may wait for them."""
    decision, settings = for_failures(settings_for(command, model=model), on_failure)
    play = functools.partial(told, notes=command.screen) if decision == "wait" else play_turn
    with_application(command, lambda opened: work(opened, play), settings, tells=True)


def for_failures(
    settings: tta.Settings, wanted: OnFailure | None
) -> tuple[OnFailure, tta.Settings]:
    """What was wished for, or what suits the models that are set; and the settings for it.

    The embedded storyteller stays in their chain only where it may go on in a model's place.
    """
    from tta_rebuild.bootstrap.model_names import OFFLINE, chosen_model, named_chain

    models = tuple(model for model in named_chain(settings) if model != OFFLINE)
    is_kept_offline = OFFLINE in (*settings.chain, chosen_model(settings))
    decision = wanted or ("offline" if is_kept_offline else "stop")
    if decision == "offline" or not models:
        return decision, settings
    return decision, settings.model_copy(update={"chain": models})


async def told(
    session: tta.Session,
    move: tta.Action,
    screen: Screen | None,
    notes: Screen,
    clock: Clock | None = None,
) -> TurnResult:
    """Play a turn, and again after a while as long as what failed may pass; raises the rest."""
    from tta_rebuild.core.clock import Clock

    clock, wait_s = clock or Clock(), SHORTEST_WAIT_S
    while True:
        try:
            return await play_turn(session, move, screen)
        except MAY_PASS as error:
            asked_s = getattr(error, "retry_after_s", None) or 0.0
            if isinstance(error, errors.QuotaExhausted):
                asked_s = (error.resets_at - clock.wall()).total_seconds()
            now_s = max(asked_s, wait_s)
            notes.note(f"{error} (trying again in {now_s:.0f} s; Ctrl-C stops)", "yellow")
            await clock.sleep(now_s)
            wait_s = min(LONGEST_WAIT_S, 2 * wait_s)


def settings_for(command: CommandContext, *, model: str = "") -> tta.Settings:
    """The settings, under what the options of this run say. Raises SettingsError."""
    from tta_rebuild.core.secret import Secret

    settings = tta.load_settings(options={"--data-dir": command.data_dir, "--model": model})
    if command.data_dir is not None:
        settings = settings.model_copy(update={"database_url": Secret("")})
    # Offline by option is offline altogether, whatever chain the configuration names.
    if model == "offline":
        settings = settings.model_copy(update={"chain": (), "routes": {}})
    return settings


def redactor_of_this_run() -> Redactor:
    """Knows the keys of this run, even where the settings cannot be read."""
    from tta_rebuild.bootstrap.guards import redactor_for
    from tta_rebuild.core.redaction import Redactor
    from tta_rebuild.settings import keys_in

    try:
        return redactor_for(tta.load_settings())
    except (tta.TTAError, OSError):
        return Redactor(keys_in())
