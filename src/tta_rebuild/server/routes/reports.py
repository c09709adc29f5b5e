"""What there is to play with, and what those who run a server want to know."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path as FilePath
from statistics import median
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

import tta_rebuild as tta
from tta_rebuild.bootstrap.guards import care_policy
from tta_rebuild.bootstrap.overview import models_overview
from tta_rebuild.bootstrap.reached import LIMIT_S, reached
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.usage import Attempt, Grouping
from tta_rebuild.core.workers import WorkerAbout, WorkerSeen
from tta_rebuild.engine.kept_turn import problem_in
from tta_rebuild.engine.turn_runner import RunningTurn
from tta_rebuild.lab import analytics as lab
from tta_rebuild.lab.experiment_plan import question_in
from tta_rebuild.lab.feedback import feedback_report, rated_scenes
from tta_rebuild.lab.outcomes import means_of
from tta_rebuild.lab.verdict import decide
from tta_rebuild.quality.parts import SceneAsked
from tta_rebuild.quality.score import text_quality
from tta_rebuild.server import report_shapes as shapes
from tta_rebuild.server.kept import KeptAnswers
from tta_rebuild.server.problems import MOST_DEFECTS, Problem
from tta_rebuild.server.resources import ID, After, Limit, Served, documented
from tta_rebuild.server.routes.stories import next_after
from tta_rebuild.storyteller.scene_file import packaged, read_world

router = APIRouter(tags=["reports"])
root = APIRouter(tags=["health"])

LATEST = 500
"""Calls of models that the health is told from."""

_AGE = "How old the count may be, seconds; 0 counts anew"
_PARTS = ("groups", "drop_off", "unbegun", "moves", "kinds")

Days = Annotated[int, Query(ge=0, le=36_500, description="Only the last days; 0 is all")]
StoryOf = Annotated[str, Query(pattern=rf"^$|{ID}", description="Only this story, by its id")]


@router.get("/worlds")
async def list_worlds() -> shapes.WorldsOut:
    """The authored worlds of the embedded storyteller."""
    worlds = await asyncio.to_thread(_worlds)
    return shapes.WorldsOut(worlds=worlds)


def _worlds() -> list[shapes.WorldOut]:
    return [
        shapes.WorldOut(
            world=name,
            title=world.title,
            about=world.about,
            scenes=len(world.scenes),
            endings=sum(1 for scene in world.scenes if scene.ending),
        )
        for name, world in ((name, read_world(name)) for name in packaged("worlds"))
    ]


@router.get("/help-lines")
async def list_help_lines(served: Served) -> shapes.HelpLinesOut:
    """Whom a player in need can reach; the note that a turn pauses with names some of them."""
    return shapes.HelpLinesOut.model_validate(care_policy(served.application.settings).help_lines)


@router.get("/models")
async def list_models(served: Served) -> shapes.ModelsOut:
    """The models, with prices, quotas and how their latest calls went; none of them is asked."""
    latest = await served.application.ledger.attempts(limit=LATEST)
    lines = models_overview(served.application.settings, latest, at=datetime.now(UTC))
    models = [shapes.ModelOut.model_validate(line) for line in lines]
    languages = packaged_toml("tta_rebuild.engine", "languages")
    return shapes.ModelsOut(
        models=models,
        chain=list(served.application.models),
        languages=languages["iso_639_1"].split(),
        embedded_languages=languages["embedded"].split(),
    )


@router.post("/evaluate")
async def evaluate(wanted: shapes.TextIn) -> shapes.QualityOut:
    """How good a text seems, with the parts of the score."""
    asked = SceneAsked(language=wanted.language)
    found = await asyncio.to_thread(text_quality, wanted.text, asked=asked)
    return shapes.QualityOut.model_validate(found)


@router.get("/feedback", responses=documented(404))
async def get_feedback(
    served: Served,
    by: Literal["model", "version", "variant", "story"] = "model",
    story: StoryOf = "",
    after: After = 0,
    limit: Limit = 50,
) -> shapes.FeedbackOut:
    """The ratings of scenes, and a report of them."""
    if story:
        await served.application.stories.story(story)
    scenes = await rated_scenes(served.application, story)
    page, report = scenes[after : after + limit], feedback_report(scenes, by)
    end = next_after(after, limit, len(scenes))
    return shapes.FeedbackOut(ratings=list(page), report=list(report), next=end)


@router.get("/experiments")
async def list_experiments(served: Served) -> shapes.ExperimentsOut:
    """The experiments."""
    found = await served.application.records.experiments()
    return shapes.ExperimentsOut(
        experiments=[shapes.ExperimentOut.model_validate(one) for one in found]
    )


@router.get("/experiments/{name}", responses=documented(404))
async def get_experiment(
    name: Annotated[str, Path(pattern=ID)], served: Served
) -> shapes.ExperimentInFullOut:
    """What an experiment has shown so far."""
    records = served.application.records
    there = {one.name: one for one in await records.experiments()}
    if (record := there.get(name)) is None:
        known = ", ".join(there) or "none"
        said = f"there is no experiment '{name}'; there are: {known}"
        raise Problem(404, "No such experiment", said, kind="ExperimentNotFound")
    question, plays = question_in(record), await records.plays(name)
    verdict = decide(question, plays).as_json()
    return shapes.ExperimentInFullOut(
        name=record.name,
        created_at=record.created_at,
        plays=record.plays,
        design=question.design,
        metric=question.metric,
        alpha=question.alpha,
        variants={one: dict(means_of(plays, one)) for one in question.variants},
        **verdict,
    )


@router.get("/analytics")
async def get_analytics(
    request: Request,
    served: Served,
    by: Literal["model", "version", "variant"] = "model",
    days: Days = 0,
    at_most_s: Annotated[int, Query(ge=0, le=86_400, description=_AGE)] = 60,
) -> shapes.AnalyticsOut:
    """How stories are played, counted from their logs; as they were some moments ago."""

    async def count() -> shapes.AnalyticsOut:
        found = (await lab.analytics(served.application, by, since=_since(days))).as_json()
        parts = {name: found.pop(name) for name in _PARTS}
        places = {str(number): count for number, count in found.pop("places").items()}
        now = datetime.now(UTC)
        return shapes.AnalyticsOut(by=by, counted_at=now, total=found, places=places, **parts)

    kept: KeptAnswers = request.app.state.kept
    found: shapes.AnalyticsOut
    found, at = await kept.get((by, days), count, at_most_s=at_most_s)
    return found.model_copy(update={"counted_at": at})


@router.get("/costs", responses=documented(404))
async def get_costs(
    served: Served, by: Grouping = "day", story: StoryOf = "", days: Days = 0
) -> shapes.CostsOut:
    """What the models have cost, and the budgets."""
    application, tracker = served.application, served.application.tracker
    await tracker.flush()
    story_id = (await application.stories.story(story)).story_id if story else None
    lines = await application.ledger.costs(by, story_id=story_id, since=_since(days))
    budgets = [
        shapes.SetBudgetOut(
            scope=budget.scope,
            limit_usd=budget.limit_usd,
            spent_usd=None
            if budget.scope in ("story", "call")
            else await tracker.spent_usd(budget.scope),
        )
        for budget in tracker.budgets
    ]
    return shapes.CostsOut(
        by=by,
        lines=list(lines),
        total_usd=sum(line.cost_usd for line in lines),
        session_usd=await tracker.spent_usd("session"),
        budgets=budgets,
    )


def _since(days: int) -> datetime | None:
    return datetime.now(UTC) - timedelta(days=days) if days else None


@router.get("/health")
async def get_health(request: Request, served: Served) -> shapes.HealthOut:
    """How the server is: turns, sessions, and how the latest calls of models went."""
    state = request.app.state
    hindrance, found, latest = await asyncio.gather(
        served.runner.hindrance(), reached(served), _latest(served.application)
    )
    calls: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in latest:
        calls[f"{attempt.provider}:{attempt.model}"].append(attempt)
    queue = found.queue
    return shapes.HealthOut(
        status=hindrance or "ok",
        reached=dict(found.parts),
        version=tta.__version__,
        models=list(served.application.models),
        turns_running=served.runner.running,
        sessions=len(served.sessions),
        streams=state.streams.open,
        began_at=state.began_at,
        uptime_s=(state.options.clock.wall() - state.began_at).total_seconds(),
        turns=dict(served.runner.ended),
        disk=await asyncio.to_thread(_disk, served.application.settings.data_dir),
        errors=_errors(state.defects, served.runner.failures),
        latest=[_outcomes(model, own) for model, own in calls.items()],
        redis={True: "used", False: "away", None: ""}[found.parts.get("redis")],
        queue=shapes.QueueOut.model_validate(queue) if queue else None,
        workers=[_worker(one) for one in queue.members] if queue else [],
        notices=list(served.application.notices),
    )


async def _latest(application: tta.Application) -> Sequence[Attempt]:
    """The latest calls of models; none where the database does not answer in time."""
    try:
        return await asyncio.wait_for(application.ledger.attempts(limit=LATEST), LIMIT_S)
    except (tta.StoreError, TimeoutError):
        return ()


def _worker(seen: WorkerSeen) -> shapes.WorkerOut:
    about = seen.about or WorkerAbout(name=seen.name)
    return shapes.WorkerOut(
        state=seen.state, seen_at=seen.seen_at, turns=seen.turns, **asdict(about)
    )


def _disk(place: FilePath) -> shapes.DiskOut:
    try:
        found = shutil.disk_usage(place)
    except OSError:
        return shapes.DiskOut(free_bytes=None, total_bytes=None)
    return shapes.DiskOut(free_bytes=found.free, total_bytes=found.total)


def _errors(
    defects: Iterable[tuple[datetime, str, str, str]], failures: Iterable[RunningTurn]
) -> list[shapes.ErrorOut]:
    """The latest of both, newest first."""
    found = [
        shapes.ErrorOut(at=at, what=what, problem=problem, error_id=error_id)
        for at, what, problem, error_id in defects
    ]
    for turn in failures:
        at, what = turn.ended_at or turn.began_at, f"turn {turn.request.kind}"
        found.append(shapes.ErrorOut(at=at, what=what, problem=problem_in(turn)))
    return sorted(found, key=lambda one: one.at, reverse=True)[:MOST_DEFECTS]


def _outcomes(model: str, calls: list[Attempt]) -> shapes.OutcomesOut:
    answered = [one for one in calls if one.outcome == "ok"]
    firsts = [one.first_piece_s for one in answered if one.first_piece_s is not None]
    return shapes.OutcomesOut(
        model=model,
        calls=len(calls),
        outcomes=dict(Counter(one.outcome for one in calls)),
        latency_s=median(one.latency_s for one in answered) if answered else None,
        first_piece_s=median(firsts) if firsts else None,
    )


@root.get("/healthz")
async def is_alive() -> shapes.AliveOut:
    """Whether the process answers."""
    return shapes.AliveOut(status="ok")


@root.get("/readyz", responses={503: {"model": shapes.AliveOut}})
async def is_ready(served: Served, response: Response) -> shapes.AliveOut:
    """Whether turns are taken: not while the server is shutting down, or what it needs is away."""
    if hindrance := await served.runner.hindrance():
        response.status_code = 503
        return shapes.AliveOut(status=hindrance)
    return shapes.AliveOut(status="ok")
