"""``tta doctor``, ``models`` and ``costs``: what is set up, what is missing, what was spent."""

from __future__ import annotations

import asyncio
import csv
import io
import platform
import sys
from collections.abc import Sequence
from dataclasses import astuple, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TypeAlias

import typer

import tta_rebuild as tta
from tta_rebuild.bootstrap import overview as seen
from tta_rebuild.bootstrap.application import check_writable
from tta_rebuild.bootstrap.cluster import cluster_overview
from tta_rebuild.bootstrap.guards import code_engines
from tta_rebuild.bootstrap.model_names import chosen_model
from tta_rebuild.bootstrap.sharing import sharing_state
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli import exits, opening
from tta_rebuild.cli.screen import Screen, counted, message, one_line
from tta_rebuild.core.access import operators_of
from tta_rebuild.core.errors import StoreLocked
from tta_rebuild.core.usage import CostLine, Grouping

SMALL_WINDOW = 8192
"""Tokens of context with which no prompt has to be shortened."""

Format = Literal["table", "json", "csv"]
Report: TypeAlias = dict[str, Any]
"""What was found, with the keys of ``doctor --json``; an empty part was not reached."""


def doctor(ctx: typer.Context, *, json_: take.AsJson = False) -> None:
    """Say what is set up, and what is missing.

    Ends with the code of the first thing that is wrong, 0 if a story can be played.
    """
    screen, code = ctx.obj.screen, exits.OK
    encoding = getattr(sys.stdout, "encoding", "") or "unknown"
    report: Report = {
        "can_play": True,
        "program": {"tta": tta.__version__, "python": platform.python_version()},
        "terminal": {"columns": screen.out.width, "encoding": encoding},
        **{part: {} for part in ("settings", "stories", "access", "code", "servers", "cluster")},
        **{"redis": "", "teller": "", "models": [], "notes": [], "problem": "", "next_step": ""},
    }
    try:
        _examine(ctx.obj, report)
    except (tta.StoreError, tta.SettingsError, tta.ProviderError) as error:
        code, step = exits.exit_code(error), exits.next_step(error)
        report["can_play"] = False
        report["problem"] = opening.redactor_of_this_run().redact(str(error))
        report["next_step"] = "" if "doctor" in step else step
    screen.answer(report, json_, _show, indent=1)
    if code:
        raise typer.Exit(code)


def _examine(command: opening.CommandContext, report: Report) -> None:

    async def look(application: tta.Application) -> dict[str, Any]:
        await application.stories.check()
        tokens = await application.access.tokens()
        good = [token for token in tokens if token.is_good(now)]
        operators = len(operators_of(tokens, now))
        tells = {"tokens": len(tokens), "good": len(good), "operators": operators}
        report["access"] = {"access": settings.access, **tells}
        return {"place": application.place, "count": len(await application.stories.list())}

    settings, notes = opening.settings_for(command), report["notes"]
    now = datetime.now(UTC)
    origins = dict(sorted(settings.origins.items()))
    report["settings"] = {"file": str(settings.config_file or ""), "origins": origins}
    notes += settings.notes
    report["stories"] = opening.with_stories(command, look)
    notes += _notes_of_access(report["access"])
    try:
        check_writable(settings)
    except StoreLocked:
        notes.append("a story is being played in this data directory")
    report["code"], found = asyncio.run(code_engines(settings))
    notes += found
    report["servers"] = servers = asyncio.run(seen.configured_servers(settings))
    notes += [f"server {name} {s['wrong']}" for name, s in servers.items() if "wrong" in s]
    report["cluster"] = cluster = asyncio.run(cluster_overview(settings))
    if cluster and cluster["workers"] == 0:
        notes.append(message("no_worker", queue=cluster["queue"]))
    report["redis"] = asyncio.run(sharing_state(settings))
    if report["redis"] == "away":
        notes.append(message("redis_is_away"))
    report["teller"] = chosen_model(settings)
    report["models"] = overview(command)
    _examine_models(report)


def _notes_of_access(access: dict[str, Any]) -> list[str]:
    if access["access"] == "open":
        return [message("access_left_open")] if access["tokens"] else []
    is_shut = access["tokens"] or access["access"] == "tokens"
    return [message("access_no_operator")] if is_shut and not access["operators"] else []


