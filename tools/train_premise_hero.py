"""Learn ``storyteller/data/premise_hero.txt``, the weights of ``premise_hero``.

    python tools/train_premise_hero.py > …/storyteller/data/premise_hero.txt
    python tools/train_premise_hero.py --folds

From the premises of ``tools/premises``: those of ``w*.jsonl`` and of ``heroes`` say who is played
(``"you": {"name": "", "role": ""}``); those of ``parts`` say of everybody else what part they have,
and so who is left is played, where only one is. With ``--folds`` each file is left out once, and it
tells of how many premises the one ranked first is whoever is played.

A conditional logit with an L2 penalty, by AdaGrad (Duchi et al. 2011).
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from tta_rebuild.storyteller.noun_phrases import tokens_of, without_s
from tta_rebuild.storyteller.premise import spoken_of_in
from tta_rebuild.storyteller.premise_hero import candidates
from tta_rebuild.storyteller.premise_mentions import MINE, Mention, PremiseMentions
from tta_rebuild.storyteller.premise_people import head_of

EPOCHS, RATE, PENALTY, LEAST_SEEN, LEAST_WEIGHT = 12, 0.15, 4e-3, 5, 0.03
Example = tuple[list[list[str]], int]
"""The features of each candidate, and which of them is played."""


def main() -> None:
    """Print the weights, or what a cross-validation by files found."""
    folder = Path(__file__).with_name("premises")
    files = [f for of in ("w*.jsonl", "read/*", "heroes/*", "parts/*") for f in folder.glob(of)]
    parts = {
        f"{one.parent.name}/{one.name}": [e for line in _lines(one) for e in example_of(line)]
        for one in sorted(files)
    }
    if "--folds" in sys.argv:
        for name, left in parts.items():
            others = [e for other, found in parts.items() if other != name for e in found]
            weights = learned_from(others)
            right = sum(_best(weights, rows) == played for rows, played in left)
            hard = [(rows, played) for rows, played in left if len(rows) > 1]
            hit = sum(_best(weights, rows) == played for rows, played in hard)
            print(f"{name}: {right} of {len(left)}; of several {hit} of {len(hard)}")
        return
    print("# Made by tools/train_premise_hero.py: a feature, hero:weight in hundredths.")
    for feature, weight in sorted(learned_from([e for p in parts.values() for e in p]).items()):
        print(f"{feature}\thero:{round(100 * weight)}")


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    yield from map(json.loads, file.read_text("utf-8").splitlines())


def example_of(row: Mapping[str, Any]) -> Iterator[Example]:
    """The candidates of a premise, where it is certain which of them is played."""
    found, told = spoken_of_in(row["premise"])
    rows = candidates(found, told)
    if not rows or found.you_are:
        return
    is_told = "you" in row
    may = list(_told(row["you"], rows)) if is_told else list(_left(row["people"], found, rows))
    if len(may) == 1:
        yield [features for _, features in rows], may[0]


def _told(you: Mapping[str, str], rows: Sequence[tuple[Mention | None, Any]]) -> Iterator[int]:
    """Which candidates are of whoever is said to be played."""
    name = {*you["name"].lower().split()} - {"the", "of"}
    head, best = head_of(you["role"]) if you["role"] else "", -1
    for number, (mention, _) in enumerate(rows):
        if mention and name & {*mention.name.lower().split()}:
            yield number
            return
        is_head = mention and not mention.name and head == mention.phrase.head
        if best < 0 and is_head and mention and mention.phrase.determiner not in MINE:
            best = number
    has_you = rows[-1][0] is None
    if best >= 0 and not name:
        yield best
    elif has_you and not name:
        yield len(rows) - 1


def _left(
    people: Sequence[Sequence[Any]],
    found: PremiseMentions,
    rows: Sequence[tuple[Mention | None, Any]],
) -> Iterator[int]:
    """Which candidates are none of those who are said to be somebody else."""
    lows, taken = [without_s(low) for low in found.lows], set[int]()
    for mention, *_ in people:
        said = [without_s(token.lower()) for token in tokens_of(mention)]
        for begin in range(len(lows)):
            if lows[begin : begin + len(said)] == said:
                taken |= {*range(begin, begin + len(said))}
                break
    if found.is_second:
        is_clear = not {"i", "you", "my", "your"}.isdisjoint(lows)
        left = [m for m, _ in rows if m and m.phrase.end - 1 not in taken]
        if is_clear and not [m for m in left if m.name]:
            yield len(rows) - 1
        elif not is_clear:
            yield from (i for i, (m, _) in enumerate(rows) if m in left and m)
        return
    for number, (mention, _) in enumerate(rows):
        if mention and mention.phrase.end - 1 not in taken:
            yield number


def learned_from(examples: Sequence[Example]) -> dict[str, float]:
    """The weights by which whoever is played is ranked first."""
    often = Counter(f for rows, _ in examples for f in {f for row in rows for f in row})
    order = [
        ([[f for f in row if often[f] >= LEAST_SEEN] for row in rows], played)
        for rows, played in examples
        if len(rows) > 1
    ]
    weights, steps = defaultdict[str, float](float), defaultdict[str, float](lambda: 1e-6)
    random = Random(1)
    for _ in range(EPOCHS):
        random.shuffle(order)
        for rows, played in order:
            scores = [sum(weights[f] for f in row) for row in rows]
            top = max(scores)
            odds = [math.exp(score - top) for score in scores]
            total = sum(odds)
            slopes = defaultdict[str, float](float)
            for number, row in enumerate(rows):
                slope = odds[number] / total - (number == played)
                for feature in row:
                    slopes[feature] += slope
            for feature, slope in slopes.items():
                slope += PENALTY * weights[feature]
                steps[feature] += slope * slope
                weights[feature] -= RATE * slope / math.sqrt(steps[feature])
    return {f: w for f, w in weights.items() if abs(w) >= LEAST_WEIGHT}


def _best(weights: Mapping[str, float], rows: Sequence[Sequence[str]]) -> int:
    scores = [sum(weights.get(f, 0.0) for f in row) for row in rows]
    return max(range(len(rows)), key=scores.__getitem__)


if __name__ == "__main__":
    main()
