"""``tta doctor`` and ``tta models``: what is set up, what is missing, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tta_rebuild.cli import exits
from tta_rebuild.cli.arguments import AsJson
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
    from tta_rebuild.core.usage import Attempt
    from tta_rebuild.settings import Settings

LATEST_ATTEMPTS = 500
"""How far back in the ledger health is looked for."""
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


def _program() -> dict[str, str]:
    from tta_rebuild import __version__

    return {"tta": __version__, "python": ".".join(map(str, sys.version_info[:3]))}


def _terminal(screen: Screen) -> dict[str, Any]:
    encoding = getattr(sys.stdout, "encoding", "") or "unknown"
    return {"columns": screen.width, "encoding": encoding}


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
        problem: the first thing that is wrong, "" if a story can be played; ``next_step`` is what
            to do about it.
    """

    program: dict[str, str] = field(default_factory=_program)
    terminal: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)
    stories: dict[str, Any] = field(default_factory=dict)
    code: dict[str, Any] = field(default_factory=dict)
    servers: dict[str, dict[str, Any]] = field(default_factory=dict)
    teller: str = ""
    models: list[ModelOverview] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    next_step: str = ""


def _examine(command: CommandContext, report: Report) -> None:
    """Fill in the report; raises the first thing that is wrong."""
    import asyncio

    from tta_rebuild.bootstrap.application import check_writable
    from tta_rebuild.bootstrap.guards import code_engines
    from tta_rebuild.bootstrap.model_names import chosen_model
    from tta_rebuild.bootstrap.overview import configured_servers

    async def look(application: Application) -> dict[str, Any]:
        await application.stories.check()
        return {"place": application.place, "count": len(await application.stories.list())}

    settings = settings_for(command)
    origins = dict(sorted(settings.origins.items()))
    report.settings = {"file": str(settings.config_file or ""), "origins": origins}
    report.notes.extend(settings.notes)
    report.stories = with_stories(command, look)
    try:
        check_writable(settings)
    except StoreLocked:
        report.notes.append("a story is being played in this data directory")
    report.code, notes = asyncio.run(code_engines(settings))
    report.notes.extend(notes)
    for name, found in asyncio.run(configured_servers(settings)).items():
        if isinstance(found, str):
            report.servers[name] = {"wrong": found}
            report.notes.append(f"server {name} {found}")
        else:
            windows = dict(found.windows)
            listed = {"address": found.base_url, "models": list(found.models), "windows": windows}
            report.servers[name] = listed
    report.teller = chosen_model(settings)
    report.models = overview(command)
    _examine_models(report)


def _examine_models(report: Report) -> None:
    """Raise ProviderError where the model that is to tell cannot, or its server has no such."""
    first = next((line for line in report.models if line.place == 1), None)
    if first is None:
        return
    keys = [line for line in report.models if not line.lacks and line.name != "offline"]
    if first.name == "offline" and keys:
        report.notes.append(
            f"{counted(len(keys), 'other model')} could tell: set USE_REAL_LLM=true, "
            f"or play with --model {keys[0].name}"
        )
    provider, _, model = first.name.partition(":")
    server = report.servers.get(provider, {"models": (), "windows": {}})
    lacks = f"its server {server['wrong']}" if "wrong" in server else first.lacks
    if lacks:
        raise ProviderError(
            f"{first.name} cannot tell: {lacks}; until then play with --model offline"
        )
    if server["models"] and model not in server["models"]:
        there = ", ".join(server["models"][:8])
        raise ProviderError(f"{provider} has no model {model}: choose one of {there}")
    window = server["windows"].get(model)
    if window and window < SMALL_WINDOW:
        report.notes.append(
            f"{first.name} reads {window} tokens: prompts are shortened to fit, and turns say what "
            f"was left out; {SMALL_WINDOW} are enough for any story"
        )