def _examine_models(report: Report) -> None:
    """Raise ProviderError where the model that is to tell cannot, or its server has no such."""
    lines, notes = report["models"], report["notes"]
    first = next((line for line in lines if line.place == 1), None)
    if first is None:
        return
    keys = [line for line in lines if not line.lacks and line.name != "offline"]
    if first.name == "offline" and keys:
        others = counted(len(keys), "other model")
        notes.append(message("could_tell", models=others, first=keys[0].name))
    provider, _, model = first.name.partition(":")
    server = report["servers"].get(provider, {})
    lacks = f"its server {server['wrong']}" if "wrong" in server else first.lacks
    if lacks:
        raise tta.ProviderError(message("cannot_tell", model=first.name, lacks=lacks))
    if server and server["models"] and model not in server["models"]:
        there = ", ".join(server["models"][:8])
        said = message("no_such_model", provider=provider, model=model, there=there)
        raise tta.ProviderError(said)
    window = server["windows"].get(model) if server else None
    if window and window < SMALL_WINDOW:
        reads = {"model": first.name, "window": window, "enough": SMALL_WINDOW}
        notes.append(message("small_window", **reads))


def _show(screen: Screen, report: Report) -> None:
    def row(head: str, text: str, style: str = "") -> None:
        screen.entry(f"{head:<8}", text, style=style)

    row("program", "tta {tta}, Python {python}".format(**report["program"]))
    row("terminal", "{columns} columns, {encoding}".format(**report["terminal"]))
    if settings := report["settings"]:
        row("settings", f"file: {settings['file'] or 'none (TTA_CONFIG names one)'}")
        for name, origin in settings["origins"].items():
            row("", f"{name} from {origin}")
    if stories := report["stories"]:
        row("stories", f"{counted(stories['count'], 'story')} in {stories['place']}")
    if access := report["access"]:
        has_tokens = bool(access["tokens"])
        said = message("access_tokens", **access) if has_tokens else message("access_open")
        row("access", said)
    if code := report["code"]:
        row("code", f"in stories runs {code['runs_in']}")
        for name, version in code["engines"].items():
            held = "; it held against its own escapes" if name == "jail" else ""
            row("", f"{name} {version}{held}")
    for name, server in report["servers"].items():
        if "wrong" in server:
            continue
        reads = {m: f" ({size} tokens of context)" for m, size in server["windows"].items()}
        there = [model + reads.get(model, "") for model in server["models"]]
        if len(there) > 8:
            there[7:] = [f"{there[7]} and {len(there) - 8} more"]
        listed = ", ".join(there) or "no model that writes"
        row("servers", f"{name} answers at {server['address']}: {listed}")
    if report["cluster"]:
        for number, text in enumerate(_told_of_cluster(report["cluster"])):
            row("" if number else "cluster", text)
    if report["redis"] == "used":
        row("redis", "answers: workers share quotas, budgets, circuits and answers")
    if report["teller"]:
        row("models", f"{report['teller']} tells the stories")
        used = [line for line in report["models"] if line.place or line.tasks]
        _show_models(screen, used)
        missing = [line for line in report["models"] if line.lacks and line not in used]
        for number, line in enumerate(missing):
            row("" if number else "not set", f"{line.name}: {line.lacks}")
    for note in report["notes"]:
        row("note", note, "yellow")
    if report["problem"]:
        screen.entry("WRONG   ", report["problem"], style="red", head_style="bold red")
        if report["next_step"]:
            row("", report["next_step"])
    else:
        screen.say("\nA story can be played: tta play", "bold green")


def _told_of_cluster(cluster: dict[str, Any]) -> list[str]:
    how = [name for name, is_so in (("TLS", "has_tls"), ("a key", "has_key")) if cluster[is_so]]
    by = f" by {' and '.join(how)}" if how else ""
    workers = cluster["workers"]
    return [
        "Temporal at {address}, namespace {namespace}".format(**cluster) + by,
        f"queue {cluster['queue']}: {counted(workers, 'worker') if workers is not None else '?'}",
        *(f"{one['name']}: {_told_of_worker(one)}" for one in cluster["members"]),
    ]


def _told_of_worker(worker: dict[str, Any]) -> str:
    about, silent_s = worker["about"] or {}, worker["silent_s"]
    version = about.get("build") or about.get("version") or "an earlier program's"
    seen = "never heard of" if silent_s is None else f"heard of {silent_s:.0f} s ago"
    return f"{worker['state']}, {counted(worker['turns'], 'turn')}, version {version}, {seen}"


