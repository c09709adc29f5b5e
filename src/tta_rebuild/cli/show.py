"""``tta show``: a story's timeline, branches, people and facts."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from tta_rebuild.cli import story_view as views
from tta_rebuild.cli.arguments import AsJson, WhichBranch, WhichStory, group
from tta_rebuild.cli.facts import facts
from tta_rebuild.cli.opening import Here, on_stories

app = group("Show timeline, branches, people, facts.", no_args_is_help=True)
app.command()(facts)


@app.command()
@on_stories()
async def timeline(
    here: Here, story: WhichStory, *, branch: WhichBranch = "main", json_: AsJson = False
) -> None:
    """What happened, turn by turn."""
    session = await here.stories.resume(story, branch)
    path = await here.stories.path(session.story_id, session.branch.branch_id)
    here.screen.answer(views.timeline(path, session.state.names), json_, views.show_timeline)


@app.command()
@on_stories()
async def tree(here: Here, story: WhichStory, *, json_: AsJson = False) -> None:
    """The branches as a tree."""
    row = await here.stories.find(story)
    branches = await here.stories.branches(row.story_id)
    here.screen.answer(branches, json_, partial(views.show_tree, title=row.title))


@app.command()
@on_stories()
async def character(
    here: Here,
    story: WhichStory,
    name: Annotated[str, typer.Argument(help="Whom; without a name, everybody.")] = "",
    *,
    branch: WhichBranch = "main",
    json_: AsJson = False,
) -> None:
    """One person of the story, or all of them."""
    people = views.cast((await here.stories.resume(story, branch)).state, name)
    here.screen.answer(people, json_, partial(views.show_cast, in_full=bool(name)))
