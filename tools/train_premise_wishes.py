"""Learn ``storyteller/data/premise_wishes.txt``, the weights of ``premise_ranking``.

    python tools/train_premise_wishes.py > …/storyteller/data/premise_wishes.txt
    python tools/train_premise_wishes.py --folds

From ``tools/premises/wishes``: premises with all that a player may be after, each with the mark
that a reader gave it: 3 what the story is about, 2 a story of it would be one of the premise, 1
beside the point, 0 misread or absurd. With ``--folds`` each file is left out once; it prints how
often the wish ranked first, and those of the first three, have at least a 2, and a 3 is offered,
beside the best that could be and the order without a model.

A logistic regression of the marks, each worth something between 0 and 1, with an L2 penalty, by
AdaGrad (Duchi et al. 2011).
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from tta_rebuild.storyteller.premise import wishes_that_may_be
from tta_rebuild.storyteller.premise_ranking import MOST_OFFERED, PossibleWish, most_likely

EPOCHS, RATE, PENALTY, LEAST_SEEN, LEAST_WEIGHT = 6, 0.04, 1e-3, 4, 0.02
WORTH = (0.0, 0.25, 0.8, 1.0)
"""Of the marks 0 to 3."""
ALWAYS = "always"


class Marked(NamedTuple):
    """A premise's wishes, in the order without a model, and their marks."""

    possible: Sequence[PossibleWish]
    marks: Sequence[int]


def main() -> None:
    """Print the weights, or what a cross-validation by files found."""
    folder = Path(__file__).with_name("premises") / "wishes"
    files = {one.name: read(one) for one in sorted(folder.glob("*.jsonl"))}
    if "--folds" in sys.argv:
        for name, left in files.items():
            others = [e for other, found in files.items() if other != name for e in found]
            print(name, told(left, learned_from(others)))
        return
    print("# Made by tools/train_premise_wishes.py: a feature, good:weight in hundredths.")
    weights = learned_from([e for found in files.values() for e in found])
    for feature, weight in sorted(weights.items()):
        print(f"{feature}\tgood:{round(100 * weight)}")


def read(file: Path) -> list[Marked]:
    """The premises of a file, without the marks of wishes that are no more among the possible."""
    found = []
    for row in map(json.loads, file.read_text("utf-8").splitlines()):
        marks: Mapping[str, int] = row["wishes"]
        possible = [p for p in wishes_that_may_be(row["premise"]) if p.wish in marks]
        if possible:
            found.append(Marked(possible, [marks[p.wish] for p in possible]))
    return found


def learned_from(examples: Sequence[Marked]) -> dict[str, float]:
    """The weights by which a wish's features tell how likely it is to be a good one."""
    often = Counter(f for one in examples for p in one.possible for f in {*p.features})
    rows = [
        ([ALWAYS, *(f for f in p.features if often[f] >= LEAST_SEEN)], WORTH[mark])
        for one in examples
        for p, mark in zip(one.possible, one.marks, strict=True)
    ]
    weights, steps = defaultdict[str, float](float), defaultdict[str, float](lambda: 1e-6)
    random = Random(1)
    for _ in range(EPOCHS):
        random.shuffle(rows)
        for features, worth in rows:
            score = max(-30.0, min(30.0, sum(weights[f] for f in features)))
            odds = 1 / (1 + math.exp(-score))
            for feature in features:
                slope = odds - worth + PENALTY * weights[feature]
                steps[feature] += slope * slope
                weights[feature] -= RATE * slope / math.sqrt(steps[feature])
    return {f: w for f, w in weights.items() if abs(w) >= LEAST_WEIGHT and f != ALWAYS}


def told(examples: Sequence[Marked], weights: Mapping[str, float]) -> str:
    """What is offered with these weights, what was at best possible, and without them."""
    rows = {
        "ranked": [most_likely(one.possible, weights) for one in examples],
        "at best": [
            [p.wish for p, _ in sorted(zip(*one, strict=True), key=lambda pair: -pair[1])]
            for one in examples
        ],
        "before": [[p.wish for p in one.possible] for one in examples],
    }
    said = []
    for name, offered in rows.items():
        marks = [
            [dict(zip((p.wish for p in one.possible), one.marks, strict=True))[w] for w in wishes]
            for one, wishes in zip(examples, offered, strict=True)
        ]
        first = sum(row[0] >= 2 for row in marks)
        good = sum(mark >= 2 for row in marks for mark in row[:MOST_OFFERED])
        wrong = sum(mark == 0 for row in marks for mark in row[:MOST_OFFERED])
        best = sum(3 in row[:MOST_OFFERED] for row in marks)
        said.append(f"{name}: first {first}, of three {good} ({wrong} wrong), a 3 in {best}")
    return f"{len(examples)} premises; {'; '.join(said)}"


if __name__ == "__main__":
    main()
