"""Learn ``storyteller/data/premise_places.txt``, the weights of ``premise_places``.

    python tools/train_premise_places.py [--folds N] > …/storyteller/data/premise_places.txt

From the premises of ``tools/premises``, written and labelled by hand for this. With ``--folds`` it
learns nothing for keeps but tells how many places are found in the part left out.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from tta_rebuild.storyteller.noun_phrases import noun_phrases, tokens_of
from tta_rebuild.storyteller.premise_places import Weights, features_of, spans_of, tags_of

EPOCHS, LEAST_WEIGHT = 8, 1.2
Example = tuple[list[list[str]], list[str]]
ENDS = set(
    "of behind who that whose in with at on under , whom which called named from to for by near "
    "above upstairs outside inside into than . ; : and or is was has i you he she they".split()
)


def main() -> None:
    """Print the weights, or the scores of a cross-validation."""
    rows = [json.loads(line) for file in _files() for line in file.read_text("utf-8").splitlines()]
    examples = [
        (features_of(t, noun_phrases(t)), _gold(row, t))
        for row in rows
        for t in [tokens_of(row["premise"])]
    ]
    if "--folds" in sys.argv:
        _validate(examples, int(sys.argv[-1]))
        return
    print("# Weights in hundredths, made by tools/train_premise_places.py: feature tag:weight …")
    for feature, weights in sorted(_learned(examples).items()):
        print(feature, *(f"{tag}:{round(100 * weight)}" for tag, weight in weights.items()))


def _files() -> list[Path]:
    return sorted(Path(__file__).with_name("premises").glob("*.jsonl"))


def _learned(examples: Sequence[Example]) -> Weights:
    """An averaged perceptron's weights (Collins 2002), without the small ones."""
    weights, sums = (defaultdict[str, Counter[str]](Counter) for _ in range(2))
    order, random, seen = list(examples), Random(0), 1
    for _ in range(EPOCHS):
        random.shuffle(order)
        for rows, gold in order:
            told = tags_of(rows, weights)
            changes = [*_changes(rows, gold, 1), *_changes(rows, told, -1)] if told != gold else []
            for feature, tag, change in changes:
                weights[feature][tag] += change
                sums[feature][tag] += change * seen
            seen += 1
    mean = {f: {t: w - sums[f][t] / seen for t, w in row.items()} for f, row in weights.items()}
    kept = {f: {t: w for t, w in r.items() if abs(w) >= LEAST_WEIGHT} for f, r in mean.items()}
    return {feature: row for feature, row in kept.items() if row}


def _changes(
    rows: Sequence[Sequence[str]], tags: Sequence[str], change: int
) -> Iterator[tuple[str, str, int]]:
    for before, row, tag in zip(["^", *tags], rows, tags, strict=False):
        for feature in (*row, f"T:{before}"):
            yield feature, tag, change


def _validate(examples: Sequence[Example], folds: int) -> None:
    order, found = [*examples], Counter[str]()
    Random(1).shuffle(order)
    for fold in range(folds):
        weights = _learned([one for at, one in enumerate(order) if at % folds != fold])
        for rows, gold in order[fold::folds]:
            wanted, told = (
                {end for _, end in spans_of(tags)} for tags in (gold, tags_of(rows, weights))
            )
            found.update(wanted=len(wanted), told=len(told), right=len(wanted & told))
    precision, recall = (found["right"] / found[one] for one in ("told", "wanted"))
    print(f"precision {precision:.3f}, recall {recall:.3f} of {found['wanted']}")


def _gold(row: dict[str, Any], tokens: Sequence[str]) -> list[str]:
    """The tags that a row's places say."""
    tags = ["O"] * len(tokens)
    for begin, end in filter(None, (_place_of(phrase, tokens) for phrase in row["places"])):
        tags[begin:end] = ["B", *["I"] * (end - begin - 1)]
    return tags


def _place_of(phrase: str, tokens: Sequence[str]) -> tuple[int, int] | None:
    """Where a phrase stands in a text, up to its noun; None where it does not."""
    wanted, low = ([t.lower().replace("’", "'") for t in ts] for ts in (tokens_of(phrase), tokens))
    for begin in range(len(low) - len(wanted) + 1 if wanted else 0):
        if low[begin : begin + len(wanted)] == wanted:
            end = begin + 1
            while end < begin + len(wanted) and low[end] not in ENDS:
                end += 1
            return begin, end
    return None


if __name__ == "__main__":
    main()
