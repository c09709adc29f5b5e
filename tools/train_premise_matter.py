"""Learn ``storyteller/data/premise_matter.txt``, the weights of ``premise_matter``.

    python tools/train_premise_matter.py FILE... > …/storyteller/data/premise_matter.txt
    python tools/train_premise_matter.py --folds FILE...

Those that are learned from: tools/premises/situations/*.jsonl.
A file holds what one writer wrote who had not seen this code: JSON lines ``{"premise": "...",
"matter": "a phrase of it, or nothing"}``. With ``--folds`` each writer is left out once, and it
tells how often the phrase that is ranked first has the noun that the writer named.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from tta_rebuild.storyteller.noun_phrases import noun_phrases, one_of, tokens_of, without_s
from tta_rebuild.storyteller.premise_matter import candidates, nothing_features
from tta_rebuild.storyteller.premise_people import PremisePeople
from tta_rebuild.storyteller.premise_tagger import with_tagged
from tta_rebuild.storyteller.token_tree import TokenTree

EPOCHS, RATE, PENALTY, LEAST_SEEN, LEAST_WEIGHT = 12, 0.1, 2e-4, 2, 0.05
OF = set("of that which who with in on at for from to , and where".split())
Example = tuple[list[tuple[str, ...]], set[int]]


def main() -> None:
    """Print the weights, or what a cross-validation by writers found."""
    writers = [
        [json.loads(line) for line in Path(name).read_text("utf-8").splitlines()]
        for name in sys.argv[1:]
        if name != "--folds"
    ]
    parts = [[one for row in rows if (one := example_of(row))] for rows in writers]
    if "--folds" in sys.argv:
        for left in parts:
            weights = learned_from([one for part in parts if part is not left for one in part])
            hits = Counter(_told(weights, rows) in gold for rows, gold in left)
            print(f"right {hits[True]} of {len(left)}")
        return
    print("# Made by tools/train_premise_matter.py: a feature, its weight in hundredths.")
    for feature, weight in sorted(learned_from([o for p in parts for o in p]).items()):
        print(feature, round(100 * weight), sep="\t")


def example_of(row: Mapping[str, Any]) -> Example | None:
    """The features of all candidates, "nothing" last, and which are right; None if none is."""
    tokens = tokens_of(row["premise"])
    trees = TokenTree.of(row["premise"], tokens)
    phrases = with_tagged(trees, tokens, noun_phrases(tokens))
    people = PremisePeople(tokens, phrases, -1).taken
    found = candidates(tokens, phrases, people)
    features = [one.features for one in found] + [nothing_features(found)]
    if not row["matter"]:
        return features, {len(found)}
    span = tokens_of(row["matter"])
    low = [t.lower() for t in tokens]
    begins = [
        i for i in range(len(low)) if low[i : i + len(span)] == [t.lower() for t in span]
    ] or [0]
    end = next((i for i, t in enumerate(span) if i and t.lower() in OF), len(span))
    head = one_of(without_s(span[end - 1].lower()))
    right = {
        i
        for i, one in enumerate(found)
        if one_of(without_s(tokens[_head_at(one.phrase)].lower())) == head
        and (one.phrase.start >= begins[0] - 1 or True)
    }
    return (features, right) if right else None


def _head_at(phrase: Any) -> int:
    words = [w.lower() for w in phrase.words]
    cut = words.index("of") if "of" in words else len(words)
    return int(
        phrase.end - (len(words) - cut) - (1 if cut else 0) if cut < len(words) else phrase.end - 1
    )


def learned_from(examples: Sequence[Example]) -> dict[str, float]:
    """Log-linear weights by stochastic gradient (AdaGrad), with an L2 penalty."""
    often = Counter(f for rows, _ in examples for f in {f for row in rows for f in row})
    weights, squares = defaultdict[str, float](float), defaultdict[str, float](float)
    order, random = [*examples], Random(1)
    for _ in range(EPOCHS):
        random.shuffle(order)
        for rows, gold in order:
            scores = [sum(weights[f] for f in row if often[f] >= LEAST_SEEN) for row in rows]
            most = max(scores)
            odds = [math.exp(s - most) for s in scores]
            total, mine = sum(odds), sum(odds[i] for i in gold)
            change = Counter[str]()
            for i, row in enumerate(rows):
                wanted = odds[i] / mine if i in gold else 0.0
                for f in row:
                    if often[f] >= LEAST_SEEN:
                        change[f] += wanted - odds[i] / total
            for f, step in change.items():
                step -= PENALTY * weights[f]
                squares[f] += step * step
                weights[f] += RATE * step / math.sqrt(squares[f] + 1e-8)
    return {f: w for f, w in weights.items() if abs(w) >= LEAST_WEIGHT}


def _told(weights: Mapping[str, float], rows: Sequence[Sequence[str]]) -> int:
    scores = [sum(weights.get(f, 0.0) for f in row) for row in rows]
    return max(range(len(rows)), key=lambda i: scores[i])


if __name__ == "__main__":
    main()
