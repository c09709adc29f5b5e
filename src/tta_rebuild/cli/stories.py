"""``tta stories``: list, rename, delete, export, import."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tta_rebuild.cli import exits
from tta_rebuild.cli.asking import MAX_NAME_CHARS
from tta_rebuild.cli.keyboard import ask
from tta_rebuild.cli.opening import among_stories, desk, settings_for
from tta_rebuild.cli.screen import Screen, counted, one_line
from tta_rebuild.core.errors import ExecutionError, ImportRejected

if TYPE_CHECKING:
    from tta_rebuild.bootstrap import Application
    from tta_rebuild.storage.story_store import StoryRow

app = typer.Typer(
    help="List, rename, delete, export, import.",
    invoke_without_command=True,
    rich_markup_mode=None,
    add_completion=False,
)

WhichStory = Annotated[str, typer.Argument(help="A story: its id, the start of it, or its title.")]


class Format(StrEnum):
    """How a story is written to a file."""

    markdown = "markdown"
    json = "json"


@app.callback()
def list_without_a_command(ctx: typer.Context) -> None:
    """List, rename, delete, export, import."""
    if ctx.invoked_subcommand is None:
        list_stories(ctx)


@app.command("list")
def list_stories(
    ctx: typer.Context,
    json_: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """All stories, the latest played first."""
    from tta_rebuild.bootstrap import listed_stories

    at = desk(ctx)

    async def work(application: Application) -> Sequence[StoryRow]:
        return await application.stories.list()

    rows = listed_stories(settings_for(at))
    if rows is None:
        rows = among_stories(at, work)
    if json_:
        for row in rows:
            at.screen.raw(json.dumps(_plain_row(row), ensure_ascii=False))
        return
    if not rows:
        at.screen.say("There are no stories yet. 'tta play' begins one.")
    for row in rows:
        _show_row(at.screen, row)


def _plain_row(row: StoryRow) -> dict[str, object]:
    return {
        "story_id": row.story_id,
        "title": row.title,
        "turns": row.turns,
        "branches": row.branches,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
    }


def _show_row(screen: Screen, row: StoryRow) -> None:
    branches = f" · {row.branches} branches" if row.branches > 1 else ""
    screen.entry(row.story_id[:8], one_line(row.title, 200))
    screen.say(
        f"{counted(row.turns, 'turn')}{branches} · {_ago(row.updated_at, datetime.now(UTC))}",
        "dim",
        indent=10,
    )


def _ago(then: datetime, now: datetime) -> str:
    seconds = max(0.0, (now - then).total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(seconds // length)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


@app.command()
def rename(
    ctx: typer.Context,
    story: WhichStory,
    title: Annotated[str, typer.Argument(help="The new title.")],
) -> None:
    """Give a story another title."""
    at = desk(ctx)
    wanted = one_line(title)
    if not wanted or len(wanted) > MAX_NAME_CHARS:
        raise typer.BadParameter(
            f"a title has 1 to {MAX_NAME_CHARS} characters.", param_hint="TITLE"
        )

    async def work(application: Application) -> None:
        await application.stories.rename(story, wanted)

    among_stories(at, work)
    at.screen.say(f"The story is now called '{wanted}'.")


@app.command()
def delete(
    ctx: typer.Context,
    story: WhichStory,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a story with all its branches, for good (asks first)."""
    at = desk(ctx)

    async def work(application: Application) -> bool:
        row = await application.stories.find(story)
        if not yes and not _confirmed(at.screen, row):
            return False
        await application.stories.delete(row.story_id)
        return True

    if among_stories(at, work):
        at.screen.say("Deleted.")
    else:
        at.screen.say("Kept.")
        raise typer.Exit(exits.FAILED)


def _confirmed(screen: Screen, row: StoryRow) -> bool:
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "there is nobody to ask here; add --yes to delete without asking.", param_hint="--yes"
        )
    _show_row(screen, row)
    screen.say("Delete it with all its branches, for good? Type yes to delete.")
    try:
        return ask("> ").strip().lower() == "yes"
    except EOFError:
        return False


@app.command()
def export(
    ctx: typer.Context,
    story: WhichStory,
    format_: Annotated[
        Format, typer.Option("--format", help="markdown to read, json to import again.")
    ] = Format.markdown,
    branch: Annotated[str, typer.Option(help="Markdown: the branch to write.")] = "main",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; without it standard output.")
    ] = None,
) -> None:
    """Write a story as Markdown, or whole with all branches as JSON."""
    at = desk(ctx)

    async def work(application: Application) -> str:
        if format_ is Format.json:
            data = await application.stories.export(story)
            return json.dumps(data, ensure_ascii=False, indent=1)
        return await application.stories.markdown(story, branch)

    text = among_stories(at, work)
    if output is None:
        at.screen.raw(text)
        return
    try:
        write_whole(output, text)
    except OSError as error:
        raise ExecutionError(
            f"{output} cannot be written: {error.strerror}; make room for it, or name another "
            "place with --output. The story itself is kept"
        ) from error
    at.screen.say(f"Written to {output}.")


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all: a full disk leaves the old one as it was.

    Raises OSError.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@app.command("import")
def import_story(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A JSON export; - is standard input.")],
    allow_boundary_breaks: Annotated[
        bool,
        typer.Option(
            "--allow-boundary-breaks",
            help="Take it in even if its scenes break the boundaries that it states itself.",
        ),
    ] = False,
) -> None:
    """Take in a story that was exported as JSON."""
    at = desk(ctx)
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
        data = json.loads(text)
    except OSError as error:
        raise typer.BadParameter(
            f"{file} cannot be read: {error.strerror}.", param_hint="FILE"
        ) from error
    except (ValueError, RecursionError) as error:
        why = "nested too deep" if isinstance(error, RecursionError) else one_line(str(error), 120)
        raise ImportRejected(
            f"{file} is not JSON that can be read ({why}); nothing was changed. "
            "A file that can be read comes from: tta stories export STORY --format json"
        ) from error

    async def work(application: Application) -> StoryRow:
        return await application.stories.import_story(
            data, allow_boundary_breaks=allow_boundary_breaks
        )

    row = among_stories(at, work)
    at.screen.say(
        f"'{row.title}' is here now, as story {row.story_id[:8]} ({counted(row.turns, 'turn')})."
    )
