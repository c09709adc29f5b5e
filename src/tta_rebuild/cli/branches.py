"""``tta fork``, ``tta compare`` and ``tta replay``: other ways, side by side, and over again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tta_rebuild.cli import exits, views
from tta_rebuild.cli.opening import among_stories, desk, in_workshop

if TYPE_CHECKING:
    from tta_rebuild.bootstrap import Application
    from tta_rebuild.engine.comparison import Comparison
    from tta_rebuild.engine.replay import ReplayReport
    from tta_rebuild.storage.story_store import Branch

WhichStory = Annotated[str, typer.Argument(help="A story: its id, the start of it, or its title.")]


def fork(
    ctx: typer.Context,
    story: WhichStory,
    turn: Annotated[int, typer.Option(help="The last turn that both ways share.", min=0)],
    branch: Annotated[str, typer.Option(help="The branch to leave.")] = "main",
    name: Annotated[str, typer.Option(help="The new branch's name.")] = "",
) -> None:
    """Begin another way from a turn.

    The old way stays as it is.
    """
    at = desk(ctx)

    async def work(application: Application) -> Branch:
        return await application.stories.fork(story, branch=branch, turn=turn, name=name or None)

    made = among_stories(at, work)
    at.screen.say(
        f"The branch '{made.name}' shares turns 1 to {made.turn}. "
        f'Play it: tta play --story {made.story_id[:8]} --branch "{made.name}"'
    )


def compare(
    ctx: typer.Context,
    story: WhichStory,
    first: Annotated[str, typer.Argument(help="A branch.")],
    second: Annotated[str, typer.Argument(help="Another branch.")],
    json_: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show how two branches differ.

    Where they part, and what differs in events, people and facts.
    """
    at = desk(ctx)

    async def work(application: Application) -> Comparison:
        return await application.stories.compare(story, first, second)

    found = among_stories(at, work)
    if json_:
        at.screen.raw(json.dumps(asdict(found), ensure_ascii=False, indent=1, default=str))
    else:
        views.show_comparison(at.screen, found)


def replay(
    ctx: typer.Context,
    story: WhichStory,
    branch: Annotated[str, typer.Option(help="The branch to play again.")] = "main",
    retell: Annotated[
        bool, typer.Option(help="Ask the storyteller anew instead of its recorded replies.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Play a story again from its log.

    Says whether every byte agrees; ends with code 1 if not.
    """
    at = desk(ctx)

    async def work(application: Application) -> ReplayReport:
        return await application.stories.replay(story, branch, retell=retell)

    report = in_workshop(at, work)
    if json_:
        at.screen.raw(json.dumps(asdict(report), ensure_ascii=False))
    else:
        views.show_replay(at.screen, report)
    if not report.agrees:
        raise typer.Exit(exits.FAILED)