def _rows(report: Report) -> Iterator[tuple[str, str]]:
    """Head and text of all that was found before the models; a head stands once."""
    program, terminal = report.program, report.terminal
    yield "program", f"tta {program['tta']}, Python {program['python']}"
    yield "terminal", f"{terminal['columns']} columns, {terminal['encoding']}"
    if report.settings:
        yield "settings", f"file: {report.settings['file'] or 'none (TTA_CONFIG names one)'}"
        for name, origin in report.settings["origins"].items():
            yield "", f"{name} from {origin}"
    if report.stories:
        yield "stories", f"{counted(report.stories['count'], 'story')} in {report.stories['place']}"
    if report.code:
        yield "code", f"in stories runs {report.code['runs_in']}"
        for name, version in report.code["engines"].items():
            held = "; it held against its own escapes" if name == "jail" else ""
            yield "", f"{name} {version}{held}"
    for name, server in report.servers.items():
        if "wrong" not in server:
            models, windows = server["models"], server["windows"]
            shown = [
                m + (f" ({windows[m]} tokens of context)" if m in windows else "")
                for m in models[:8]
            ]
            more = f" and {len(models) - 8} more" if len(models) > 8 else ""
            listed = ", ".join(shown) + more if shown else "no model that writes"
            yield "servers", f"{name} answers at {server['address']}: {listed}"


def _show(screen: Screen, report: Report) -> None:
    for head, text in _rows(report):
        screen.entry(f"{head:<8}", text)
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


def models(
    ctx: typer.Context,
    *,
    local: Annotated[
        bool, typer.Option(help="Look for servers on this machine (Ollama, LM Studio ...).")
    ] = True,
    json_: AsJson = False,
) -> None:
    """Show models, prices, quotas and health.

    Nothing is asked of a model, and nothing is spent.
    """
    command = context_of(ctx)
    command.screen.answer(overview(command), json_, _show_models)
    if local and not json_:
        _show_local(command.screen, settings_for(command))


def overview(command: CommandContext) -> list[ModelOverview]:
    """Every model that is set up or could be; the ledger is read for their health."""
    from tta_rebuild.bootstrap.overview import models_overview

    async def attempts(application: Application) -> Sequence[Attempt]:
        return await application.ledger.attempts(limit=LATEST_ATTEMPTS)

    # The embedded storyteller opens without a key, so that a missing one can be shown here.
    seen = with_stories(command, attempts)
    return models_overview(settings_for(command), seen, at=datetime.now(UTC))


def _show_models(screen: Screen, lines: Sequence[ModelOverview]) -> None:
    for line in lines:
        show_model(screen, line)


def show_model(screen: Screen, line: ModelOverview) -> None:
    """A model in a few lines."""
    use = [f"choice {line.place}"] if line.place else []
    use += [f"does {task}" for task in line.tasks]
    screen.say(f"{line.name}" + (f"  ({', '.join(use)})" if use else ""), "bold")
    if line.lacks:
        screen.say(f"not ready: {line.lacks}", "yellow", indent=2)
    if line.key_ends:
        screen.say(f"key set, ends in {line.key_ends}", indent=2)
    screen.say(_price(line), indent=2)
    limits = ((line.rpm, "requests a minute"), (line.tpm, "tokens a minute"), (line.rpd, "a day"))
    quota = ", ".join(f"{n:,} {what}" for n, what in limits if n)
    if quota:
        screen.say(f"at most {quota}", indent=2)
    if line.calls:
        screen.say(
            f"{counted(line.calls, 'call')} of late, {line.failed} failed, "
            f"{line.latency_s:.1f} s each; the last: {line.last_outcome}",
            indent=2,
        )


def _price(line: ModelOverview) -> str:
    if line.input_usd is None or line.output_usd is None:
        return "price not known: counted at the provider's dearest"
    if not line.input_usd and not line.output_usd:
        return "free"
    return f"${line.input_usd:.2f} in, ${line.output_usd:.2f} out per million tokens"


def _show_local(screen: Screen, settings: Settings) -> None:
    import asyncio

    from tta_rebuild.bootstrap.overview import local_servers

    found = asyncio.run(local_servers(settings))
    for server in found:
        screen.say(f"{server.name} on this machine, {server.base_url}", "bold")
        for model in server.models:
            screen.say(f"--model local:{model}", indent=2)
    if not found:
        screen.say("No server with models answers on this machine.", "dim")
