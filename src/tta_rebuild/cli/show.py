"""``tta show``: a story's timeline, branches, people and facts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from tta_rebuild.cli import story_view as views
from tta_rebuild.cli.arguments import AsJson, WhichBranch, WhichStory, group
from tta_rebuild.cli.facts import facts
from tta_rebuild.cli.opening import context_of, with_stories

if TYPE_CHECKING:
    from tta_rebuild.bootstrap.application import Application
    from tta_rebuild.storage.story_store import Branch

app = group("Show timeline, branches, people, facts.", no_args_is_help=True)
app.command()(facts)


@app.command()
def timeline(
    ctx: typer.Context, story: WhichStory, *, branch: WhichBranch = "main", json_: AsJson = False
) -> None:
    """What happened, turn by turn."""
    command = context_of(ctx)

    async def work(application: Application) -> list[views.TimelineTurn]:
        session = await application.stories.resume(story, branch)
        path = await application.stories.path(session.story_id, session.branch.branch_id)
        return views.timeline(path, session.state.names)

    turns = with_stories(command, work)
    command.screen.answer(turns, json_, views.show_timeline)


@app.command()
def tree(ctx: typer.Context, story: WhichStory, *, json_: AsJson = False) -> None:
    """The branches as a tree."""
    command = context_of(ctx)

    async def work(application: Application) -> tuple[str, list[Branch]]:
        row = await application.stories.find(story)
        return row.title, list(await application.stories.branches(row.story_id))

    title, branches = with_stories(command, work)
    command.screen.answer(branches, json_, partial(views.show_tree, title=title))


@app.command()
def character(
    ctx: typer.Context,
    story: WhichStory,
    name: Annotated[str, typer.Argument(help="Whom; without a name, everybody.")] = "",
    *,
    branch: WhichBranch = "main",
    json_: AsJson = False,
) -> None:
    """One person of the story, or all of them."""
    command = context_of(ctx)

    async def work(application: Application) -> list[views.CharacterRow]:
        return views.cast((await application.stories.resume(story, branch)).state, name)

    people = with_stories(command, work)
    command.screen.answer(people, json_, partial(views.show_cast, in_full=bool(name)))
