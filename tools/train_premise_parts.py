"""Learn ``storyteller/data/premise_parts.txt``, the weights of ``premise_parts``.

    python tools/train_premise_parts.py FILE... > …/storyteller/data/premise_parts.txt
    python tools/train_premise_parts.py --folds FILE...

Those that are learned from: tools/premises/parts/*.jsonl.
A file holds what one writer wrote and one reader said of it who had not seen this code: JSON lines
``{"premise": "...", "people": [[mention, state, tie, [part, ...]], ...]}``. With ``--folds`` each
file is left out once, and it tells of each part how often it is said, and precision and recall at
one half, the average precision, and of the premises of which some but not all people have the part
how often the one ranked first has it (and how often one at random would).

Logistic regressions with an L2 penalty, by AdaGrad (Duchi et al. 2011). Needs numpy.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tta_rebuild.storyteller.noun_phrases import tokens_of, without_s
from tta_rebuild.storyteller.premise import people_of
from tta_rebuild.storyteller.premise_parts import PARTS, features_of
from tta_rebuild.storyteller.word_lists import Weights

EPOCHS, BATCH, RATE, PENALTY, LEAST_SEEN, LEAST_WEIGHT = 20, 64, 0.1, 1e-3, 3, 0.05
Example = tuple[Mapping[str, float], frozenset[str]]
Scored = tuple[np.ndarray, frozenset[str]]


def main() -> None:
    """Print the weights, or what a cross-validation by files found."""
    names = [name for name in sys.argv[1:] if name != "--folds"]
    rows = [list(map(json.loads, Path(name).read_text("utf-8").splitlines())) for name in names]
    premises = [[list(examples_of(row)) for row in part] for part in rows]
    files = [[one for people in part for one in people] for part in premises]
    if "--folds" in sys.argv:
        told = list[list[Scored]]()
        for number, left in enumerate(premises):
            others = [one for part in (*files[:number], *files[number + 1 :]) for one in part]
            weights = learned_from(others)
            told += [[(_scores(weights, seen), parts) for seen, parts in row] for row in left]
        _report(told)
        return
    print("# Made by tools/train_premise_parts.py: a feature, part:weight in hundredths.")
    for feature, row in sorted(learned_from([o for p in files for o in p]).items()):
        print(feature, *(f"{one}:{round(100 * weight)}" for one, weight in row.items()), sep="\t")


def examples_of(row: Mapping[str, Any]) -> Iterator[Example]:
    """The features of everybody whom the reading finds and the reader has told of."""
    people = people_of(row["premise"])
    lows = [without_s(low) for low in people.lows]
    for mention, state, tie, parts in row["people"]:
        said = [without_s(token.lower()) for token in tokens_of(mention)]
        begins = (i for i in range(len(lows)) if lows[i : i + len(said)] == said)
        begin = next(begins, -1)
        span = range(begin, begin + len(said))
        found = (m for m in people.mentions if begin >= 0 and (m.phrase.end - 1) in span)
        for one in list(found)[:1]:
            if one is not people.player:
                yield features_of(people, one), frozenset((state, tie, *parts))


def learned_from(examples: Sequence[Example]) -> Weights:
    """The weights that tell the parts; small ones are left out."""
    often = Counter(feature for features, _ in examples for feature in features)
    names = sorted(one for one, count in often.items() if count >= LEAST_SEEN)
    at = {one: i for i, one in enumerate(names)}
    seen = np.zeros((len(examples), len(names)), np.float32)
    for i, (features, _) in enumerate(examples):
        for feature, value in features.items():
            if feature in at:
                seen[i, at[feature]] = value
    wanted = np.array([[one in parts for one in PARTS] for _, parts in examples], np.float32)
    weights = np.zeros((len(names), len(PARTS)), np.float32)
    steps = np.full_like(weights, 1e-6)
    order = np.random.default_rng(1)
    for _ in range(EPOCHS):
        for rows in np.array_split(order.permutation(len(seen)), len(seen) // BATCH + 1):
            batch = seen[rows]
            odds = 1 / (1 + np.exp(-(batch @ weights)))
            slope = batch.T @ (odds - wanted[rows]) / len(rows) + PENALTY * weights
            steps += slope * slope
            weights -= RATE * slope / np.sqrt(steps)
    kept = {
        name: {
            part: float(weights[i, j])
            for j, part in enumerate(PARTS)
            if abs(weights[i, j]) >= LEAST_WEIGHT or name == "*"
        }
        for i, name in enumerate(names)
    }
    return {name: row for name, row in kept.items() if row}


def _scores(weights: Weights, features: Mapping[str, float]) -> np.ndarray:
    total = np.zeros(len(PARTS))
    for feature, value in features.items():
        row = weights.get(feature, {})
        total += [value * row.get(part, 0.0) for part in PARTS]
    return total


def _report(premises: Sequence[Sequence[Scored]]) -> None:
    told = [one for people in premises for one in people]
    print(f"{len(told)} people; part: said, precision, recall, average precision; first, at random")
    for j, part in enumerate(PARTS):
        ranked = sorted(((scores[j], part in parts) for scores, parts in told), reverse=True)
        is_so = [[part in parts for _, parts in people] for people in premises]
        mixed = [i for i, row in enumerate(is_so) if any(row) and not all(row)]
        tops = [int(np.argmax([scores[j] for scores, _ in premises[i]])) for i in mixed]
        first = sum(is_so[i][top] for i, top in zip(mixed, tops, strict=True)) / max(1, len(mixed))
        chance = sum(sum(is_so[i]) / len(is_so[i]) for i in mixed) / max(1, len(mixed))
        said = sum(has_it for _, has_it in ranked)
        above = [has_it for score, has_it in ranked if score > 0]
        hits, averaged = 0, 0.0
        for place, (_, has_it) in enumerate(ranked, 1):
            hits += has_it
            averaged += has_it * hits / place
        precision, recall = (sum(above) / max(1, n) for n in (len(above), said))
        print(
            f"{part:10} {said:5} {precision:.2f} {recall:.2f} {averaged / max(1, said):.2f}"
            f"; {first:.2f} {chance:.2f} of {len(mixed)}"
        )


if __name__ == "__main__":
    main()
