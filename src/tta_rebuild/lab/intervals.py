"""How sure a share or a rank correlation is, for the figures of an evaluation."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import NormalDist, StatisticsError, correlation

LEVEL = 0.95
_Z = NormalDist().inv_cdf((1 + LEVEL) / 2)


def wilson(part: float, of: float) -> tuple[float, float]:
    """Bounds of a share, in [0, 1]. Source: Wilson 1927."""
    if not of:
        return 0.0, 1.0
    share, square = part / of, _Z * _Z / of
    middle = (share + square / 2) / (1 + square)
    half = _Z * math.sqrt(share * (1 - share) / of + square / of / 4) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Rank correlation, equal values sharing a rank; 0 where one side is all the same."""
    try:
        return correlation(ranks(one), ranks(other))
    except StatisticsError:
        return 0.0


def spearman_interval(rho: float, count: int) -> tuple[float, float]:
    """Bounds of a rank correlation of so many pairs. Source: Bonett and Wright 2000."""
    if count < 5:
        return -1.0, 1.0
    z = math.atanh(max(-0.9999, min(0.9999, rho)))
    half = _Z * math.sqrt((1 + rho * rho / 2) / (count - 3))
    return math.tanh(z - half), math.tanh(z + half)


def advantage(
    one: Sequence[float], other: Sequence[float], truth: Sequence[float], *, rounds: int = 300
) -> tuple[float, float]:
    """Bounds of how much better one ranks by the truth than the other does (paired bootstrap)."""
    chance, places = random.Random(0), range(len(truth))
    gains = []
    for _ in range(rounds):
        drawn = chance.choices(places, k=len(truth))
        by = [truth[at] for at in drawn]
        better, worse = ([of[at] for at in drawn] for of in (one, other))
        gains.append(spearman(better, by) - spearman(worse, by))
    gains.sort()
    edge = round((1 - LEVEL) / 2 * rounds)
    return gains[edge], gains[-1 - edge]


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value from 0, equal ones sharing the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found, begin = [0.0] * len(values), 0
    while begin < len(order):
        end = begin
        while end + 1 < len(order) and values[order[end + 1]] == values[order[begin]]:
            end += 1
        for at in order[begin : end + 1]:
            found[at] = (begin + end) / 2
        begin = end + 1
    return found
