"""The judge of branch sentences: does this contradict what was told? A score, not a proof.

For stories that nobody declared facts for: ``score(timeline, branch)`` weighs everyday knowledge
(``everyday``) with a few hundred fitted weights (``data/judge_weights.json``, fitted by
``benchmarks.fit_judge``). The checker's findings are arithmetic and stand by themselves; this is
for what arithmetic does not see, and is wrong more often: see the figures of ``SET=canon``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tta_rebuild.canon.everyday import Everyday, Heard, everyday

_TURNS = frozenset(["not", "never", "no", "without", "hardly", "nothing"])
_REACH = 4  # words that a denial turns round
_STATING = frozenset(["be", "know", "not_be", "not_know"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the judge thinks of a branch sentence.

    Attributes:
        score: in (0, 1); higher is more contradictory. Not a probability.
        flag: whether it is high enough to say so (about one false alarm in fifteen).
        evidence: index of the sentence of the timeline that it most likely contradicts.
        reasons: names of the features that weighed most, strongest first.
    """

    score: float
    flag: bool
    evidence: int
    reasons: tuple[str, ...] = ()


def tone_words(heard: Heard) -> list[tuple[str, int]]:
    """Words with +1, or -1 where a denial stands shortly before them."""
    found = []
    turn = 0
    for word in heard.words:
        if word in _TURNS:
            turn = _REACH
            continue
        found.append((word, -1 if turn > 0 else 1))
        turn -= 1
    return found


def place_weight(at: int) -> float:
    """How much a sentence counts for the tone of a story: later ones more."""
    return 0.5 + 0.25 * at


def is_statement(branch: Heard) -> bool:
    """Whether it says how things are rather than what somebody does next."""
    return bool(branch.deeds) and {kind for kind, _ in branch.deeds} <= _STATING


class Judge:
    """Scores branches by weights.

    Args:
        weights: ``pairs`` (feature → weight), ``told`` and ``said`` (word → tone in the story and
            in the branch), ``act_at`` and ``tone_at`` (from which strength on it flags).
        knowledge: the features.
    """

    def __init__(self, weights: Mapping[str, Any], knowledge: Everyday | None = None) -> None:
        self._pairs: Mapping[str, float] = weights["pairs"]
        self._told: Mapping[str, float] = weights["told"]
        self._said: Mapping[str, float] = weights["said"]
        self._act_at = float(weights["act_at"])
        self._tone_at = float(weights["tone_at"])
        self._knowledge = knowledge or everyday()

    def score(self, timeline: Sequence[str], branch: str) -> Judgement:
        """Judge one branch sentence (or a few) after a timeline of sentences, in order."""
        if not timeline or not branch.strip():
            return Judgement(score=0.0, flag=False, evidence=0)
        told = [self._knowledge.hear(s) for s in timeline]
        said = self._knowledge.hear(branch)
        by_sentence = []
        spared = 1.0
        for at in range(len(told)):
            features = self._knowledge.features(told, at, said)
            weighed = {n: v * self._pairs.get(n, 0.0) for n, v in features.items()}
            total = sum(weighed.values())
            by_sentence.append((total, weighed))
            spared *= 1 - _sigmoid(total)
        tone = self._tone(told, said)
        evidence = max(range(len(told)), key=lambda at: by_sentence[at][0])
        deed = _logit(1 - spared)
        stated = is_statement(said)
        if stated and abs(tone) > 0.05:
            evidence = self._toned(told, said)
        weighed = by_sentence[evidence][1]
        # A deed is flagged only where something was given up or ruined and is used all the same:
        # elsewhere the weights know what is odd, but not that it is wrong.
        flag = tone >= self._tone_at or (
            not stated and "gone and used" in weighed and deed >= self._act_at
        )
        reasons = sorted((n for n in weighed if weighed[n] > 0.3), key=lambda n: -weighed[n])
        if tone > 0.2:
            reasons.insert(0, "its tone is against the story's")
        return Judgement(
            score=_sigmoid(2 * tone if stated else deed + 2 * tone),
            flag=flag,
            evidence=evidence,
            reasons=tuple(reasons[:3]),
        )

    def strengths(self, timeline: Sequence[str], branch: str) -> tuple[float | None, float]:
        """What thresholds are set by: the deed's strength (None if never flagged), the tone."""
        told = [self._knowledge.hear(s) for s in timeline]
        said = self._knowledge.hear(branch)
        best, gone, spared = -math.inf, False, 1.0
        for at in range(len(told)):
            features = self._knowledge.features(told, at, said)
            total = sum(v * self._pairs.get(n, 0.0) for n, v in features.items())
            spared *= 1 - _sigmoid(total)
            if total > best:
                best, gone = total, "gone and used" in features
        deed = _logit(1 - spared) if gone and not is_statement(said) else None
        return deed, self._tone(told, said)

    def _tone(self, told: Sequence[Heard], said: Heard) -> float:
        """In (-1, 1); above 0 where the branch's tone goes against the story's."""
        story = sum(place_weight(at) * self._sum(s, self._told) for at, s in enumerate(told))
        return -math.tanh(story) * math.tanh(self._sum(said, self._said))

    def _toned(self, told: Sequence[Heard], said: Heard) -> int:
        against = -math.copysign(1.0, self._sum(said, self._said))
        return max(
            range(len(told)),
            key=lambda at: (
                against * self._sum(told[at], self._told)
                + 0.3 * len(self._knowledge.shared(told[at], said))
                + 0.05 * at
            ),
        )

    def _sum(self, heard: Heard, weights: Mapping[str, float]) -> float:
        return sum(sign * weights.get(word, 0.0) for word, sign in tone_words(heard))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, x))))


def _logit(p: float) -> float:
    p = min(1 - 1e-6, max(1e-6, p))
    return math.log(p / (1 - p))


@cache
def shipped() -> Judge:
    """The judge with the weights that come with the package."""
    text = (files("tta_rebuild.canon") / "data" / "judge_weights.json").read_text("utf-8")
    return Judge(json.loads(text))


def score(timeline: Sequence[str], branch: str) -> Judgement:
    """Judge a branch sentence with the shipped weights; about a millisecond."""
    return shipped().score(timeline, branch)
