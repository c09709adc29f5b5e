"""Learn ``safety/data/needs.txt``, the weights of ``safety.needs``.

    python tools/train_needs.py FILE... > …/safety/data/needs.txt
    python tools/train_needs.py --folds FILE...

A file holds what one writer wrote who had not seen this code: JSON lines ``{"text": "...", "need":
"harm" | "danger" | "none"}``, cries of a player's own and innocents that look like them. Such lines
are not kept in the repository. With ``--folds`` each writer is left out once: it learns nothing for
keeps but tells what part of the cries is met at some shares of innocents interrupted.

Logistic regression with an L2 penalty, by accelerated gradient descent (Nesterov). Beside the lines
themselves it learns from some with typing errors, from some put together, a move and a cry, and,
with less weight, from what is plainly a story: premises, choices and sentences of this repository.
Needs numpy.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from tta_rebuild.safety.need_features import Features, features_of

LEAST_SEEN, MOST_WEIGHTS, COMPOSED, STEPS = 2, 40_000, 1_000, 400
SHARES = {"certain": 0.005, "likely": 0.03, "possible": 0.10}
"""Level → the share of innocents, of writers left out, that reach it."""
CRIES_BELOW = 0.015
"""Share of the cries, of writers left out, that are not even ``doubtful``."""
KIND_PENALTY = 0.3
STORY_LINES, STORY_WEIGHT = 1_500, 0.1
ROOT = Path(__file__).parents[1]

Row = dict[str, str]


def main() -> None:
    """Print the weights, or what a cross-validation by writers found."""
    names = [name for name in sys.argv[1:] if name != "--folds"]
    writers = [
        [json.loads(line) for line in Path(n).read_text("utf-8").splitlines()] for n in names
    ]
    story = _story_lines()
    scores = _left_out(writers, story)
    if "--folds" in sys.argv:
        _report(writers, scores)
        return
    cries = np.array([row["need"] != "none" for rows in writers for row in rows])
    every = np.concatenate(scores)
    begins = {level: _threshold(every[~cries], share) for level, share in SHARES.items()}
    begins["doubtful"] = min(float(np.quantile(every[cries], CRIES_BELOW)), begins["possible"])
    print(
        "# Made by tools/train_needs.py, in hundredths: the levels' least scores; feature, weight"
    )
    print("# for a cry, weight for danger rather than harm.")
    for level, least in sorted(begins.items(), key=lambda item: item[1]):
        print(level, round(100 * least), sep="\t")
    for feature, (cry, danger) in sorted(
        _learned([r for rows in writers for r in rows], story).items()
    ):
        print(feature, round(100 * cry), round(100 * danger), sep="\t")


def _left_out(writers: Sequence[Sequence[Row]], story: Sequence[str]) -> list[Any]:
    """The scores of each writer's rows by the weights of the others."""
    found = []
    for left in writers:
        weights = _learned([r for rows in writers if rows is not left for r in rows], story)
        found.append(np.array([_score(weights, features_of(row["text"])) for row in left]))
    return found


def _score(weights: dict[str, tuple[float, float]], features: Features) -> float:
    sums = (sum(weights[f][0] for f in g if f in weights) / max(1, len(g)) ** 0.5 for g in features)
    return weights["bias.cry"][0] + sum(sums)


def _report(writers: Sequence[Sequence[Row]], scores: Sequence[Any]) -> None:
    cries = [np.array([row["need"] != "none" for row in rows]) for rows in writers]
    for number, (is_cry, score) in enumerate(zip(cries, scores, strict=True), 1):
        met = (
            np.mean(score[is_cry] > _threshold(score[~is_cry], s)) for s in (0.01, 0.03, 0.1, 0.2)
        )
        print(
            f"writer {number}: cries met at 1, 3, 10, 20 % of innocents:",
            *(f"{m:.3f}" for m in met),
        )
    is_cry, score = np.concatenate(cries), np.concatenate(scores)
    met = (np.mean(score[is_cry] > _threshold(score[~is_cry], s)) for s in (0.01, 0.03, 0.1, 0.2))
    print("one threshold for all:", *(f"{m:.3f}" for m in met))
    least = np.quantile(score[is_cry], CRIES_BELOW)
    print(f"doubtful: {np.mean(score[~is_cry] >= least):.3f} of the innocents")


def _threshold(innocent: Any, share: float) -> float:
    return float(np.sort(innocent)[::-1][int(share * len(innocent))])