def models(
    ctx: typer.Context,
    *,
    local: Annotated[bool, take.option("local")] = True,
    json_: take.AsJson = False,
) -> None:
    """Show models, prices, quotas and health.

    Nothing is asked of a model, and nothing is spent.
    """
    screen: Screen = ctx.obj.screen
    screen.answer(overview(ctx.obj), json_, _show_models)
    if not local or json_:
        return
    found = asyncio.run(seen.local_servers(opening.settings_for(ctx.obj)))
    for server in found:
        screen.say(f"{server.name} on this machine, {server.base_url}", "bold")
        for model in server.models:
            screen.say(f"--model local:{model}", indent=2)
    if not found:
        screen.say("No server with models answers on this machine.", "dim")


def overview(command: opening.CommandContext) -> list[seen.ModelOverview]:
    """Every model that is set up or could be; the ledger is read for their health."""
    # The embedded storyteller opens without a key, so that a missing one can be shown here.
    latest = opening.with_stories(command, lambda app: app.ledger.attempts(limit=500))
    return seen.models_overview(opening.settings_for(command), latest, at=datetime.now(UTC))


def _show_models(screen: Screen, lines: Sequence[seen.ModelOverview]) -> None:
    for line in lines:
        use = [f"choice {line.place}"] if line.place else []
        use += [f"does {task}" for task in line.tasks]
        screen.say(line.name + (f"  ({', '.join(use)})" if use else ""), "bold")
        if line.lacks:
            screen.say(f"not ready: {line.lacks}", "yellow", indent=2)
        if line.key_ends:
            screen.say(f"key set, ends in {line.key_ends}", indent=2)
        if line.input_usd is None or line.output_usd is None:
            screen.say("price not known: counted at the provider's dearest", indent=2)
        else:
            each = f"${line.input_usd:.2f} in, ${line.output_usd:.2f} out per million tokens"
            screen.say(each if line.input_usd or line.output_usd else "free", indent=2)
        limits = {"requests a minute": line.rpm, "tokens a minute": line.tpm, "a day": line.rpd}
        quota = ", ".join(f"{n:,} {what}" for what, n in limits.items() if n)
        if quota:
            screen.say(f"at most {quota}", indent=2)
        if line.calls:
            calls = f"{counted(line.calls, 'call')} of late, {line.failed} failed"
            last = f"{line.latency_s:.1f} s each; the last: {line.last_outcome}"
            screen.say(f"{calls}, {last}", indent=2)


@opening.on_stories()
async def costs(
    here: opening.Here,
    *,
    by: Annotated[Grouping, take.option("by")] = "day",
    story: take.OnlyStory = "",
    days: Annotated[int, take.number("days", 0)] = 0,
    format_: Annotated[Format, take.option("costs_format", "--format")] = "table",
    json_: take.AsJson = False,
) -> None:
    """Show what the models have cost."""
    if json_ and format_ == "csv":
        raise take.wrong("--json", "give --json or --format csv, not both.")
    story_id = (await here.stories.find(story)).story_id if story else None
    since = datetime.now(UTC) - timedelta(days=days) if days else None
    lines = await here.application.ledger.costs(by, story_id=story_id, since=since)
    if json_ or format_ == "json":
        here.screen.json(list(lines), indent=1)
    elif format_ == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(field.name for field in fields(CostLine))
        for line in lines:
            # A key that begins like a formula would be run by a spreadsheet.
            mark = "'" if line.key[:1] in ("=", "+", "-", "@") else ""
            writer.writerow(astuple(replace(line, key=mark + line.key)))
        here.screen.raw(text.getvalue())
    elif not lines:
        here.screen.say("Nothing was spent: no model has been asked yet.")
    else:
        _show_costs(here.screen, by, lines)


def _show_costs(screen: Screen, head: str, lines: Sequence[CostLine]) -> None:
    from rich.table import Column, Table
    from rich.text import Text

    shown = () if screen.out.width < 60 else ("calls", "in", "out")
    columns = [Column(head, overflow="fold"), *(Column(name, justify="right") for name in shown)]
    columns.append(Column("US$", justify="right", no_wrap=True))
    table, about = Table(*columns, box=None, pad_edge=False, header_style="bold"), ""
    for line in lines:
        mark = "~" if line.estimated and line.cost_usd else ""
        about = about or mark
        counts = [f"{n:,}" for n in (line.attempts, line.input_tokens, line.output_tokens)]
        cost = f"{mark}{line.cost_usd:.4f}"
        table.add_row(Text(one_line(line.key)), *counts[: len(shown)], cost)
    screen.out.print(table)
    screen.say(f"together {about}${sum(line.cost_usd for line in lines):.4f}", "bold")
    if about:
        screen.say(message("estimate"), "dim")
