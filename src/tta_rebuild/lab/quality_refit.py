"""The parts of the score weighed anew by readers' marks, and judged on what was not weighed.

Says how far the parts could be trusted on prompts or systems that nobody has seen. The shipped
score has fixed weights: this tells whether better ones are to be had. A non-negative regression.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from statistics import fmean

from tta_rebuild.lab.intervals import ranks, spearman
from tta_rebuild.lab.told_file import RatedText
from tta_rebuild.quality import Quality

PARTS = ("form", "soundness", "freshness", "order", "stock", "concreteness", "richness", "variety")
FOLDS, ROUNDS, RIDGE = 4, 30, 0.01
FEWEST = 20
"""Texts of a fold, below which it says nothing."""

Judged = Sequence[tuple[RatedText, Quality]]


def refit_over(
    judged: Judged,
    everything: Judged,
    key: Callable[[RatedText], str],
    *,
    whole: bool = False,
) -> float | None:
    """The rank correlation of weights that were fitted where the key is another.

    Over all folds together if ``whole``, else the mean of them (where each fold is its own kind of
    text); None where the key does not tell the texts apart.
    """
    folds = folds_of([key(text) for text, _ in judged])
    if not folds or len(judged) < FOLDS * FEWEST:
        return None
    guessed, truth, by_fold = list[float](), list[float](), list[float]()
    everything = [one for one in everything if one[0].source in _large(everything)]
    for fold in folds:
        weights = _fitted([one for one in everything if key(one[0]) not in fold])
        held = [one for one in judged if key(one[0]) in fold]
        guess = [_weighed(quality, weights) for _, quality in held]
        marks = [text.score for text, _ in held]
        guessed += guess
        truth += marks
        if len(held) >= FEWEST:
            by_fold.append(spearman(guess, marks))
    if whole:
        return round(spearman(guessed, truth), 4)
    return round(fmean(by_fold), 4) if by_fold else None


def _large(texts: Judged) -> set[str]:
    """The studies of which there is enough to learn from."""
    counts = Counter(text.source for text, _ in texts)
    return {source for source, count in counts.items() if count >= FOLDS * FEWEST}


def folds_of(keys: Sequence[str]) -> list[set[str]]:
    """The keys dealt out in turns, in the order of their names; [] where there is none."""
    known = sorted({key for key in keys if key})
    if len(known) < FOLDS:
        return []
    return [set(known[at::FOLDS]) for at in range(FOLDS)]


def _weighed(quality: Quality, weights: Sequence[float]) -> float:
    return -sum(w * short for w, short in zip(weights, _shortfalls(quality), strict=True))


def _shortfalls(quality: Quality) -> list[float]:
    """What each part leaves to be wished, on the scale on which factors add up."""
    values = {part.name: part.value for part in quality.parts}
    return [
        -math.log(0.3 + 0.7 * (1.0 if (value := values.get(name)) is None else value))
        for name in PARTS
    ]


def _fitted(known: Judged) -> list[float]:
    """Weights of the parts, none below zero, by which shortfalls explain the ranks of each study.

    Coordinate descent; a study counts as the root of its size.
    """
    by_source = defaultdict[str, list[tuple[RatedText, Quality]]](list)
    for one in known:
        by_source[one[0].source].append(one)
    rows, wanted, shares = list[list[float]](), list[float](), list[float]()
    for texts in by_source.values():
        count = len(texts)
        marks = ranks([text.score for text, _ in texts])
        table = [_shortfalls(quality) for _, quality in texts]
        means = [fmean(column) for column in zip(*table, strict=True)]
        rows += [[x - m for x, m in zip(row, means, strict=True)] for row in table]
        wanted += [0.5 - (mark + 0.5) / count for mark in marks]
        shares += [1 / math.sqrt(count)] * count
    weights, left = [0.0] * len(PARTS), wanted
    for _ in range(ROUNDS):
        for at in range(len(PARTS)):
            column = [row[at] for row in rows]
            square = sum(s * x * x for s, x in zip(shares, column, strict=True))
            pull = sum(s * x * y for s, x, y in zip(shares, column, left, strict=True))
            new = max(0.0, (pull + weights[at] * square) / (square + RIDGE))
            left = [y - (new - weights[at]) * x for y, x in zip(left, column, strict=True)]
            weights[at] = new
    return weights
