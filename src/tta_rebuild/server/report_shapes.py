"""The shapes of worlds, models, ratings, and of the reports for those who run a server."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from tta_rebuild.core.usage import CostLine
from tta_rebuild.lab.feedback import FeedbackLine, RatedScene
from tta_rebuild.server.base_shapes import Given, Taken


class WorldOut(Given):
    """An authored world of the embedded storyteller."""

    world: str = Field(examples=["lighthouse"])
    title: str
    about: str
    scenes: int
    endings: int


class WorldsOut(Given):
    """The authored worlds."""

    worlds: list[WorldOut]


class HelpLineOut(Given):
    """Somebody whom one can reach; `contact` says how, `web` where that is published."""

    name: str
    contact: str = Field(examples=["call or text 988"])
    web: str


class HelpLinesOut(Given):
    """Whom a player in need can reach in the country that the server is set up for."""

    emergency: str = Field(examples=["112"])
    lines: list[HelpLineOut]
    source: str
    dated: date


class ModelOut(Given):
    """A model as it is set up; `place` is its place in the chain, 0 for none."""

    name: str = Field(examples=["offline"])
    place: int
    tasks: list[str]
    lacks: str = Field(description="What is missing before it can be asked")
    input_usd: float | None = Field(description="Per million tokens; null where not known")
    output_usd: float | None
    rpm: int | None
    tpm: int | None
    rpd: int | None
    calls: int
    failed: int
    latency_s: float
    last_outcome: str


class ModelsOut(Given):
    """The models, those of the chain first."""

    models: list[ModelOut]
    chain: list[str]
    languages: list[str] = Field(description="Codes (ISO 639-1) that a model may be asked for")
    embedded_languages: list[str] = Field(description="Those of the embedded storyteller")


class TextIn(Taken):
    """A text to be scored."""

    text: str = Field(min_length=1, max_length=20_000, examples=["The lamp went out. Mara waited."])
    language: str = Field("en", max_length=20)


class QualityPartOut(Given):
    """A part of the score: its value in [0, 1] (null: not measured), and what it can take."""

    name: str
    value: float | None
    takes: float
    reason: str


class QualityOut(Given):
    """How good a text seems, in [0, 1], and the interval in which a reader's mark may lie."""

    score: float
    low: float
    high: float
    at_most: float
    parts: list[QualityPartOut]
    reasons: list[str]


class RatingIn(Taken):
    """What one thinks of a scene; turn 0 is the last."""

    rating: int = Field(ge=1, le=5, examples=[4])
    comment: str = Field("", max_length=2_000)
    turn: int = Field(0, ge=0, le=10**9)


class RatingOut(Given):
    """A rating as it is kept."""

    story_id: str
    branch_id: str
    turn: int
    rating: int
    comment: str
    at: datetime


class RatingsOut(Given):
    """The ratings of the scenes of a branch, by turn."""

    ratings: list[RatingOut]


class FeedbackOut(Given):
    """The ratings (a page of them), and the report over all."""

    ratings: list[RatedScene]
    report: list[FeedbackLine]
    next: int | None


class ExperimentOut(Given):
    """An experiment in the list."""

    name: str
    created_at: datetime
    plays: int


class ExperimentsOut(Given):
    """The experiments, in the order in which they were begun."""

    experiments: list[ExperimentOut]


class ExperimentInFullOut(ExperimentOut):
    """What an experiment has shown so far."""

    design: str
    metric: str
    alpha: float
    variants: dict[str, dict[str, float]] = Field(description="Means by variant")
    winner: str
    reason: str
    is_final: bool
    look: int
    looks: int
    premises: int
    effects: list[dict[str, Any]]


class AnalyticsOut(Given):
    """How stories are played, counted on this machine; as of `counted_at`."""

    counted_at: datetime
    by: str
    total: dict[str, Any]
    groups: list[dict[str, Any]]
    drop_off: list[dict[str, Any]]
    unbegun: int
    moves: dict[str, int]
    places: dict[str, int]
    kinds: dict[str, int]


class SetBudgetOut(Given):
    """A budget that is set, and what of it is spent or held."""

    scope: str
    limit_usd: float
    spent_usd: float | None


class CostsOut(Given):
    """What the models have cost."""

    by: str
    lines: list[CostLine]
    total_usd: float
    session_usd: float
    budgets: list[SetBudgetOut]


class OutcomesOut(Given):
    """The latest calls of one model, by what came of them."""

    model: str
    calls: int
    outcomes: dict[str, int]
    latency_s: float | None = Field(description="Median of those that answered")
    first_piece_s: float | None


class DiskOut(Given):
    """The disk on which the stories are, in bytes; null where the system does not say."""

    free_bytes: int | None
    total_bytes: int | None


class ErrorOut(Given):
    """Something that failed, newest first: a turn, or a request that met a defect.

    The server's log has more of a defect, under its `error_id`.
    """

    at: datetime
    what: str = Field(examples=["turn choose"])
    problem: str = Field(examples=["ModelUnavailable"])
    error_id: str = ""


class QueueOut(Given):
    """Turns on their way to workers; null is not known, since Temporal or the database is away."""

    workers: int | None = Field(description="That take turns")
    running: int | None = Field(description="Turns that are not over, of all servers")
    waiting: int | None = Field(description="Turns that no worker has begun yet")
    longest_s: float | None = Field(description="How long the oldest of them waits")


class WorkerOut(Given):
    """A worker, as the database knows it."""

    name: str = Field(examples=["stories-3-4711-5f2c81aa"])
    state: Literal["alive", "silent", "ending", "ended", "gone"] = Field(
        description="silent: connected, and not heard of; ending: takes no more turns; gone: killed"
    )
    version: str = Field(description="The program's; empty: of an earlier one")
    deployment: str
    build: str
    seen_at: datetime | None
    turns: int = Field(description="That it tells now")
    most_turns: int
    namespace: str = Field(description="Of Temporal; empty: of an earlier program")
    queue: str = Field(description="Of which it takes turns; empty: of an earlier program")


class HealthOut(Given):
    """How the server is."""

    status: str = Field(
        description="ok, or why no turn is played, in the words of /readyz: draining, no Temporal, "
        "no database, no worker",
        examples=["ok"],
    )
    reached: dict[str, bool] = Field(
        description="Whether the database, Temporal and Redis answer, as far as they are set up",
        examples=[{"database": True, "temporal": True, "redis": False}],
    )
    version: str
    models: list[str]
    turns_running: int
    sessions: int
    streams: int
    began_at: datetime
    uptime_s: float
    turns: dict[str, int] = Field(description="Turns that ended since the start, by outcome")
    disk: DiskOut
    errors: list[ErrorOut]
    latest: list[OutcomesOut]
    redis: str = Field(
        description="What workers share: used, away (each keeps to its share), or empty: nothing"
    )
    queue: QueueOut | None = Field(
        description="Turns on their way to workers; null: the server plays them itself"
    )
    workers: list[WorkerOut] = Field(
        description="Those that live, and those that ended in the last ten minutes"
    )
    notices: list[str]


class AliveOut(Given):
    """Whether the process answers, or takes turns."""

    status: str = Field(examples=["ok"])
