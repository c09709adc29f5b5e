"""``tta worlds``: the authored worlds of the embedded storyteller, and a check for one's own."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tta_rebuild.cli.arguments import AsJson, number
from tta_rebuild.cli.exits import FAILED
from tta_rebuild.core.errors import RequestRejected


def worlds(
    ctx: typer.Context,
    *,
    check: Annotated[
        str, typer.Option(metavar="<world or file>", help="Look a world over, and play it.")
    ] = "",
    plays: Annotated[int, number("Plays by chance for --check.", 1, 10_000)] = 200,
    json_: AsJson = False,
) -> None:
    """List the authored worlds, or check one of your own."""
    from tta_rebuild.storyteller.scene_file import packaged, read_world

    screen = ctx.obj.screen
    if check:
        _check(ctx, check, plays, as_json=json_)
        return
    rows: list[dict[str, Any]] = []
    for name in packaged("worlds"):
        world = read_world(name)
        endings = sum(1 for scene in world.scenes if scene.ending)
        rows.append(
            {"world": name, "title": world.title, "about": world.about,
             "scenes": len(world.scenes), "endings": endings}
        )  # fmt: skip
    if json_:
        screen.json(rows)
        return
    for row in rows:
        screen.say(
            f"{row['world']}: {row['title']} ({row['scenes']} scenes, {row['endings']} endings)"
        )
        screen.say(f"  {row['about']}")
    screen.note("Play one with: tta play --world NAME")


def _check(ctx: typer.Context, name: str, plays: int, *, as_json: bool) -> None:
    from tta_rebuild.storyteller.scene_file import read_world
    from tta_rebuild.storyteller.world_check import never_met, play_through, problems

    screen = ctx.obj.screen
    try:
        world = read_world(name)
    except RequestRejected as error:
        raise typer.BadParameter(str(error), param_hint="--check") from error
    wrong = problems(world)
    found = play_through(name, plays)
    endings = {s.id: found.endings.get(s.id, 0) for s in world.scenes if s.ending}
    unseen = never_met(world, found)
    if as_json:
        screen.json(
            {"problems": wrong, "plays": plays, "endings": endings, "never_met": unseen,
             "open_ends": found.open_ends, "turns": found.turns}
        )  # fmt: skip
    else:
        for line in wrong:
            screen.say(f"- {line}")
        screen.say(f"{len(wrong)} problems; {plays} plays by chance:")
        for ending, times in endings.items():
            screen.say(f"  ending {ending}: {times}")
        if found.open_ends:
            screen.say(f"  without an end: {found.open_ends}")
        if unseen:
            screen.say(f"  scenes never met: {', '.join(unseen)}")
    if wrong or not all(endings.values()):
        raise typer.Exit(FAILED)
