"""How a command gets at the stories: settings are read, the application is opened, work is done."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import typer

import tta_rebuild as tta
from tta_rebuild.cli.screen import Screen

if TYPE_CHECKING:
    from tta_rebuild.core.redaction import Redactor

T = TypeVar("T")

ONLY_LOGGED = ("tta_rebuild.cache", "tta_rebuild.prices", "tta_rebuild.limiter")
"""Whose warnings no turn repeats; the others come to a player as part of the story's notes."""


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


def on_stories(*, changes: bool = False) -> Callable[..., Callable[..., None]]:
    """A command written as a coroutine that gets ``here: Here``; see ``with_stories``."""

    def decorated(command: Callable[..., Awaitable[None]]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(here: typer.Context, **options: Any) -> None:
            async def work(application: tta.Application) -> None:
                await command(Here(here.obj.screen, application, application.stories), **options)

            with_stories(here.obj, work, changes=changes)

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

    What ``changes`` nothing only looks: it works while a story is being played, on a disk that is
    full, and on one that cannot be written.
    """
    settings = settings_for(command, model="offline")
    return with_application(command, work, settings, read_only=not changes)


def with_application(
    command: CommandContext,
    work: Callable[[tta.Application], Awaitable[T]],
    settings: tta.Settings,
    *,
    warm: bool = False,
    read_only: bool = False,
    quiet: bool = False,
) -> T:
    """Open the application, do the work in it, close it again, in good order after Ctrl-C too.

    Args:
        warm: load what the first call to a model needs while the player still thinks.
        quiet: log nothing that the screen says in plain words, unless the settings ask for logs.
    """
    import asyncio
    import logging

    # bootstrap puts the redactor on the handler
    handler, form = logging.StreamHandler(), "%(levelname)s %(name)s: %(message)s"
    if quiet and "TTA_LOG_LEVEL" not in settings.origins:
        form = "(%(message)s)"
        handler.addFilter(lambda r: r.levelno >= logging.ERROR or r.name in ONLY_LOGGED)
    logging.basicConfig(level=settings.log_level, format=form, handlers=[handler])

    async def warmed(application: tta.Application) -> None:
        try:
            await application.warm()
        except tta.ProviderError as error:  # told when the model is asked; the next one takes over
            logging.getLogger("tta_rebuild.cli").info("not warm: %s", error)

    async def run() -> T:
        async with tta.open_application(settings, read_only=read_only) as application:
            if application.note:
                command.screen.note(application.note, "yellow")
            warming = asyncio.create_task(warmed(application)) if warm else None
            try:
                return await work(application)
            finally:
                if warming is not None:
                    warming.cancel()
                    await asyncio.wait([warming])

    return asyncio.run(run())


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
