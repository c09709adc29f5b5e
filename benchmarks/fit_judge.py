"""Fits the weights of ``canon.judge`` on the open half of the human development sets.

``python -m benchmarks.fit_judge`` writes ``data/judge_weights.json``. Logistic regression over
pairs of sentences for what is done (TRIP), a tone lexicon that starts from the hand-written one for
what is stated (PASTA), thresholds set on stories left out (8.5 % false alarms by tone, 5 % by
deeds). The detector never sees an id. Needs the
shared data (``TTA_SHARED_DATA``).
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tta_rebuild.canon.everyday import everyday
from tta_rebuild.canon.judge import Judge, place_weight, tone_words

Item = dict[str, Any]
TONE_ALARMS, ACT_ALARMS = 0.085, 0.05
OUT = Path(__file__).parent.parent / "src/tta_rebuild/canon/data/judge_weights.json"


def home() -> Path:
    """Where the shared data lies."""
    return Path(os.environ.get("TTA_SHARED_DATA", "../shared/data")) / "contradiction"


def items(name: str) -> list[Item]:
    """One set, as rows."""
    text = (home() / f"{name}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def fit_pairs(rows: Sequence[Item], *, strength: float = 5.0) -> dict[str, float]:
    """Weights of the pair features: which earlier sentence does this branch contradict, if any?"""
    known = everyday()
    found: list[dict[str, float]] = []
    truth: list[float] = []
    weight: list[float] = []
    for row in rows:
        told = [known.hear(s) for s in row["timeline"]]
        branch = known.hear(row["branch"])
        for at in range(len(told)):
            bad = row["label"] == "contradiction"
            hit = bad and at in row["evidence"]
            found.append(known.features(told, at, branch))
            truth.append(float(hit))
            weight.append(1.0 if hit or not bad else 0.5)
    counts = Counter(name for features in found for name in features)
    names = sorted(name for name, count in counts.items() if count >= 6)
    place = {name: n for n, name in enumerate(names)}
    x = np.zeros((len(found), len(names)))
    for number, features in enumerate(found):
        for name, value in features.items():
            if name in place:
                x[number, place[name]] = value
    y, w, b = np.array(truth), np.array(weight), np.zeros(len(names))
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ b))
        slope = x.T @ (w * (p - y)) + strength * b
        curve = (x * (w * p * (1 - p))[:, None]).T @ x + strength * np.eye(len(names))
        step = np.linalg.solve(curve, slope)
        b -= step
        if np.abs(step).max() < 1e-6:
            break
    return {name: round(float(b[n]), 4) for n, name in enumerate(names)}


def fit_tone(
    rows: Sequence[Item], *, strength: float = 30.0
) -> tuple[dict[str, float], dict[str, float]]:
    """Tones of words, in the story and in the statement; pulled towards the hand-written ones."""
    known = everyday()
    heard = [
        (
            [tone_words(known.hear(s)) for s in row["timeline"]],
            tone_words(known.hear(row["branch"])),
        )
        for row in rows
    ]
    counts: Counter[str] = Counter()
    for told, said in heard:
        counts.update(word for word, _ in said)
        for sentence in told:
            for word, _ in sentence:
                counts[word] += 0.2  # type: ignore[assignment]
    by_hand = known.tones
    names = sorted(w for w, c in counts.items() if c >= 12 or w in by_hand)
    place = {name: n for n, name in enumerate(names)}
    story = np.zeros((len(rows), len(names)), np.float32)
    branch = np.zeros_like(story)
    for number, (told, said) in enumerate(heard):
        for at, sentence in enumerate(told):
            for word, sign in sentence:
                if word in place:
                    story[number, place[word]] += sign * place_weight(at)
        for word, sign in said:
            if word in place:
                branch[number, place[word]] += sign
    y = np.array([row["label"] == "contradiction" for row in rows], np.float32)
    start = np.array([0.5 * by_hand.get(w, 0.0) for w in names], np.float32)
    a, c = start.copy(), start.copy()
    moments = [np.zeros_like(start) for _ in range(4)]
    for step in range(1, 121):
        p, q = np.tanh(story @ a), np.tanh(branch @ c)
        off = 1 / (1 + np.exp(2 * p * q)) - y
        slopes = (
            story.T @ (off * -2 * q * (1 - p * p)) + strength * (a - start),
            branch.T @ (off * -2 * p * (1 - q * q)) + strength * (c - start),
        )
        for n, (values, slope) in enumerate(zip((a, c), slopes, strict=True)):
            first, second = moments[2 * n], moments[2 * n + 1]
            first[:] = 0.9 * first + 0.1 * slope
            second[:] = 0.99 * second + 0.01 * slope * slope
            scale = np.sqrt(second / (1 - 0.99**step)) + 1e-8
            values -= (0.015 * first / (1 - 0.9**step) / scale).astype(np.float32)

    def kept(values: Any) -> dict[str, float]:
        return {w: round(float(v), 3) for w, v in zip(names, values, strict=True) if abs(v) >= 0.01}

    return kept(a), kept(c)


def fit(acts: Sequence[Item], states: Sequence[Item]) -> dict[str, Any]:
    """All weights; the thresholds are set on stories that weights of halves did not see."""
    tones: list[float] = []
    deeds: list[float] = []
    for (acts_in, acts_out), (states_in, states_out) in zip(
        folds(acts, 2), folds(states, 2), strict=True
    ):
        judge = Judge(_weights(acts_in, states_in))
        for row in states_out:
            if row["label"] == "consistent":
                tones.append(judge.strengths(row["timeline"], row["branch"])[1])
        for row in acts_out:
            if row["label"] == "consistent":
                deed = judge.strengths(row["timeline"], row["branch"])[0]
                deeds.append(-99.0 if deed is None else deed)
    weights = _weights(acts, states)
    weights["tone_at"] = _threshold(tones, TONE_ALARMS)
    weights["act_at"] = _threshold(deeds, ACT_ALARMS)
    return weights


def _weights(acts: Sequence[Item], states: Sequence[Item]) -> dict[str, Any]:
    told, said = fit_tone(states)
    return {"pairs": fit_pairs(acts), "told": told, "said": said, "act_at": 9.0, "tone_at": 9.0}


def _threshold(values: list[float], share: float) -> float:
    values.sort(reverse=True)
    return round(values[int(share * len(values))] + 1e-6, 4) if values else 9.0


def folds(rows: Sequence[Item], count: int) -> Iterator[tuple[list[Item], list[Item]]]:
    """Cross-validation by story group."""
    groups = sorted({row["group"] for row in rows})
    for number in range(count):
        mine = {g for n, g in enumerate(groups) if n % count == number}
        yield [r for r in rows if r["group"] not in mine], [r for r in rows if r["group"] in mine]


def main() -> int:
    """Fit on everything open and write the weights."""
    if not home().is_dir():
        print("the shared data is not here: set TTA_SHARED_DATA", file=sys.stderr)
        return 2
    weights = fit(items("trip"), items("pasta"))
    OUT.write_text(json.dumps(weights, indent=0, sort_keys=True) + "\n", "utf-8")
    print(f"{len(weights['pairs'])} features, {len(weights['told'])} words in stories, "
          f"{len(weights['said'])} in statements → {OUT.name}")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
