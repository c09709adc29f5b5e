"""``tta stories``: list, rename, delete, export, import, budget."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import aclosing, nullcontext, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import tta_rebuild as tta
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli import exits
from tta_rebuild.cli.inputs import ask
from tta_rebuild.cli.opening import Here, on_stories, settings_for, with_stories
from tta_rebuild.cli.screen import (
    MAX_NAME_CHARS,
    Screen,
    counted,
    escaped_json,
    lines_to,
    message,
    one_line,
    plain,
)
from tta_rebuild.core.data_files import parse_json, read_text
from tta_rebuild.core.errors import ImportRejected, StoreLocked, UnreadableFile

if TYPE_CHECKING:
    from tta_rebuild.storage.story_store import StoryRow

MAX_IMPORT_BYTES = 250_000_000

Format = Literal["markdown", "json"]
_BREAKS = take.option("boundary_breaks", "--allow-boundary-breaks")

app = take.group("List, rename, delete, export, import, budget.", invoke_without_command=True)


@app.callback()
def list_without_a_command(ctx: typer.Context, *, json_: take.AsJson = False) -> None:
    """List, rename, delete, export, import, budget."""
    if ctx.invoked_subcommand is None:
        list_stories(ctx, json_=json_)


@app.command("list")
def list_stories(ctx: typer.Context, *, json_: take.AsJson = False) -> None:
    """All stories, the latest played first."""
    from tta_rebuild.bootstrap.model_names import listed_stories

    rows = listed_stories(settings_for(ctx.obj))
    if rows is None:
        rows = with_stories(ctx.obj, lambda application: application.stories.list())
    ctx.obj.screen.answer(rows, json_, _show_rows)


def _show_rows(screen: Screen, rows: Sequence[StoryRow]) -> None:
    for row in rows:
        told = counted(row.turns, "turn") if row.turns else "not begun"
        branches = f" · {row.branches} branches" if row.branches > 1 else ""
        seconds, ago = int((datetime.now(UTC) - row.updated_at).total_seconds()), "just now"
        for unit, length in (("minute", 60), ("hour", 3_600), ("day", 86_400)):
            if seconds >= length:
                ago = f"{counted(seconds // length, unit)} ago"
        screen.entry(row.story_id[:8], one_line(row.title, 200))
        screen.say(f"{told}{branches} · {ago}", "dim", indent=10)
    if not rows:
        screen.say("There are no stories yet. 'tta play' begins one.")


@app.command()
@on_stories(changes=True)
async def rename(
    here: Here, story: take.WhichStory, title: Annotated[str, take.argument("new_title")]
) -> None:
    """Give a story another title."""
    wanted = one_line(title)
    if not wanted or len(wanted) > MAX_NAME_CHARS:
        raise take.wrong("TITLE", f"a title has 1 to {MAX_NAME_CHARS} characters.")
    await here.stories.rename(story, wanted)
    here.screen.say(f"The story is now called '{wanted}'.")


@app.command()
@on_stories(changes=True)
async def delete(
    here: Here,
    story: take.WhichStory,
    *,
    yes: Annotated[bool, take.option("yes", "--yes", "-y")] = False,
    json_: take.AsJson = False,
) -> None:
    """Remove a story with all its branches, for good (asks first)."""
    row, answer = await here.stories.find(story), "yes" if yes else ""
    if not yes and not sys.stdin.isatty():
        raise tta.ValidationError(message("no_one_to_ask"))
    if not yes:
        _show_rows(here.screen, [row])
        here.screen.say("Delete it with all its branches, for good? Type yes to delete.")
        with suppress(EOFError):
            answer = ask("> ").strip().lower()
    if answer != "yes":
        here.screen.say("Kept.")
        raise typer.Exit(exits.FAILED)
    gone = await here.stories.delete(row.story_id)
    here.screen.answer(gone, json_, lambda screen, _: screen.say("Deleted."))


@app.command("budget")
def set_budget(
    ctx: typer.Context,
    story: take.WhichStory,
    usd: Annotated[float | None, take.argument("story_usd", min=0)] = None,
) -> None:
    """Say what a story may cost in all; without a number, what the settings say."""

    async def work(application: tta.Application) -> StoryRow:
        row = await application.stories.find(story)
        await application.access.limit_story(row.story_id, usd)
        return row

    try:
        row = with_stories(ctx.obj, work, changes=True)
    except StoreLocked as error:
        raise StoreLocked(message("budgets_held")) from error
    at_most = "has no budget of its own" if usd is None else f"may cost ${usd:.2f} in all"
    ctx.obj.screen.say(f"'{one_line(row.title, 60)}' {at_most}.")


@app.command()
@on_stories()
async def export(
    here: Here,
    story: take.WhichStory,
    *,
    format_: Annotated[Format, take.option("export_format", "--format")] = "markdown",
    branch: Annotated[str, take.option("export_branch")] = "main",
    output: Annotated[Path | None, take.option("output", "--output", "-o")] = None,
) -> None:
    """Write a story as Markdown, or whole with all branches as JSON."""
    with lines_to(output, "--output") if output else nullcontext(here.screen.raw) as put:
        if format_ == "markdown":
            put(plain(await here.stories.markdown(story, branch)))
        else:
            async with aclosing(here.stories.export(story)) as lines:
                async for line in lines:
                    put(escaped_json(line))
    if output is not None:
        here.screen.say(f"Written to {output}.")


@app.command("import")
def import_story(
    ctx: typer.Context,
    file: Annotated[Path, take.argument("import_file")],
    allow_boundary_breaks: Annotated[bool, _BREAKS] = False,
    json_: take.AsJson = False,
) -> None:
    """Take in a story that was exported as JSON."""
    try:
        data = parse_json(read_text(file, max_bytes=MAX_IMPORT_BYTES), str(file))
    except UnreadableFile as error:
        said = message("no_import", error=one_line(str(error), 200))
        raise ImportRejected(said) from error

    async def work(application: tta.Application) -> tuple[StoryRow, list[str]]:
        stories = application.stories
        row = await stories.import_story(data, allow_boundary_breaks=allow_boundary_breaks)
        return row, [copy.story_id for copy in await stories.copies(row)]

    row, copies = with_stories(ctx.obj, work, changes=True)
    screen, story, turns = ctx.obj.screen, row.story_id[:8], counted(row.turns, "turn")
    if json_:
        screen.json(asdict(row) | {"copies_of": copies})
        return
    screen.say(f"'{row.title}' is here now, as story {story} ({turns}).")
    if copies:
        which = ", ".join(story_id[:8] for story_id in copies)
        screen.say(message("imported_again", which=which, story=story), "yellow")
