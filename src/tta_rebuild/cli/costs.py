"""``tta costs``: what the models have cost, by day, story, model or task."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from tta_rebuild.cli.opening import among_stories, desk
from tta_rebuild.cli.screen import Screen, one_line

if TYPE_CHECKING:
    from tta_rebuild.bootstrap import Application
    from tta_rebuild.core.usage import CostLine

FIELDS = ("key", "attempts", "input_tokens", "output_tokens", "cost_usd")


class By(StrEnum):
    """What a line stands for."""

    day = "day"
    story = "story"
    model = "model"
    task = "task"


class Format(StrEnum):
    """How the report is written."""

    table = "table"
    json = "json"
    csv = "csv"


def costs(
    ctx: typer.Context,
    by: Annotated[By, typer.Option(help="A line for each day, story, model or task.")] = By.day,
    story: Annotated[str, typer.Option(help="Only this story: its id or title.")] = "",
    days: Annotated[int, typer.Option(help="Only the last N days; 0 is all.", min=0)] = 0,
    format_: Annotated[Format, typer.Option("--format", help="table, json or csv.")] = Format.table,
    json_: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Show what the models have cost."""
    at = desk(ctx)

    async def work(application: Application) -> Sequence[CostLine]:
        story_id = (await application.stories.find(story)).story_id if story else None
        since = datetime.now(UTC) - timedelta(days=days) if days else None
        return await application.ledger.costs(by.value, story_id=story_id, since=since)

    lines = among_stories(at, work)
    if json_ or format_ is Format.json:
        at.screen.raw(json.dumps([asdict(line) for line in lines], ensure_ascii=False, indent=1))
    elif format_ is Format.csv:
        at.screen.raw(_csv(lines))
    elif not lines:
        at.screen.say("Nothing was spent: no model has been asked yet.")
    else:
        _show(at.screen, by.value, lines)


def _csv(lines: Sequence[CostLine]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    for line in lines:
        values = asdict(line)
        # A key that begins like a formula would be run by a spreadsheet.
        if str(values["key"])[:1] in ("=", "+", "-", "@"):
            values["key"] = f"'{values['key']}"
        writer.writerow({name: values[name] for name in FIELDS})
    return text.getvalue()


def _show(screen: Screen, head: str, lines: Sequence[CostLine]) -> None:
    from rich.table import Table
    from rich.text import Text

    narrow = screen.width < 60
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(head, overflow="fold")
    if not narrow:
        for name in ("calls", "in", "out"):
            table.add_column(name, justify="right")
    table.add_column("US$", justify="right", no_wrap=True)
    for line in lines:
        counts = (
            ()
            if narrow
            else tuple(f"{n:,}" for n in (line.attempts, line.input_tokens, line.output_tokens))
        )
        table.add_row(Text(one_line(line.key)), *counts, f"{line.cost_usd:.4f}")
    screen.show(table)
    screen.say(f"{'together':<10} ${sum(line.cost_usd for line in lines):.4f}", "bold")
