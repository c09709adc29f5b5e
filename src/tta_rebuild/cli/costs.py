"""``tta costs``: what the models have cost, by day, story, model or task."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tta_rebuild.cli.arguments import AsJson, OnlyStory, number
from tta_rebuild.cli.opening import Here, on_stories
from tta_rebuild.cli.screen import Screen, one_line

if TYPE_CHECKING:
    from tta_rebuild.core.usage import CostLine

FIELDS = ("key", "attempts", "input_tokens", "output_tokens", "cost_usd", "estimated")


GroupBy = Literal["day", "story", "model", "task"]


@on_stories()
async def costs(
    here: Here,
    *,
    by: Annotated[GroupBy, typer.Option(help="A line for each day, story, model or task.")] = "day",
    story: OnlyStory = "",
    days: Annotated[int, number("Only the last N days; 0 is all.", 0)] = 0,
    format_: Annotated[
        Literal["table", "json", "csv"], typer.Option("--format", help="table, json or csv.")
    ] = "table",
    json_: AsJson = False,
) -> None:
    """Show what the models have cost."""
    if json_ and format_ == "csv":
        raise typer.BadParameter("give --json or --format csv, not both.", param_hint="--json")
    story_id = (await here.stories.find(story)).story_id if story else None
    since = datetime.now(UTC) - timedelta(days=days) if days else None
    lines = await here.application.ledger.costs(by, story_id=story_id, since=since)
    if json_ or format_ == "json":
        here.screen.json(list(lines), indent=1)
    elif format_ == "csv":
        here.screen.raw(_csv(lines))
    elif not lines:
        here.screen.say("Nothing was spent: no model has been asked yet.")
    else:
        _show(here.screen, by, lines)


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

    counted = () if screen.width < 60 else ("calls", "in", "out")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(head, overflow="fold")
    for name in counted:
        table.add_column(name, justify="right")
    table.add_column("US$", justify="right", no_wrap=True)
    for line in lines:
        counts = [f"{n:,}" for n in (line.attempts, line.input_tokens, line.output_tokens)]
        cost = f"{_about(line)}{line.cost_usd:.4f}"
        table.add_row(Text(one_line(line.key)), *counts[: len(counted)], cost)
    screen.show(table)
    about = "~" if any(map(_about, lines)) else ""
    screen.say(f"together {about}${sum(line.cost_usd for line in lines):.4f}", "bold")
    if about:
        screen.say(
            "~ holds an estimate: a call that failed half-way, or a model that counts no tokens or "
            "whose price is not known.",
            "dim",
        )


def _about(line: CostLine) -> str:
    return "~" if line.estimated and line.cost_usd else ""
