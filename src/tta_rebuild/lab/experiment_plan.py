"""What an experiment compares, on what, and how it is decided: a TOML file, checked before use.

Read for ``lab.experiment`` by ``cli.experiment``; a mistake is named with the file and the field.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tta_rebuild.core.data_files import (
    MAX_CONFIG_BYTES,
    first_problem,
    parse_json,
    parse_toml,
    read_text,
)
from tta_rebuild.core.errors import RequestRejected, UnreadableFile
from tta_rebuild.core.records import ExperimentRecord
from tta_rebuild.lab.outcomes import METRICS
from tta_rebuild.lab.paired_effects import ALPHA, Design
from tta_rebuild.lab.players import Player
from tta_rebuild.lab.prompt_diff import fingerprint
from tta_rebuild.lab.told_file import PlainPremise, read_rows
from tta_rebuild.lab.verdict import Question
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.settings import Settings
from tta_rebuild.settings_values import LiveExperiment, LiveVariant, model_name

Some = Annotated[int, Field(ge=1, le=10_000)]


class PlayedVariant(BaseModel):
    """What one variant does otherwise; what is empty is as the settings have it.

    ``prompts`` are names of templates and variants of them, ``world`` is an authored world in which
    the embedded storyteller tells instead of the premise's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    prompts: Mapping[str, str] = {}
    model: str = ""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    checks: Literal["", "all", "choices", "off"] = ""
    world: str = ""


class ExperimentPlan(BaseModel):
    """An experiment before anything is played.

    Attributes:
        premises: a file of one JSON object a line (``id``, ``premise``), beside the plan's own.
        sample: so many of the premises, drawn by chance; None is all of them.
        seeds: each premise is played with each, by each of the ``players``.
        turns: of every story; it ends with the last.
        metric: what is decided on.
        alpha: how often, at most, a winner may be named where the variants are equal.
        looks: of a sequential design: how often the plays are judged on the way.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(min_length=1, max_length=80)]
    premises: str
    variants: Mapping[str, PlayedVariant]
    sample: Some | None = None
    seeds: Annotated[tuple[int, ...], Field(min_length=1, max_length=1_000)] = (1,)
    players: Annotated[tuple[Player, ...], Field(min_length=1)] = ("varied",)
    turns: Annotated[int, Field(ge=1, le=1_000)] = 6
    metric: str = "quality"
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = ALPHA
    design: Design = "fixed"
    looks: Annotated[int, Field(ge=2, le=20)] = 4

    @model_validator(mode="after")
    def _can_be_decided(self) -> ExperimentPlan:
        deciding = [name for name, metric in METRICS.items() if metric.better]
        if self.metric not in deciding:
            raise ValueError(f"the metric must be one of {', '.join(deciding)}")
        if len(self.variants) < 2:
            raise ValueError("there must be two variants or more; an empty one is as it is set")
        if len(set(self.seeds)) < len(self.seeds) or len(set(self.players)) < len(self.players):
            raise ValueError("a seed or a player is named twice")
        return self

    def live(self) -> LiveExperiment:
        """The variants as settings, for the application that plays them."""
        variants = {}
        for name, one in self.variants.items():
            values = one.model_dump(exclude={"world"})
            variants[name] = LiveVariant(**{key: v for key, v in values.items() if v is not None})
        return LiveExperiment(name=self.name, variants=variants)


def read_plan(path: Path) -> tuple[ExperimentPlan, list[PlainPremise]]:
    """A plan, and its premises in the order in which they are played. Raises UnreadableFile."""
    data = parse_toml(read_text(path, max_bytes=MAX_CONFIG_BYTES), str(path))
    try:
        plan = ExperimentPlan.model_validate(data)
    except ValidationError as error:
        raise UnreadableFile(f"{path}: {first_problem(error)}") from None
    beside = path.parent / Path(plan.premises).expanduser()
    rows = read_rows([beside], PlainPremise)
    random.Random(plan.name).shuffle(rows)  # a file may be sorted by what matters
    if plan.sample and plan.sample > len(rows):
        raise UnreadableFile(f"{path}: sample is {plan.sample}, and {beside} has {len(rows)}")
    return plan, rows[: plan.sample]


def check_plan(plan: ExperimentPlan, settings: Settings, catalog: PromptCatalog) -> None:
    """Raise before anything is spent: no such model, prompt or world.

    Raises UnreadableFile (model, world) and SettingsError (prompt).
    """
    for name, variant in plan.variants.items():
        catalog.choosing(variant.prompts)
        try:
            if variant.model:
                model_name(variant.model, settings.servers)
            if variant.world:
                from tta_rebuild.storyteller.scene_file import read_world

                read_world(variant.world)
        except (ValueError, RequestRejected) as error:
            raise UnreadableFile(f"the variant '{name}': {error}") from error


def question_of(plan: ExperimentPlan, premises: list[PlainPremise]) -> Question:
    """What is to be decided, without how it is played."""
    return Question(
        variants=tuple(plan.variants),
        premises=tuple(row.id for row in premises),
        plays_each=len(plan.seeds) * len(plan.players),
        metric=plan.metric,
        alpha=plan.alpha,
        design=plan.design,
        looks=plan.looks,
    )


def question_in(record: ExperimentRecord) -> Question:
    """What an experiment that is kept was to decide. Raises UnreadableFile."""
    plan = parse_json(record.plan, f"the plan of '{record.name}'")
    return Question(
        variants=tuple(plan["variants"]),
        premises=tuple(plan["premises"]),
        plays_each=len(plan["seeds"]) * len(plan["players"]),
        metric=plan["metric"],
        alpha=plan["alpha"],
        design=plan["design"],
        looks=plan["looks"],
    )


def described(plan: ExperimentPlan, premises: list[PlainPremise], catalog: PromptCatalog) -> str:
    """The plan as JSON with all that it plays: premises by id, and the prompts that are sent."""
    chosen = {
        name: {
            template[0].id: fingerprint(template[0])
            for template in catalog.choosing(variant.prompts).templates.values()
        }
        for name, variant in plan.variants.items()
    }
    ids = [row.id for row in premises]
    return json.dumps(plan.model_dump() | {"premises": ids, "sent": chosen}, ensure_ascii=False)


def digest_of(plan: str, premises: list[PlainPremise], default_model: str) -> str:
    """Changes with whatever decides what is played: plan, premises, prompts, the default model."""
    texts = [plan, default_model, *(f"{row.id}\n{row.premise}" for row in premises)]
    return blake2b("\0".join(texts).encode(), digest_size=12).hexdigest()
