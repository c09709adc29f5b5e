"""``tta eval``: measure the engine on told stories and on labelled passages."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import typer

import tta_rebuild as tta
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.exits import FAILED, Interrupted
from tta_rebuild.cli.opening import settings_for
from tta_rebuild.cli.screen import Screen, one_line
from tta_rebuild.core.secret import Secret
from tta_rebuild.lab import boundaries as labelled
from tta_rebuild.lab import told_file
from tta_rebuild.lab.care import CareCounts, eval_care
from tta_rebuild.lab.experiment_trials import TrialCounts, eval_experiments
from tta_rebuild.lab.measures import BoundaryCounts, LevelCounts, ToldCounts, bounds_of, short_of
from tta_rebuild.lab.plays import PlayCounts, eval_plays
from tta_rebuild.lab.premises import PremiseCounts, eval_premises
from tta_rebuild.lab.quality_counts import QualityCounts
from tta_rebuild.lab.sharing import SharingCounts, eval_sharing
from tta_rebuild.lab.told import eval_told
from tta_rebuild.lab.told_provider import NAME, ToldProvider, reading_tasks
from tta_rebuild.lab.voices import VoiceCounts, eval_voices
from tta_rebuild.settings_values import ModelQuota

AnyCounts: TypeAlias = (
    ToldCounts
    | BoundaryCounts
    | PremiseCounts
    | PlayCounts
    | QualityCounts
    | VoiceCounts
    | CareCounts
    | TrialCounts
    | SharingCounts
)

ROWS_SHOWN = 10
"""Rows of each kind without ``--all``."""

app = take.group("Measure the engine on stories that nobody wrote for it.", no_args_is_help=True)

Level = StrEnum("Level", ["none", "low", "medium"])  # typer knows no list of Literals
Checks = Literal["all", "choices", "off"]
Files = Annotated[list[Path], take.argument("files", metavar="FILE...")]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalOptions:
    """What both commands take."""

    model: Annotated[str, take.option("reader", metavar="<provider:model>")] = ""
    fail_under: Annotated[take.Texts, take.repeated("fail_under", "<bound>")] = None
    all_: Annotated[bool, take.option("all", "--all")] = False
    json_: take.AsJson = False


@app.command()
@take.with_options
def told(
    ctx: typer.Context,
    files: Files,
    *,
    checks: Annotated[Checks | None, take.option("checks")] = None,
    jobs: Annotated[int, take.number("jobs", 1, 64)] = 1,
    options: EvalOptions,
) -> None:
    """Play told stories through the engine with their own replies as the model, and count."""
    stories, storyteller, counts = (
        told_file.read_rows(files, told_file.ToldStory),
        ToldProvider(),
        ToldCounts(),
    )
    work = partial(eval_told, storyteller=storyteller, stories=stories, at_once=jobs)
    _evaluate(ctx, work, counts, options, storyteller, checks)


@app.command()
@take.with_options
def boundaries(
    ctx: typer.Context,
    files: Files,
    *,
    level: Annotated[list[Level] | None, take.option("level")] = None,
    options: EvalOptions,
) -> None:
    """Judge labelled passages at each level of their boundary, and count."""
    passages = told_file.read_rows(files, told_file.LabelledPassage)
    for category in labelled.unknown_categories(passages):
        said = f"'{category}' is no category that tta knows: only the word itself is looked for"
        ctx.obj.screen.note(said, "yellow")
    counts = BoundaryCounts(levels={str(one): LevelCounts() for one in level or labelled.LEVELS})
    work = partial(labelled.eval_boundaries, passages=passages)
    _evaluate(ctx, work, counts, options, ToldProvider())


@app.command()
@take.with_options
def care(ctx: typer.Context, files: Files, *, options: EvalOptions) -> None:
    """Look at labelled lines of players: cries for help met, innocent lines interrupted."""
    lines = told_file.read_care_lines(files)
    _evaluate(ctx, partial(eval_care, lines=lines), CareCounts(), options, ToldProvider())


@app.command()
@take.with_options
def sharing(ctx: typer.Context, files: Files, *, options: EvalOptions) -> None:
    """Hold labelled pairs of questions against the rule by which answers are shared, and count."""
    pairs = told_file.read_question_pairs(files)
    work = partial(eval_sharing, pairs=pairs)
    _evaluate(ctx, work, SharingCounts(), replace(options, model=""), ToldProvider())


@app.command()
@take.with_options
def premises(
    ctx: typer.Context,
    files: Files,
    *,
    reads_only: Annotated[bool, take.option("read_only", "--read-only")] = False,
    options: EvalOptions,
) -> None:
    """Read premises and play their moves with the embedded storyteller, and count."""
    rows = told_file.read_rows(files, told_file.ReadPremise)
    work = partial(eval_premises, premises=rows, plays=not reads_only)
    _evaluate(ctx, work, PremiseCounts(), options)


@app.command()
@take.with_options
def plays(ctx: typer.Context, files: Files, *, options: EvalOptions) -> None:
    """Play premises in five ways with the embedded storyteller, and compare the stories."""
    rows = told_file.read_rows(files, told_file.PlainPremise)
    work = partial(eval_plays, premises=rows)
    _evaluate(ctx, work, PlayCounts(), options)


@app.command()
@take.with_options
def quality(
    ctx: typer.Context,
    files: Files,
    *,
    judge: Annotated[int, take.number("judge", 1, 2_000)] = 40,
    samples: Annotated[int, take.number("samples", 1, 12)] = 2,
    judge_only: Annotated[bool, take.option("judge_only", "--judge-only")] = False,
    into: Annotated[Path | None, take.option("into", metavar="<file>")] = None,
    options: EvalOptions,
) -> None:
    """Score told scenes, their damaged twins and marked texts, and compare."""
    from tta_rebuild.cli import eval_quality as shown
    from tta_rebuild.lab import quality as scoring

    material = scoring.Material.of(told_file.read_quality_rows(files))
    if not (material.scenes or material.texts):
        raise take.wrong("FILE", "there is neither a told story nor a marked text in it")
    if judge_only and not options.model:
        raise take.wrong("--judge-only", "without --model there is no judge")
    if judge_only and options.fail_under:
        raise take.wrong("--fail-under", "it bounds the twins, and --judge-only scores none")
    unmatched = material.unmatched()
    if unmatched:
        said = shown.said_of_unmatched(unmatched, len(unmatched) if options.all_ else ROWS_SHOWN)
        if len(unmatched) == len(material.marks):
            raise take.wrong("FILE", f"{said}; a scene's id is story/turn, turns from 1")
        ctx.obj.screen.note(said, "yellow")
    counts = QualityCounts(marks_unmatched=len(unmatched))

    async def work(application: Any, *, counts: Any, progress: Callable[[str], None]) -> None:
        if not judge_only:
            scoring.eval_quality(material, counts, progress=progress)
        if options.model:
            from tta_rebuild.lab.quality_judged import eval_judged

            await eval_judged(
                application, material, counts, at_most=judge, samples=samples, progress=progress
            )

    def show(screen: Screen, counts: Any, options: EvalOptions, *, partly: dict[str, bool]) -> None:
        if into and not partly:
            shown.put_into(into, counts)
        if options.json_:
            screen.json(counts.as_json() | partly, indent=1)
        else:
            shown.show(screen, counts, ROWS_SHOWN if not options.all_ else len(counts.rows))

    _evaluate(ctx, work, counts, options, ToldProvider(), show=show)


@app.command()
@take.with_options
def characters(
    ctx: typer.Context,
    files: Files,
    *,
    situations: Annotated[int, take.number("situations", 0, 10_000)] = 100,
    options: EvalOptions,
) -> None:
    """Swap lines of told stories, look for secrets in wrong places, plant memories; no model."""
    from time import perf_counter

    from tta_rebuild.lab.planted import eval_recall
    from tta_rebuild.lab.situations import eval_situations

    stories, storyteller = told_file.read_rows(files, told_file.ToldStory), ToldProvider()

    async def work(application: Any, *, counts: Any, progress: Callable[[str], None]) -> None:
        await eval_voices(application, storyteller, stories, counts, progress=progress)
        eval_recall(stories, counts, seconds=perf_counter)
        await eval_situations(application, storyteller, situations, counts, progress=progress)

    _evaluate(ctx, work, VoiceCounts(), replace(options, model=""), storyteller)


@app.command()
@take.with_options
def experiments(
    ctx: typer.Context,
    files: Files,
    *,
    simulations: Annotated[int, take.number("simulations", 1, 10_000)] = 200,
    options: EvalOptions,
) -> None:
    """Simulate experiments of which the answer is known, from plays of premises, and count."""
    rows = told_file.read_rows(files, told_file.PlainPremise)
    work = partial(eval_experiments, premises=rows, trials=simulations)
    _evaluate(ctx, work, TrialCounts(), options)


def _evaluate(
    ctx: typer.Context,
    work: Callable[..., Awaitable[None]],
    counts: AnyCounts,
    options: EvalOptions,
    provider: tta.LLMProvider | None = None,
    checks: Checks | None = None,
    *,
    show: Callable[..., None] | None = None,
) -> None:
    """Do the work on stories that are thrown away afterwards, and show what was counted.

    Without a model nobody reads, whatever the ``checks``; with one that fails nobody else does. The
    embedded storyteller tells where there is no provider.
    """
    screen, model = ctx.obj.screen, options.model if provider else "offline"
    show = show or _show
    bounds = bounds_of(options.fail_under or (), counts)

    async def run(scratch: str) -> None:
        settings = settings_for(ctx.obj, model=model)
        own: dict[str, Any] = {
            "data_dir": Path(scratch),
            "database_url": Secret(""),
            "cache": "memory",
            "chain": (),
            "routes": dict.fromkeys(reading_tasks(), model) if model and provider else {},
            "quotas": {**settings.quotas, f"own:{NAME}": ModelQuota(rpm=1_000_000)},
            "checks": (checks or "all") if model and provider else "off",
        }
        settings = settings.model_copy(update=own)
        async with tta.open_application(settings, provider=provider, has_fallback=False) as opened:
            await work(opened, counts=counts, progress=screen.note)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        try:
            asyncio.run(run(scratch))
        except (KeyboardInterrupt, tta.TTAError) as error:
            if counts.readings or any(share.of for share in counts.shares()):
                screen.note("stopped: these figures are partial.", "yellow")
                show(screen, counts, options, partly={"partial": True})
            if isinstance(error, tta.TTAError):
                raise
            raise Interrupted from None
    show(screen, counts, options, partly={})
    short = short_of(bounds, counts.shares())
    for line in short:
        screen.note(f"short: {line}", "red")
    if counts.unread:
        failed = f"{counts.unread} of {counts.readings} readings failed"
        screen.note(f"{failed}: what they should have read was checked by rule only.", "yellow")
    if short or 0 < counts.readings == counts.unread:
        raise typer.Exit(FAILED)


def _show(
    screen: Screen, counts: AnyCounts, options: EvalOptions, *, partly: dict[str, bool]
) -> None:
    if options.json_:
        screen.json(counts.as_json() | partly, indent=1)
        return
    from rich.table import Column, Table

    right = (Column(justify="right"), Column(justify="right"))
    table = Table("", *right, box=None, pad_edge=False, show_header=False)
    for share in counts.shares():
        part = f"{100 * share.count / share.of:.1f} %" if share.of else "-"
        table.add_row(share.says, f"{share.count} of {share.of}", part)
    screen.out.print(table)
    unread = f", {counts.unread} of {counts.readings} readings failed" if counts.unread else ""
    screen.say(f"{counts.calls} calls, ${counts.cost_usd:.4f}{unread}", "bold")
    for kind in dict.fromkeys(row.kind for row in counts.misses()):
        rows = [row for row in counts.misses() if row.kind == kind]
        shown = rows if options.all_ else rows[:ROWS_SHOWN]
        screen.heading(f"{kind} ({len(rows)})")
        for row in shown:
            at = f" turn {row.turn}" if row.turn else ""
            screen.entry(f"{row.story}{at}", f"{one_line(row.text)} -- {one_line(row.reason)}")
        if len(shown) < len(rows):
            screen.say(f"and {len(rows) - len(shown)} more: --all shows them", indent=2)
