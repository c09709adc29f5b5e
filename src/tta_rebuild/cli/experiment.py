"""``tta experiment``: compare prompts, models, temperatures, checks or worlds by playing them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import tta_rebuild as tta
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.exits import Interrupted, NothingThere
from tta_rebuild.cli.opening import Here, on_stories, settings_for, with_application
from tta_rebuild.cli.screen import Screen, counted, message
from tta_rebuild.cli.tables import progress_of, show_table
from tta_rebuild.core.records import ExperimentRecord, PlayRecord
from tta_rebuild.lab.experiment import ExperimentRun, settings_for_plays
from tta_rebuild.lab.experiment_plan import question_in, read_plan
from tta_rebuild.lab.outcomes import METRICS, means_of
from tta_rebuild.lab.verdict import Question, Verdict, decide

app = take.group("Compare prompts and models by playing stories with them.", no_args_is_help=True)

Name = Annotated[str, take.argument("experiment")]
Charts = Annotated[Path | None, take.option("charts", "--charts", metavar="<folder>")]


@app.command()
def run(
    ctx: typer.Context,
    file: Annotated[Path, take.argument("plan")],
    *,
    model: Annotated[str, take.option("model")] = "",
    jobs: Annotated[int, take.number("jobs", 1, 64)] = 1,
    keep: Annotated[bool, take.option("keep_stories", "--keep")] = False,
    charts: Charts = None,
    json_: take.AsJson = False,
) -> None:
    """Play an experiment, or go on with it, and say what it shows.

    Every finished play is kept; the same command goes on where it was stopped.
    """
    screen: Screen = ctx.obj.screen
    plan, premises = read_plan(file)
    settings = settings_for_plays(settings_for(ctx.obj, model=model), plan)

    async def work(application: tta.Application) -> None:
        with progress_of(screen, "plays") as progress:
            running = ExperimentRun(
                application=application,
                plan=plan,
                premises=premises,
                progress=progress,
                jobs=jobs,
                keep_stories=keep,
            )
            try:
                await running.begin()
                verdict = await running.run()
            except (KeyboardInterrupt, asyncio.CancelledError, tta.TTAError) as error:
                kept = counted(len(running.plays), "play")
                screen.note(message("experiment_stopped", kept=kept, file=file), "yellow")
                if isinstance(error, tta.TTAError):
                    raise
                raise Interrupted from None
        _show(screen, running.question, verdict, running.plays, plan.name, charts, json_)

    with_application(ctx.obj, work, settings, tells=True, has_fallback=False)


@app.command()
@on_stories()
async def show(
    here: Here, name: Name, *, charts: Charts = None, json_: take.AsJson = False
) -> None:
    """Show what an experiment has shown so far."""
    record = await _found(here, name)
    question, plays = question_in(record), await here.application.records.plays(record.name)
    verdict = decide(question, plays)
    _show(here.screen, question, verdict, plays, record.name, charts, json_)


@app.command("list")
@on_stories()
async def list_(here: Here, *, json_: take.AsJson = False) -> None:
    """List the experiments."""
    found = await here.application.records.experiments()
    here.screen.answer(found, json_, _show_list)


def _show_list(screen: Screen, found: Sequence[ExperimentRecord]) -> None:
    rows = [(one.name, one.plays, one.created_at.strftime("%Y-%m-%d")) for one in found]
    if rows:
        show_table(screen, ("experiment", "plays", "begun"), rows)
    else:
        screen.say("There are no experiments. Begin one with: tta experiment run FILE")


@app.command()
@on_stories(changes=True)
async def delete(here: Here, name: Name, *, json_: take.AsJson = False) -> None:
    """Remove an experiment with all its plays, for good."""
    record = await _found(here, name)
    await here.application.records.forget(record.name)
    said = f"Removed: {record.name}, {counted(record.plays, 'play')}."
    here.screen.answer(record, json_, lambda screen, _: screen.say(said))


async def _found(here: Here, name: str) -> ExperimentRecord:
    there = await here.application.records.experiments()
    for one in there:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in there) or "none"
    raise NothingThere(f"there is no experiment '{name}'; there are: {known}")


def _show(
    screen: Screen,
    question: Question,
    verdict: Verdict,
    plays: Sequence[PlayRecord],
    name: str,
    charts: Path | None,
    as_json: bool,
) -> None:
    drawn = []
    if charts is not None:
        from tta_rebuild.lab.charts import effects_chart

        drawn = effects_chart(verdict.effects, charts, name)
    means = {variant: means_of(plays, variant) for variant in question.variants}
    if as_json:
        head: dict[str, Any] = {"experiment": name, "design": question.design}
        head |= {"metric": question.metric, "alpha": question.alpha, "variants": means}
        screen.json(head | verdict.as_json() | {"charts": [str(path) for path in drawn]}, indent=1)
        return
    rows = [
        (metric, *(means[variant].get(metric) for variant in question.variants))
        for metric in METRICS
        if any(metric in values for values in means.values())
    ]
    show_table(screen, ("mean", *question.variants), rows)
    screen.say()
    effects = [
        (f"{e.metric}: {e.variant} - {e.baseline}", e.difference, f"{e.low:.4g} to {e.high:.4g}",
         f"{e.level:.4g}", f"{e.p:.2g}", e.premises)
        for e in verdict.effects
    ]  # fmt: skip
    show_table(screen, ("difference", "mean", "interval", "level", "p", "premises"), effects)
    screen.say(f"\nDecided on {question.metric} alone, {question.design} sample.", "dim")
    said = verdict.reason[:1].upper() + verdict.reason[1:]
    screen.say(f"Winner: {verdict.winner}. {said}" if verdict.winner else said, "bold")
    for path in drawn:
        screen.say(f"drawn: {path}", "dim")
