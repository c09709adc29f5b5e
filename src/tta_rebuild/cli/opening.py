"""How a command gets at the stories: settings are read, the workshop is opened, work is done.

Every command that touches stories goes through ``in_workshop``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from tta_rebuild.cli.screen import Screen

if TYPE_CHECKING:
    from tta_rebuild.bootstrap import Workshop
    from tta_rebuild.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    """What the options before the command said, and the screen to write on."""

    data_dir: Path | None = None
    screen: Screen = field(default_factory=Screen)


def desk(ctx: typer.Context) -> Desk:
    """The desk of this run."""
    found = ctx.find_object(Desk)
    return found if found is not None else Desk()


def in_workshop(
    at: Desk, work: Callable[[Workshop], Awaitable[T]], *, model: str | None = None
) -> T:
    """Open the workshop, do the work in it, close it again.

    Raises:
        StoreError, SettingsError: it cannot be opened.
        KeyboardInterrupt: after the workshop was closed in good order.
    """
    import asyncio

    from tta_rebuild.bootstrap import open_workshop

    settings = settings_for(at, model=model)
    _begin_log(settings.log_level)

    async def run() -> T:
        async with open_workshop(settings) as workshop:
            return await work(workshop)

    return asyncio.run(run())


def settings_for(at: Desk, *, model: str | None = None) -> Settings:
    """The settings, under what the options of this run say. Raises SettingsError."""
    from tta_rebuild.settings import load_settings

    settings = load_settings()
    return replace(
        settings, data_dir=at.data_dir or settings.data_dir, model=model or settings.model
    )


def _begin_log(level: str) -> None:
    """Log to standard error; ``bootstrap`` puts the redactor on the handler."""
    import logging

    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
