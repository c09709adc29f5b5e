"""``tta feedback``: a rating and a comment for a scene, and reports of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.opening import Here, on_stories
from tta_rebuild.cli.screen import Screen, message, one_line
from tta_rebuild.cli.tables import show_table
from tta_rebuild.lab import feedback as lab
from tta_rebuild.lab.feedback import By, FeedbackLine, RatedScene

app = take.group("Rate scenes, and see what was rated how.", no_args_is_help=True)


@app.command()
@on_stories(changes=True)
async def give(
    here: Here,
    story: take.WhichStory,
    rating: Annotated[int, take.argument("rating", min=1, max=5)],
    comment: Annotated[str, take.argument("comment")] = "",
    *,
    turn: Annotated[int, take.number("rated_turn", 0)] = 0,
    branch: take.WhichBranch = "main",
    json_: take.AsJson = False,
) -> None:
    """Rate a scene from 1 to 5, with a comment; a second rating takes the first one's place."""
    given = await lab.rate(here.application, story, rating, comment, branch=branch, turn=turn)
    said = message("rated", turn=given.turn)
    here.screen.answer(given, json_, lambda screen, _: screen.say(said))


@app.command("list")
@on_stories()
async def list_(here: Here, *, story: take.OnlyStory = "", json_: take.AsJson = False) -> None:
    """Every rating, with the scene's model, prompt, variant and score."""
    here.screen.answer(await lab.rated_scenes(here.application, story), json_, _show_list)


def _show_list(screen: Screen, scenes: Sequence[RatedScene]) -> None:
    for one in scenes:
        told = ", ".join(filter(None, (one.model, one.version, one.variant)))
        screen.say(f"{one.rating} of 5 · {one_line(one.title, 60)}, turn {one.turn}", "bold")
        screen.say(f"{told}; quality {one.quality:.2f}", "dim", indent=2)
        if one.comment:
            screen.say(one_line(one.comment), indent=2)
    if not scenes:
        screen.say("Nothing was rated yet. While you play: /rate 4 what you think of it")


@app.command()
@on_stories()
async def report(
    here: Here,
    *,
    by: Annotated[By, take.option("report_by")] = "model",
    story: take.OnlyStory = "",
    charts: Annotated[Path | None, take.option("charts", "--charts", metavar="<folder>")] = None,
    json_: take.AsJson = False,
) -> None:
    """Mean ratings beside mean scores, by model, version, variant or story."""
    lines = lab.feedback_report(await lab.rated_scenes(here.application, story), by)
    if charts is not None:
        from tta_rebuild.lab.charts import bars_chart

        means = {f"{line.key or 'none'} (n={line.ratings})": line.mean for line in lines}
        title, says = f"Mean rating by {by}", "1 to 5"
        for path in bars_chart(means, charts, "ratings", title=title, says=says):
            here.screen.note(f"drawn: {path}")
    if json_:
        here.screen.json(lines, indent=1)
    else:
        _show_report(here.screen, lines, by)


def _show_report(screen: Screen, lines: Sequence[FeedbackLine], by: By) -> None:
    rows = [(li.key or "none", li.ratings, li.mean, li.quality, li.comments) for li in lines]
    if rows:
        show_table(screen, (by, "ratings", "mean", "quality", "comments"), rows)
    else:
        _show_list(screen, [])