def _learned(rows: Sequence[Row], story: Sequence[str]) -> dict[str, tuple[float, float]]:
    rows = [*rows, *_composed(rows), *_with_errors(rows)]
    own = len(rows)
    rows = [*rows, *({"text": text, "need": "none"} for text in story)]
    weigh = np.where(np.arange(len(rows)) < own, 1.0, STORY_WEIGHT)
    lines = [features_of(row["text"]) for row in rows]
    cry = np.array([row["need"] != "none" for row in rows])
    danger = np.array([row["need"] == "danger" for row in rows])
    needy = [line for line, is_cry in zip(lines, cry, strict=True) if is_cry]
    first, bias = _regression(lines, cry, weigh, MOST_WEIGHTS, 1.0)
    second, other = _regression(needy, danger[cry], weigh[cry], MOST_WEIGHTS // 4, KIND_PENALTY)
    both = {name: (first.get(name, 0.0), second.get(name, 0.0)) for name in {*first, *second}}
    return both | {"bias.cry": (bias, 0.0), "bias.danger": (other, 0.0)}


def _story_lines() -> list[str]:
    """Premises, and choices and sentences of plots and worlds, half of them told by "I"."""
    premises = ROOT.joinpath("tools", "premises").glob("*.jsonl")
    found = [
        json.loads(r)["premise"]
        for f in sorted(premises)
        for r in f.read_text("utf-8").split("\n")
        if r
    ]
    texts = sorted(ROOT.glob("src/tta_rebuild/storyteller/[pw]*/*.yaml"))
    text = " ".join(" ".join(file.read_text("utf-8").split()) for file in texts)
    random = Random(2)
    for pattern in (r'do: "([^"]+)"', r"(?<=[.!?\u201d] )[A-Z][^.!?()]{20,160}[.!?]"):
        for line in random.sample(sorted(set(re.findall(pattern, text))), STORY_LINES):
            line = re.sub(r"{(\w+?)[\d_]*\w*}", r"the \1", line)
            is_told = random.random() < 0.5
            found.append(_by_me(line) if is_told else line)
    return found


def _by_me(line: str) -> str:
    if not re.search(r"\byou\b", line, re.IGNORECASE):
        return f"I {line[0].lower()}{line[1:]}"
    for you, me in (("you are", "I am"), ("you\u2019re", "I'm"), ("your", "my"), ("you", "I")):
        line = re.sub(rf"\b{you}\b", me, line, flags=re.IGNORECASE)
    return line


def _composed(rows: Sequence[Row]) -> Iterable[Row]:
    """A short innocent line before or after a cry, and two innocent lines."""
    random = Random(0)
    innocent = [row for row in rows if row["need"] == "none"]
    short = [row for row in innocent if len(row["text"].split()) <= 12]
    cries = [row for row in rows if row["need"] != "none"]
    for _ in range(COMPOSED):
        cry = random.choice(cries)
        for one, other in ((random.choice(short), cry), random.sample(innocent, 2)):
            parts = [one["text"].rstrip("."), other["text"]]
            if random.random() < 0.3:
                parts.reverse()
            yield {
                "text": random.choice((". ", " ", ", ", "\n")).join(parts),
                "need": other["need"],
            }


def _with_errors(rows: Sequence[Row]) -> Iterable[Row]:
    """The same lines as hurried fingers type them."""
    random = Random(1)
    for row in rows:
        letters = list(row["text"])
        for _ in range(max(1, len(letters) // 18)):
            at, kind = random.randrange(max(1, len(letters) - 1)), random.random()
            if kind < 0.4 and len(letters) > 1:
                letters[at], letters[at + 1] = letters[at + 1], letters[at]
            else:
                letters[at] = "" if kind < 0.7 else letters[at] * 2
        text = "".join(letters)
        yield {**row, "text": text.lower() if random.random() < 0.5 else text}


def _regression(
    lines: Sequence[Features], is_so: Any, weigh: Any, most: int, penalty: float
) -> tuple[dict[str, float], float]:
    """The weights of features, without those that matter least, and the bias."""
    seen = Counter(feature for line in lines for group in line for feature in group)
    names = sorted(name for name, count in seen.items() if count >= LEAST_SEEN)
    place = {name: at for at, name in enumerate(names)}
    rarity = np.log(len(lines) / np.array([seen[name] for name in names]))
    rows, columns, values = [], [], []
    for number, line in enumerate(lines):
        for group in line:
            known = [place[feature] for feature in group if feature in place]
            rows += [number] * len(known)
            columns += known
            values += [1 / max(1, len(group)) ** 0.5] * len(known)
    at, of = np.array(rows), np.array(columns)
    value = np.array(values) * rarity[of]
    weights, bias = _descended(at, of, value, np.where(is_so, 1.0, -1.0), weigh, penalty)
    matters = np.abs(weights) * np.sqrt(np.bincount(of, value**2, len(names)))
    kept = np.argsort(-matters)[:most]
    return {names[k]: float(weights[k] * rarity[k]) for k in kept}, bias


def _descended(
    at: Any, of: Any, value: Any, sign: Any, weigh: Any, penalty: float
) -> tuple[Any, float]:
    count, size = len(sign), int(of.max()) + 1
    probe = np.ones(size)
    for _ in range(12):  # the greatest curvature, by power iteration
        probe = np.bincount(of, value * np.bincount(at, value * probe[of], count)[at], size)
        largest = float(np.linalg.norm(probe))
        probe /= largest
    step = 1 / (0.25 * (largest + count) + penalty)
    weights = ahead = np.zeros(size + 1)
    speed = 1.0
    for _ in range(STEPS):
        margin = sign * (np.bincount(at, value * ahead[of], count) + ahead[-1])
        pull = -sign * weigh / (1 + np.exp(margin))
        slope = np.append(
            np.bincount(of, value * pull[at], size) + penalty * ahead[:-1], pull.sum()
        )
        after, faster = ahead - step * slope, (1 + (1 + 4 * speed**2) ** 0.5) / 2
        ahead, weights, speed = after + (speed - 1) / faster * (after - weights), after, faster
    return weights[:-1], float(weights[-1])


if __name__ == "__main__":
    main()
