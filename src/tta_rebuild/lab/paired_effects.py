"""Two variants side by side: the mean difference of their pairs, its interval, and a test of it.

The statistics are scipy's. The unit is the premise: what a premise's seeds and players differ by is
averaged first, since plays of one premise resemble each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from tta_rebuild.core.errors import ExecutionError
from tta_rebuild.core.records import PlayRecord

Design: TypeAlias = Literal["fixed", "sequential"]

RESAMPLES = 4_999
"""Sign flips of the permutation test; all of them are tried where there are no more."""

ALPHA = 0.02
"""How often a winner may be named where there is none. Stricter than the usual 5 %, so that of 200
trials of equal variants more than 5 % name one about three times in a thousand, not every other.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedEffect:
    """By how much ``variant`` lies above ``baseline`` in a metric.

    Attributes:
        pairs, premises: what it rests on; ``premises`` is the n of the interval and the test.
        low, high: the interval of the difference, at the confidence ``level``.
        p: of the two-sided test that pairs are as likely to differ one way as the other.
    """

    metric: str
    baseline: str
    variant: str
    pairs: int
    premises: int
    baseline_mean: float
    variant_mean: float
    difference: float
    low: float
    high: float
    level: float
    p: float

    @property
    def is_clear(self) -> bool:
        """Whether test and interval agree that there is a difference."""
        return self.p < 1 - self.level and not self.low <= 0 <= self.high


def least_premises(alpha: float) -> int:
    """How many premises it takes so that some pattern of signs is rarer than ``alpha``."""
    return next(n for n in range(2, 100) if 2.0 ** (1 - n) < alpha)


def scipy_stats() -> Any:
    """The module of the statistics. Raises ExecutionError: it is not installed."""
    try:
        from scipy import stats
    except ModuleNotFoundError as error:
        raise ExecutionError("experiments need scipy: install tta-rebuild[experiments]") from error
    return stats


def differences(
    baseline: Sequence[PlayRecord], variant: Sequence[PlayRecord], metric: str
) -> tuple[dict[str, float], int]:
    """Premise → mean difference of its pairs, in the order of the first; and how many pairs."""
    others = {play.pair: play for play in variant if metric in play.outcome}
    found: dict[str, list[float]] = defaultdict(list)
    for play in baseline:
        if metric in play.outcome and play.pair in others:
            found[play.premise].append(others[play.pair].outcome[metric] - play.outcome[metric])
    means = {premise: sum(each) / len(each) for premise, each in found.items()}
    return means, sum(map(len, found.values()))


def effect(
    baseline: Sequence[PlayRecord], variant: Sequence[PlayRecord], metric: str, *, alpha: float
) -> PairedEffect | None:
    """The effect on a metric, None where no pair has it; the interval has the level 1 - alpha."""
    by_premise, pairs = differences(baseline, variant, metric)
    if not by_premise:
        return None
    paired = {p.pair for p in baseline} & {p.pair for p in variant}
    means = [
        sum(values) / len(values)
        for plays in (baseline, variant)
        for values in [[p.outcome[metric] for p in plays if p.pair in paired]]
    ]
    low, high, p = interval_and_p([*by_premise.values()], alpha)
    return PairedEffect(
        metric=metric,
        baseline=baseline[0].variant,
        variant=variant[0].variant,
        pairs=pairs,
        premises=len(by_premise),
        baseline_mean=means[0],
        variant_mean=means[1],
        difference=sum(by_premise.values()) / len(by_premise),
        low=low,
        high=high,
        level=1 - alpha,
        p=p,
    )


def interval_and_p(values: Sequence[float], alpha: float) -> tuple[float, float, float]:
    """Student's interval of a mean, and p of the sign-flip test (Fisher's) that it is 0.

    The test is exact whatever the distribution, as long as a pair's members could be exchanged.
    """
    stats = scipy_stats()
    import numpy as np

    given = np.asarray(values, dtype=float)
    middle, count = float(given.mean()), len(given)
    if not given.any():
        return 0.0, 0.0, 1.0
    if count < 2:
        return float("-inf"), float("inf"), 1.0
    tested = stats.permutation_test(
        (given,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(count),
    )
    half = float(stats.t.ppf(1 - alpha / 2, count - 1) * given.std(ddof=1) / count**0.5)
    return middle - half, middle + half, float(tested.pvalue)


def alpha_at(look: int, looks: int, alpha: float, design: Design) -> float:
    """What of ``alpha`` the ``look`` (from 1) may spend; all looks together spend it once.

    Sequential: as the O'Brien-Fleming-like spending function of Lan and DeMets (Biometrika 1983)
    allots it. Each look tests at its own share alone, so that by the union bound the error rate
    holds whatever the looks have in common; that costs a little power and no assumption.
    """
    if design == "fixed":
        return alpha if look == looks else 0.0
    normal = scipy_stats().norm

    def spent(share: float) -> float:
        if share <= 0:
            return 0.0
        return float(2 * normal.sf(normal.isf(alpha / 2) / share**0.5))

    return spent(look / looks) - spent((look - 1) / looks)
