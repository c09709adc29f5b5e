"""``tta doctor``: what is set up, what answers, and all that is missing."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit

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
from tta_rebuild.cli.screen import Screen, counted, message
from tta_rebuild.cli.set_up import show_models
from tta_rebuild.core.access import operators_of
from tta_rebuild.core.errors import StoreLocked
from tta_rebuild.core.usage import Attempt

SMALL_WINDOW = 8192
"""Tokens of context with which no prompt has to be shortened."""

LATEST = 500
"""Calls of models that their health is told from."""

Report: TypeAlias = dict[str, Any]
"""What was found, with the keys of ``doctor --json``; an empty part was not reached."""

_PARTS = ("settings", "runner", "stories", "access", "code", "servers", "cluster")


def doctor(ctx: typer.Context, *, json_: take.AsJson = False) -> None:
    """Say what is set up, and what is missing.

    Ends with the code of the first thing that is wrong, 0 if a story can be played.
    """
    screen = ctx.obj.screen
    encoding = getattr(sys.stdout, "encoding", "") or "unknown"
    report: Report = {
        "can_play": True,
        "program": {"tta": tta.__version__, "python": platform.python_version()},
        "terminal": {"columns": screen.out.width, "encoding": encoding},
        **{part: {} for part in _PARTS},
        **{"redis": "", "telemetry": {}, "teller": "", "models": [], "notes": []},
        **{"problems": [], "problem": "", "next_step": ""},
    }
    settings = None
    with _told(report):
        settings = opening.settings_for(ctx.obj)
    if settings is not None:
        _examine(ctx.obj, settings, report)
    problems = report["problems"]
    if problems:
        report |= {"can_play": False, **{n: problems[0][n] for n in ("problem", "next_step")}}
    screen.answer(report, json_, _show, indent=1)
    if problems:
        raise typer.Exit(problems[0]["exit_code"])


@contextmanager
def _told(report: Report) -> Iterator[None]:
    """Have what is wrong in the block stand among the problems, and go on after it."""
    try:
        yield
    except (tta.StoreError, tta.SettingsError, tta.ProviderError) as error:
        step, redactor = exits.next_step(error), opening.redactor_of_this_run()
        problem = {
            "problem": redactor.redact(str(error)),
            "next_step": "" if "doctor" in step else step,
            "exit_code": exits.exit_code(error),
        }
        report["problems"].append(problem)


def _examine(command: opening.CommandContext, settings: tta.Settings, report: Report) -> None:
    """Look at each part, whatever is wrong with those before it."""
    notes = report["notes"]
    origins = dict(sorted(settings.origins.items()))
    report["settings"] = {"file": str(settings.config_file or ""), "origins": origins}
    notes += settings.notes
    report["runner"] = {
        "runner": settings.runner,
        "deployment": settings.temporal_deployment,
        "build": settings.temporal_build,
    }
    latest: list[Attempt] = []
    with _told(report):
        latest += _examine_stories(command, settings, report)
    with _told(report):
        report["code"], found = asyncio.run(code_engines(settings))
        notes += found
    with _told(report):
        report["servers"] = servers = asyncio.run(seen.configured_servers(settings))
        notes += [f"server {name} {s['wrong']}" for name, s in servers.items() if "wrong" in s]
    with _told(report):
        _examine_cluster(settings, report)
    with _told(report):
        report["redis"] = asyncio.run(sharing_state(settings))
        if report["redis"] == "away":
            notes.append(message("redis_is_away"))
    with _told(report):
        _examine_telemetry(report)
    with _told(report):
        report["teller"] = chosen_model(settings)
        report["models"] = seen.models_overview(settings, latest, at=datetime.now(UTC))
        _examine_models(report)


def _examine_stories(
    command: opening.CommandContext, settings: tta.Settings, report: Report
) -> list[Attempt]:
    """The latest attempts at models, as the ledger has them."""
    now = datetime.now(UTC)

    async def look(application: tta.Application) -> list[Attempt]:
        await application.stories.check()
        tokens = await application.access.tokens()
        good = [token for token in tokens if token.is_good(now)]
        operators = len(operators_of(tokens, now))
        tells = {"tokens": len(tokens), "good": len(good), "operators": operators}
        report["access"] = {"access": settings.access, **tells}
        count = len(await application.stories.list())
        report["stories"] = {"place": application.place, "count": count}
        return list(await application.ledger.attempts(limit=LATEST))

    latest = opening.with_stories(command, look)
    report["notes"] += _notes_of_access(report["access"])
    try:
        check_writable(settings)
    except StoreLocked:
        report["notes"].append("a story is being played in this data directory")
    return latest


def _notes_of_access(access: dict[str, Any]) -> list[str]:
    if access["access"] == "open":
        return [message("access_left_open")] if access["tokens"] else []
    is_shut = access["tokens"] or access["access"] == "tokens"
    return [message("access_no_operator")] if is_shut and not access["operators"] else []


def _examine_cluster(settings: tta.Settings, report: Report) -> None:
    """Look at Temporal; what is wrong there is a note where this machine's turns do not need it."""
    notes = report["notes"]
    try:
        report["cluster"] = cluster = asyncio.run(cluster_overview(settings))
    except tta.SettingsError as error:
        if settings.runner == "temporal":
            raise
        notes.append(message("temporal_not_needed", said=str(error)))
        return
    if not cluster:
        return
    if cluster["workers"] == 0:
        notes.append(message("no_worker", queue=cluster["queue"]))
    if cluster["is_current"] is False:
        name = "not_current" if cluster["deployment"] else "current_without_us"
        notes.append(message(name, **cluster))


