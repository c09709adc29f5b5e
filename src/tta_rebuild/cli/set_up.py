"""``tta models`` and ``costs``: what the models are and what they have cost."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer

from tta_rebuild.bootstrap import overview as seen
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli import opening
from tta_rebuild.cli.screen import Screen, counted, message, one_line
from tta_rebuild.core.usage import CostLine, Grouping

Format = Literal["table", "json", "csv"]


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
    screen.answer(overview(ctx.obj), json_, show_models)
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


def show_models(screen: Screen, lines: Sequence[seen.ModelOverview]) -> None:
    """Show each with its use, key, price, quota and latest calls."""
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
