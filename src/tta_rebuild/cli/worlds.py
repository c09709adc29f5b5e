"""``tta worlds``: the authored worlds of the embedded storyteller, and a check for one's own."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.exits import FAILED
from tta_rebuild.cli.screen import Screen
from tta_rebuild.core.errors import RequestRejected
from tta_rebuild.lab.world_check import never_met, play_through, problems
from tta_rebuild.storyteller.premise_situation import plot_names
from tta_rebuild.storyteller.scene_file import packaged, read_world


def worlds(
    ctx: typer.Context,
    *,
    check: Annotated[str, take.option("check", metavar="<world or file>")] = "",
    plays: Annotated[int, take.number("plays", 1, 10_000)] = 200,
    plots: Annotated[bool, take.option("plots")] = False,
    json_: take.AsJson = False,
) -> None:
    """List the authored worlds or the plots, or check a world of your own."""
    screen = ctx.obj.screen
    if plots:
        _plots(screen, as_json=json_)
        return
    if check:
        _check(screen, check, plays, as_json=json_)
        return
    rows = []
    for name, world in ((name, read_world(name)) for name in packaged("worlds")):
        row: dict[str, Any] = {"world": name, "title": world.title, "about": world.about}
        endings = sum(1 for scene in world.scenes if scene.ending)
        rows.append({**row, "scenes": len(world.scenes), "endings": endings})
    if json_:
        screen.json(rows)
        return
    for row in rows:
        screen.say("{world}: {title} ({scenes} scenes, {endings} endings)".format(**row))
        screen.say(f"  {row['about']}")
    screen.note("Play one with: tta play --world NAME")


def _plots(screen: Screen, *, as_json: bool) -> None:
    names = dict(sorted(plot_names().items()))
    if as_json:
        screen.json([{"plot": name, "about": called} for name, called in names.items()])
        return
    for name, called in names.items():
        screen.say(f"{name}: {called}")
    screen.note("Tell a theme of your own as one of them with: tta play --theme ... --plot NAME")


def _check(screen: Screen, name: str, plays: int, *, as_json: bool) -> None:
    """Show what is wrong in a world; ends with 1 if something is, or an ending is never met."""
    try:
        world = read_world(name)
    except RequestRejected as error:
        raise take.wrong("--check", str(error)) from error
    wrong, found = problems(world), play_through(name, plays)
    endings = {s.id: found.endings.get(s.id, 0) for s in world.scenes if s.ending}
    unseen, open_ends = never_met(world, found), found.open_ends
    if as_json:
        row = {"problems": wrong, "plays": plays, "endings": endings, "never_met": unseen}
        screen.json({**row, "open_ends": open_ends, "turns": found.turns})
    else:
        said = [f"- {line}" for line in wrong]
        said += [f"{len(wrong)} problems; {plays} plays by chance:"]
        said += [f"  ending {ending}: {times}" for ending, times in endings.items()]
        said += [f"  without an end: {open_ends}"] if open_ends else []
        said += [f"  scenes never met: {', '.join(unseen)}"] if unseen else []
        screen.say("\n".join(said))
    if wrong or not all(endings.values()):
        raise typer.Exit(FAILED)