def _examine_telemetry(report: Report) -> None:
    """Whether spans and metrics are sent, and where; the environment alone says so."""
    from tta_rebuild.server.otlp import ENDPOINT, is_on

    sent = [signal.lower() for signal in ("TRACES", "METRICS") if is_on(os.environ, signal)]
    where = urlsplit(os.environ.get(ENDPOINT, "") if sent else "")
    endpoint = f"{where.scheme}://{where.netloc.rpartition('@')[2]}" if where.netloc else ""
    report["telemetry"] = {"sent": sent, "endpoint": endpoint}


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
    if report["runner"]:
        row("runner", _told_of_runner(report))
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
    if telemetry := report["telemetry"]:
        row("otlp", _told_of_telemetry(telemetry))
    if report["teller"]:
        row("models", f"{report['teller']} tells the stories")
        used = [line for line in report["models"] if line.place or line.tasks]
        show_models(screen, used)
        missing = [line for line in report["models"] if line.lacks and line not in used]
        for number, line in enumerate(missing):
            row("" if number else "not set", f"{line.name}: {line.lacks}")
    for note in report["notes"]:
        row("note", note, "yellow")
    for problem in report["problems"]:
        screen.entry("WRONG   ", problem["problem"], style="red", head_style="bold red")
        if problem["next_step"]:
            row("", problem["next_step"])
    if not report["problems"]:
        screen.say("\nA story can be played: tta play", "bold green")


def _told_of_runner(report: Report) -> str:
    runner, cluster = report["runner"], report["cluster"]
    if runner["runner"] == "process":
        return message("runner_process")
    version = cluster.get("version") or runner["deployment"] or "no version"
    stands = {True: ", which gets new turns", False: ", which gets no new turns"}
    return message("runner_temporal", version=version + stands.get(cluster.get("is_current"), ""))


def _told_of_telemetry(telemetry: dict[str, Any]) -> str:
    if not telemetry["sent"]:
        return "off (OTEL_EXPORTER_OTLP_ENDPOINT turns it on)"
    where = f" to {telemetry['endpoint']}" if telemetry["endpoint"] else ""
    return f"on: {' and '.join(telemetry['sent'])} are sent{where}"


def _told_of_cluster(cluster: dict[str, Any]) -> list[str]:
    how = [name for name, is_so in (("TLS", "has_tls"), ("a key", "has_key")) if cluster[is_so]]
    by = f" by {' and '.join(how)}" if how else ""
    workers = cluster["workers"]
    return [
        "Temporal at {address}, namespace {namespace}".format(**cluster) + by,
        f"queue {cluster['queue']}: {counted(workers, 'worker') if workers is not None else '?'}",
        *(f"{one['name']}: {_told_of_worker(one, cluster)}" for one in cluster["members"]),
    ]


def _told_of_worker(worker: dict[str, Any], cluster: dict[str, Any]) -> str:
    about, silent_s = worker["about"] or {}, worker["silent_s"]
    version = about.get("build") or about.get("version") or "an earlier program's"
    seen = "never heard of" if silent_s is None else f"heard of {silent_s:.0f} s ago"
    told = f"{worker['state']}, {counted(worker['turns'], 'turn')}, version {version}, {seen}"
    place = {name: about.get(name) or "?" for name in ("queue", "namespace")}
    told += ", queue {queue}, namespace {namespace}".format(**place)
    is_other = any(found not in ("?", cluster[name]) for name, found in place.items())
    return f"{told}: it takes no turns of this queue" if is_other else told
