"""Do experiments name a winner where there is one, and none where there is none?

Called by ``cli.eval``. Premises are played several times over by the embedded storyteller; from
these plays many experiments are made whose answer is known: of two variants that are the same, and
of two of which one was lifted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import pstdev

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core.records import PlayRecord
from tta_rebuild.lab.experiment import PlannedPlay, play_planned
from tta_rebuild.lab.experiment_plan import ExperimentPlan, PlayedVariant
from tta_rebuild.lab.measures import EvalRow, Share, UnreadCounts
from tta_rebuild.lab.paired_effects import Design
from tta_rebuild.lab.told_file import PlainPremise
from tta_rebuild.lab.verdict import Question, decide

SEEDS = 4
"""Plays of each premise, by another seed each."""

TURNS = 4
METRICS_TRIED = ("quality", "quality.sentence_variety", "quality.lexical_diversity")
LIFT = 1.0
"""What is planted, in standard deviations of what plays of one premise differ by."""


@dataclass(slots=True, kw_only=True)
class TrialCounts(UnreadCounts):
    """Counts over simulated experiments, named as in JSON.

    Attributes:
        trials: experiments of each kind: two equal variants, one lifted; fixed, sequential.
        false_fixed, false_sequential: winners named where the variants are equal.
        found_fixed, found_sequential: the lifted variant named.
        played_sequential: premises until a sequential design had found it, of ``could_play``.
    """

    premises: int = 0
    plays: int = 0
    trials: int = 0
    false_fixed: int = 0
    false_sequential: int = 0
    found_fixed: int = 0
    found_sequential: int = 0
    played_sequential: int = 0
    could_play: int = 0

    def shares(self) -> list[Share]:
        """What the counts say, in the order in which they are shown."""
        lines = (
            ("false_fixed", "equal variants with a winner, fixed sample", False),
            ("false_sequential", "equal variants with a winner, sequential", False),
            ("found_fixed", "planted difference found, fixed sample", True),
            ("found_sequential", "planted difference found, sequential", True),
        )
        played = Share("played_sequential", "premises that a sequential sample took",
                       self.played_sequential, self.could_play, False)  # fmt: skip
        shares = [Share(n, says, getattr(self, n), self.trials, more) for n, says, more in lines]
        return [*shares, played]


async def eval_experiments(
    application: Application,
    premises: Sequence[PlainPremise],
    trials: int,
    counts: TrialCounts,
    *,
    progress: Callable[[str], None],
) -> None:
    """Play the premises, then judge ``trials`` experiments of each kind, into ``counts``."""
    same = {"a": PlayedVariant(), "b": PlayedVariant()}
    plan = ExperimentPlan(name="trials", premises="", variants=same, turns=TURNS)
    pool: dict[str, list[dict[str, float]]] = {}
    for number, row in enumerate(premises, 1):
        progress(f"{row.id}: {number} of {len(premises)}")
        for seed in range(1, SEEDS + 1):
            play = PlannedPlay(variant="a", row=row, seed=seed, player="varied")
            played = await play_planned(application, plan, play)
            pool.setdefault(row.id, []).append(dict(played.outcome))
            counts.plays += 1
        counts.premises += 1
    tried = [name for name in METRICS_TRIED if _spread(pool, name) > 0]
    for trial in range(trials if tried else 0):
        metric = tried[trial % len(tried)]
        _judge(pool, metric, trial, counts)
        counts.trials += 1
        if trial % 20 == 19:
            progress(f"{trial + 1} of {trials} experiments")


def _spread(pool: dict[str, list[dict[str, float]]], metric: str) -> float:
    gaps = [one[metric] - own[0][metric] for own in pool.values() for one in own[1:]]
    return pstdev(gaps) if gaps else 0.0


def _judge(
    pool: dict[str, list[dict[str, float]]], metric: str, trial: int, counts: TrialCounts
) -> None:
    chance = random.Random(trial)
    pairs = {premise: chance.sample(own, 2) for premise, own in pool.items()}
    lift = LIFT * _spread(pool, metric)
    designs: tuple[Design, ...] = ("fixed", "sequential")
    for design in designs:
        question = Question(
            variants=("a", "b"),
            premises=tuple(chance.sample([*pairs], len(pairs))),
            plays_each=1,
            metric=metric,
            design=design,
        )
        equal = decide(question, _plays(pairs, metric, 0.0))
        lifted = decide(question, _plays(pairs, metric, lift))
        if equal.winner:
            name = f"false_{design}"
            setattr(counts, name, getattr(counts, name) + 1)
            counts.rows.append(_row(trial, name, metric, equal.reason))
        name = f"found_{design}"
        is_found = lifted.winner == "b"
        setattr(counts, name, getattr(counts, name) + is_found)
        if not is_found:
            counts.rows.append(_row(trial, f"not {name}", metric, lifted.reason))
        if design == "sequential":
            counts.played_sequential += lifted.premises
            counts.could_play += len(pairs)


def _row(trial: int, kind: str, metric: str, reason: str) -> EvalRow:
    return EvalRow(story=f"trial {trial + 1}", kind=kind, text=metric, reason=reason)


def _plays(pairs: dict[str, list[dict[str, float]]], metric: str, lift: float) -> list[PlayRecord]:
    now = datetime.now(UTC)
    return [
        PlayRecord(variant=variant, premise=premise, seed=1, player="varied", at=now,
                   outcome={metric: outcome[metric] + (lift if variant == "b" else 0.0)})
        for premise, both in pairs.items()
        for variant, outcome in zip("ab", both, strict=True)
    ]  # fmt: skip
