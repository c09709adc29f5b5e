"""``tta show``: a story's timeline, branches, people and facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tta_rebuild.cli import views
from tta_rebuild.cli.opening import among_stories, desk

if TYPE_CHECKING:
    from tta_rebuild.bootstrap import Application

app = typer.Typer(
    help="Show timeline, branches, people, facts.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

WhichStory = Annotated[str, typer.Argument(help="A story: its id, the start of it, or its title.")]
WhichBranch = Annotated[str, typer.Option(help="The branch to look at.")]


@app.command()
def timeline(ctx: typer.Context, story: WhichStory, branch: WhichBranch = "main") -> None:
    """What happened, turn by turn."""
    at = desk(ctx)

    async def work(application: Application) -> None:
        views.show_timeline(at.screen, await application.stories.path(story, branch))

    among_stories(at, work)


@app.command()
def tree(ctx: typer.Context, story: WhichStory) -> None:
    """The branches as a tree."""
    at = desk(ctx)

    async def work(application: Application) -> None:
        row = await application.stories.find(story)
        views.show_tree(at.screen, row.title, await application.stories.branches(row.story_id))

    among_stories(at, work)


@app.command()
def character(
    ctx: typer.Context,
    story: WhichStory,
    name: Annotated[str, typer.Argument(help="Whom; without a name, everybody.")] = "",
    branch: WhichBranch = "main",
) -> None:
    """One person of the story, or all of them."""
    at = desk(ctx)

    async def work(application: Application) -> None:
        session = await application.stories.resume(story, branch)
        views.show_cast(at.screen, session.state, name)

    among_stories(at, work)


@app.command()
def facts(
    ctx: typer.Context,
    story: WhichStory,
    word: Annotated[str, typer.Argument(help="Only those that mention this word.")] = "",
    branch: WhichBranch = "main",
) -> None:
    """What is true at the end of a branch."""
    at = desk(ctx)

    async def work(application: Application) -> None:
        session = await application.stories.resume(story, branch)
        views.show_facts(at.screen, session.state, word)

    among_stories(at, work)
