"""``tta doctor``: what is set up, what is missing, and what to do about it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from tta_rebuild.cli import exits
from tta_rebuild.cli.models import overview, show_model
from tta_rebuild.cli.opening import Desk, desk, in_workshop, redactor_of_this_run, settings_for
from tta_rebuild.cli.screen import Screen, counted
from tta_rebuild.core.errors import ProviderError, SettingsError, StoreError, TTAError

if TYPE_CHECKING:
    from tta_rebuild.bootstrap import Application
    from tta_rebuild.settings import Settings


def doctor(ctx: typer.Context) -> None:
    """Say what is set up, and what is missing.

    Ends with the code of the first thing that is wrong, 0 if a story can be played.
    """
    at = desk(ctx)
    screen = at.screen
    _program(screen)
    try:
        settings = settings_for(at)
        _settings(screen, settings)
        _stories(at)
        _code(screen, settings)
        screen.say()
        _models(at, settings)
    except (StoreError, SettingsError, ProviderError) as error:
        screen.entry("WRONG", redactor_of_this_run().redact(str(error)), style="red")
        _advise(screen, error)
        raise typer.Exit(exits.exit_code(error)) from None
    screen.say()
    screen.say("A story can be played: tta play", "bold")


def _program(screen: Screen) -> None:
    from tta_rebuild import __version__

    version = ".".join(map(str, sys.version_info[:3]))
    encoding = getattr(sys.stdout, "encoding", "") or "unknown"
    screen.entry("program ", f"tta {__version__}, Python {version}")
    screen.entry("terminal", f"{screen.width} columns, {encoding}")


def _settings(screen: Screen, settings: Settings) -> None:
    file = settings.config_file or "none (TTA_CONFIG names one)"
    screen.entry("settings", f"file: {file}")
    for name, origin in sorted(settings.origins.items()):
        screen.entry("        ", f"{name} from {origin}")
    for note in settings.notes:
        screen.entry("note    ", note, style="yellow")


def _stories(at: Desk) -> None:
    async def look(application: Application) -> tuple[str, int]:
        return application.place, len(await application.stories.list())

    place, count = in_workshop(at, look, model="offline")
    told = "1 story" if count == 1 else f"{count:,} stories"
    at.screen.entry("stories ", f"{told} in {place}")


def _code(screen: Screen, settings: Settings) -> None:
    import asyncio

    from tta_rebuild.bootstrap import code_engines
    from tta_rebuild.core.redaction import hint

    if settings.e2b_api_key:
        key = hint(settings.e2b_api_key.reveal())
        screen.entry("code    ", f"in stories runs in E2B (E2B_API_KEY {key})")
    else:
        screen.entry("code    ", "in stories runs on this machine")
    engines = asyncio.run(code_engines())
    for name, version in engines.versions.items():
        held = "; it held against its own escapes" if name == "jail" else ""
        screen.entry("        ", f"{name} {version}{held}")
    if engines.jail_problem:
        screen.entry("note    ", f"no jail: {engines.jail_problem}", style="yellow")
    elif not engines.hides_files:
        screen.entry(
            "note    ",
            "code in the jail can see that a file exists, though not read it: "
            "this system allows it no file tree of its own",
            style="yellow",
        )


def _models(at: Desk, settings: Settings) -> None:
    from tta_rebuild.bootstrap import chosen_model

    lines = overview(at)
    first = next((line for line in lines if line.place == 1), None)
    at.screen.entry("models  ", f"{chosen_model(settings)} tells the stories")
    keys = [line for line in lines if not line.lacks and line.name != "offline"]
    if first and first.name == "offline" and keys:
        at.screen.entry(
            "note    ",
            f"{counted(len(keys), 'other model')} could tell: set USE_REAL_LLM=true, "
            f"or play with --model {keys[0].name}",
            style="yellow",
        )
    for line in lines:
        if line.place or line.tasks:
            show_model(at.screen, line)
    if first and first.lacks:
        raise ProviderError(
            f"{first.name} cannot tell: {first.lacks}; until then play with --model offline"
        )


def _advise(screen: Screen, error: TTAError) -> None:
    step = exits.next_step(error)
    if step and "doctor" not in step:
        screen.entry("     ", step)
