"""Learn ``storyteller/data/premise_situation.txt``, the weights of ``premise_situation``.

    python tools/train_premise_situation.py FILE... > …/storyteller/data/premise_situation.txt
    python tools/train_premise_situation.py --folds FILE...

Those that are learned from: tools/premises/*.jsonl tools/premises/situations/*.jsonl.
A file holds what one writer wrote who had not seen this code: JSON lines ``{"premise": "...",
"situation": ["best", "also fitting"]}``. With ``--folds`` each writer is left out once, and it
tells how often the likeliest situation, and one of the three likeliest, is one that the writer
named, and the same of the half of the premises that it is surest of.

Multinomial logistic regression with an L2 penalty, by accelerated gradient descent (Nesterov).
Needs numpy.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tta_rebuild.storyteller.premise import read_premise
from tta_rebuild.storyteller.premise_situation import BIAS, features_of
from tta_rebuild.storyteller.word_lists import Weights

STEPS, RATE, PENALTY, LEAST_SEEN, LEAST_WEIGHT = 250, 0.5, 6e-4, 2, 0.08
SECOND = 0.3
"""The part of a premise's weight that goes to the further situations that its writer named."""

Row = dict[str, Any]
Example = tuple[dict[str, float], Sequence[str]]


def main() -> None:
    """Print the weights, or what a cross-validation by writers found."""
    writers = [
        [json.loads(line) for line in Path(name).read_text("utf-8").splitlines()]
        for name in sys.argv[1:]
        if name != "--folds"
    ]
    parts = [[example_of(row) for row in rows if row["situation"]] for rows in writers]
    if "--folds" in sys.argv:
        for left in parts:
            _report(left, learned_from([o for p in parts if p is not left for o in p]))
        return
    print("# Made by tools/train_premise_situation.py: a feature, situation:weight in hundredths.")
    for feature, row in sorted(learned_from([o for p in parts for o in p]).items()):
        print(feature, *(f"{one}:{round(100 * weight)}" for one, weight in row.items()), sep="\t")


def example_of(row: Row) -> Example:
    """The features of a premise, and the situations that its writer named."""
    read = read_premise(row["premise"])
    return features_of(read.nameless, read.stated), row["situation"]


def learned_from(examples: Sequence[Example]) -> Weights:
    """The weights that tell the situations apart; small ones are left out."""
    often = Counter(feature for features, _ in examples for feature in features)
    names = sorted(one for one, count in often.items() if count >= LEAST_SEEN)
    labels = sorted({one for _, named in examples for one in named} - {"none"})
    at, column = ({one: i for i, one in enumerate(row)} for row in (names, labels))
    seen = np.zeros((len(examples), len(names)), np.float32)
    wanted = np.zeros((len(examples), len(labels)), np.float32)
    for i, (features, named) in enumerate(examples):
        for feature, value in features.items():
            if feature in at:
                seen[i, at[feature]] = value
        known = [one for one in named if one in column]
        for n, one in enumerate(known):
            share = SECOND / (len(known) - 1) if n else 1 - SECOND * (len(known) > 1)
            wanted[i, column[one]] = share
    used = wanted.sum(1) > 0
    seen, wanted = seen[used], wanted[used]
    weights = np.zeros((len(names), len(labels)), np.float32)
    ahead, bias = weights.copy(), at[BIAS]
    for step in range(STEPS):
        scores = seen @ ahead
        odds = np.exp(scores - scores.max(1, keepdims=True))
        slope = seen.T @ (odds / odds.sum(1, keepdims=True) - wanted) / len(seen)
        penalty = PENALTY * ahead
        penalty[bias] = 0
        new = ahead - RATE * 10 * (slope + penalty)
        ahead = new + step / (step + 3) * (new - weights)
        weights = new
    found = dict[str, dict[str, float]]()
    for i, name in enumerate(names):
        row = {one: float(weights[i, j]) for j, one in enumerate(labels)}
        kept = {k: w for k, w in row.items() if abs(w) >= LEAST_WEIGHT or name == BIAS}
        found |= {name: kept} if kept else {}
    return found


def _report(examples: Sequence[Example], weights: Weights) -> None:
    rows = list[tuple[float, bool, bool]]()
    for features, named in examples:
        scores = Counter[str]()
        for feature, value in features.items():
            for one, weight in weights.get(feature, {}).items():
                scores[one] += weight * value  # type: ignore[assignment]
        odds = {one: np.exp(score) for one, score in scores.items()}
        ranked = sorted(odds, key=lambda one: -odds[one])
        sure = odds[ranked[0]] / sum(odds.values())
        rows.append((sure, ranked[0] in named, bool({*ranked[:3]} & {*named})))
    rows.sort(reverse=True)
    for part in (rows, rows[: len(rows) // 2]):
        first, third = (sum(row[i] for row in part) / len(part) for i in (1, 2))
        print(f"{len(part)}: first {first:.3f}, one of three {third:.3f}, sure {part[-1][0]:.2f}")


if __name__ == "__main__":
    main()
