"""``tta doctor``: what is set up, what is missing, and what to do about it."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from tta_rebuild.cli import exits
from tta_rebuild.cli.arguments import AsJson
from tta_rebuild.cli.models import overview, show_model
from tta_rebuild.cli.opening import (
    CommandContext,
    context_of,
    redactor_of_this_run,
    settings_for,
    with_stories,
)
from tta_rebuild.cli.screen import Screen, counted
from tta_rebuild.core.errors import ProviderError, SettingsError, StoreError, StoreLocked

if TYPE_CHECKING:
    from tta_rebuild.bootstrap.application import Application
    from tta_rebuild.bootstrap.overview import ModelOverview
    from tta_rebuild.settings import Settings


SMALL_WINDOW = 8192
"""Tokens of context with which no prompt has to be shortened."""


def doctor(ctx: typer.Context, *, json_: AsJson = False) -> None:
    """Say what is set up, and what is missing.

    Ends with the code of the first thing that is wrong, 0 if a story can be played.
    """
    command = context_of(ctx)
    report = Report(terminal=_terminal(command.screen))
    code = exits.OK
    try:
        _examine(command, report)
    except (StoreError, SettingsError, ProviderError) as error:
        report.problem = redactor_of_this_run().redact(str(error))
        step = exits.next_step(error)
        report.next_step = "" if "doctor" in step else step
        code = exits.exit_code(error)
    if json_:
        command.screen.json({"can_play": not report.problem, **asdict(report)}, indent=1)
    else:
        _show(command.screen, report)
    if code:
        raise typer.Exit(code)


@dataclass(slots=True, kw_only=True)
class Report:
    """What was found, as far as it went; an empty part was not reached.

    Attributes:
        settings: the configuration ``file``, and ``origins``: setting → where it comes from.
        stories: ``place`` and ``count``.
        code: what runs code in stories: ``runs_in``, ``engines`` with their versions.
        servers: name → ``address``, ``models`` and ``windows`` (tokens of context, where the server
            tells), or what is ``wrong``.
        teller: the model that tells the stories.
        notes: what could be better.
        problem: the first thing that is wrong, "" if a story can be played.
        next_step: what to do about it.
    """

    program: dict[str, str] = field(default_factory=lambda: _program())
    terminal: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    stories: dict[str, Any] = field(default_factory=dict)
    code: dict[str, Any] = field(default_factory=dict)
    servers: dict[str, dict[str, Any]] = field(default_factory=dict)
    teller: str = ""
    models: list[ModelOverview] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    next_step: str = ""


def _program() -> dict[str, str]:
    from tta_rebuild import __version__

    return {"tta": __version__, "python": ".".join(map(str, sys.version_info[:3]))}


def _terminal(screen: Screen) -> dict[str, Any]:
    encoding = getattr(sys.stdout, "encoding", "") or "unknown"
    return {"columns": screen.width, "encoding": encoding}


def _examine(command: CommandContext, report: Report) -> None:
    """Fill in the report; raises the first thing that is wrong."""
    from tta_rebuild.bootstrap.application import check_writable
    from tta_rebuild.bootstrap.model_names import chosen_model

    async def look(application: Application) -> dict[str, Any]:
        await application.stories.check()
        return {"place": application.place, "count": len(await application.stories.list())}

    settings = settings_for(command)
    report.settings = {
        "file": str(settings.config_file or ""),
        "origins": dict(sorted(settings.origins.items())),
    }
    report.notes.extend(settings.notes)
    report.stories = with_stories(command, look)
    try:
        check_writable(settings)
    except StoreLocked:
        report.notes.append("a story is being played in this data directory")
    _examine_code(settings, report)
    _examine_servers(settings, report)
    report.teller = chosen_model(settings)
    report.models = overview(command)
    first = next((line for line in report.models if line.place == 1), None)
    keys = [line for line in report.models if not line.lacks and line.name != "offline"]
    if first and first.name == "offline" and keys:
        report.notes.append(
            f"{counted(len(keys), 'other model')} could tell: set USE_REAL_LLM=true, "
            f"or play with --model {keys[0].name}"
        )
    if first:
        _check_teller(first.name, report)
    if first and first.lacks:
        raise ProviderError(
            f"{first.name} cannot tell: {first.lacks}; until then play with --model offline"
        )


def _examine_servers(settings: Settings, report: Report) -> None:
    import asyncio

    from tta_rebuild.bootstrap.overview import configured_servers

    for name, found in asyncio.run(configured_servers(settings)).items():
        if isinstance(found, str):
            report.servers[name] = {"wrong": found}
            report.notes.append(f"server {name} {found}")
        else:
            report.servers[name] = {
                "address": found.base_url,
                "models": list(found.models),
                "windows": dict(found.windows),
            }


def _check_teller(name: str, report: Report) -> None:
    """Raise ProviderError where the server that is to tell cannot, or has no such model."""
    provider, _, model = name.partition(":")
    server = report.servers.get(provider)
    if server is None:
        return
    if "wrong" in server:
        raise ProviderError(
            f"{name} cannot tell: its server {server['wrong']}; until then play with "
            "--model offline"
        )
    if server["models"] and model not in server["models"]:
        there = ", ".join(server["models"][:8])
        raise ProviderError(f"{provider} has no model {model}: choose one of {there}")
    window = server["windows"].get(model)
    if window and window < SMALL_WINDOW:
        report.notes.append(
            f"{name} reads {window} tokens: prompts are shortened to fit, and turns say what was "
            f"left out; {SMALL_WINDOW} are enough for any story"
        )


def _examine_code(settings: Settings, report: Report) -> None:
    import asyncio

    from tta_rebuild.bootstrap.guards import code_engines
    from tta_rebuild.core.redaction import hint

    runs_in = "on this machine"
    if settings.e2b_api_key:
        runs_in = f"in E2B (E2B_API_KEY {hint(settings.e2b_api_key.reveal())})"
    engines = asyncio.run(code_engines())
    report.code = {"runs_in": runs_in, "engines": dict(engines.versions)}
    if engines.jail_problem:
        report.notes.append(f"no jail: {engines.jail_problem}")
    elif not engines.hides_files:
        report.notes.append(
            "code in the jail can see that a file exists, though not read it: "
            "this system allows it no file tree of its own"
        )


def _with_window(model: str, windows: dict[str, int]) -> str:
    return f"{model} ({windows[model]} tokens of context)" if model in windows else model


def _show(screen: Screen, report: Report) -> None:
    terminal = report.terminal
    screen.entry("program ", f"tta {report.program['tta']}, Python {report.program['python']}")
    screen.entry("terminal", f"{terminal['columns']} columns, {terminal['encoding']}")
    if report.settings:
        file = report.settings["file"] or "none (TTA_CONFIG names one)"
        screen.entry("settings", f"file: {file}")
        for name, origin in report.settings["origins"].items():
            screen.entry("        ", f"{name} from {origin}")
    if report.stories:
        told = counted(report.stories["count"], "story")
        screen.entry("stories ", f"{told} in {report.stories['place']}")
    if report.code:
        screen.entry("code    ", f"in stories runs {report.code['runs_in']}")
        for name, version in report.code["engines"].items():
            held = "; it held against its own escapes" if name == "jail" else ""
            screen.entry("        ", f"{name} {version}{held}")
    for name, server in report.servers.items():
        if "wrong" not in server:
            shown = [_with_window(m, server["windows"]) for m in server["models"][:8]]
            more = f" and {len(server['models']) - 8} more" if len(server["models"]) > 8 else ""
            listed = ", ".join(shown) + more if shown else "no model that writes"
            screen.entry("servers ", f"{name} answers at {server['address']}: {listed}")
    if report.teller:
        screen.entry("models  ", f"{report.teller} tells the stories")
        for line in report.models:
            if line.place or line.tasks:
                show_model(screen, line)
        missing = [line for line in report.models if line.lacks and not (line.place or line.tasks)]
        for number, line in enumerate(missing):
            screen.entry("        " if number else "not set ", f"{line.name}: {line.lacks}")
    for note in report.notes:
        screen.entry("note    ", note, style="yellow")
    if report.problem:
        screen.entry("WRONG   ", report.problem, style="red", head_style="bold red")
        if report.next_step:
            screen.entry("        ", report.next_step)
    else:
        screen.say()
        screen.say("A story can be played: tta play", "bold green")
