"""``tta show``, ``fork``, ``compare`` and ``replay``: a story and its branches."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from tta_rebuild.cli import exits
from tta_rebuild.cli import story_view as views
from tta_rebuild.cli.arguments import (
    AsJson,
    WhichBranch,
    WhichStory,
    argument,
    group,
    number,
    option,
)
from tta_rebuild.cli.facts import facts
from tta_rebuild.cli.opening import (
    Here,
    on_stories,
    settings_for,
    with_application,
)
from tta_rebuild.cli.screen import one_line

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
    name: Annotated[str, argument("Whom; without a name, everybody.")] = "",
    *,
    branch: WhichBranch = "main",
    json_: AsJson = False,
) -> None:
    """One person of the story, or all of them."""
    people = views.cast((await here.stories.resume(story, branch)).state, name)
    here.screen.answer(people, json_, partial(views.show_cast, in_full=bool(name)))


@on_stories(changes=True)
async def fork(
    here: Here,
    story: WhichStory,
    *,
    turn: Annotated[int, number("The last turn that both ways share; 0: only the premise.", 0)],
    branch: WhichBranch = "main",
    name: Annotated[str, option("The new branch's name.")] = "",
    json_: AsJson = False,
) -> None:
    """Begin another way from a turn.

    The old way stays as it is.
    """
    named = one_line(name, 60) or None
    made = await here.stories.fork(story, branch=branch, turn=turn, name=named)
    here.screen.answer(made, json_, views.show_fork)


@on_stories()
async def compare(
    here: Here,
    story: WhichStory,
    first: Annotated[str, argument("A branch.")],
    second: Annotated[str, argument("Another branch.")],
    *,
    json_: AsJson = False,
) -> None:
    """Show how two branches differ.

    Where they part, and what differs in turns, people and facts.
    """
    found = await here.stories.compare(story, first, second)
    here.screen.answer(found, json_, views.show_comparison, indent=1)


def replay(
    ctx: typer.Context,
    story: WhichStory,
    *,
    branch: WhichBranch = "main",
    retell: Annotated[
        bool, option("Ask the storyteller anew instead of its recorded replies.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Play a story again from its log.

    Says whether every byte agrees; ends with code 1 if not.
    """
    command = ctx.obj
    # Asking the storyteller anew may cost something, and that is booked.
    settings = settings_for(command, model="" if retell else "offline")
    report = with_application(
        command,
        lambda application: application.stories.replay(story, branch, retell=retell),
        settings,
        read_only=not retell,
    )
    command.screen.answer(report, json_, views.show_replay)
    if not report.agrees:
        raise typer.Exit(exits.FAILED)
