"""Which situations a premise may be of, with how likely each is.

Called by ``premise``. Multinomial logistic regression over the cues that a premise has
(``premise_cues``), its own words and word pairs, and the conflict of what the player is after. Its
weights, ``data/premise_situation.txt``, are learned by ``tools/train_premise_situation.py``.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

from tta_rebuild.storyteller.premise_cues import most_weighed, runs_of, weighed
from tta_rebuild.storyteller.word_lists import learned_weights, word_table

BIAS = "*"
CERTAIN = 0.5
"""The probability from which on nobody need be asked."""
SURE = 0.12
"""The least probability that a situation's own plot is told at. Of the premises of writers left out
of the training, two in three above it are of the likeliest situation, of those below one in six."""
SURE_BESIDE = 0.25
"""The same where the premise says what the player is after, whose conflict has a plot as well."""
LIKELY_AT_ALL, CLEARLY = 0.3, 1.7
"""The least probability of a conflict that a premise does not state, or how many times that of the
next it must be."""
_SHARES = 0.65, 0.35
"""How much of a situation speaks for each of the first two conflicts that it may be of."""
LIKELY = 0.06
"""The least probability of a plain conflict; where none has it the question is what is going on."""


def plot_of(likely: Mapping[str, float], stated: str) -> tuple[str, str]:
    """The situation to be told of and its conflict; ("", conflict) where none is sure enough.

    Args:
        likely: situations and plain conflicts with their probabilities, the likeliest first.
        stated: as in ``situations_of``.
    """
    topics = word_table("premise_topics")
    own = {one: topics["situation"][one]["conflicts"].split() for one in topics["situation"]}
    fitting = {one: p for one, p in likely.items() if stated in ("", one, *own.get(one, ()))}
    label = next(iter(fitting), stated)
    least = SURE_BESIDE if stated else SURE
    if label in own and fitting[label] >= least * sum(fitting.values()):
        return label, stated or own[label][0]
    plain = next((one for one, p in likely.items() if one not in own and p >= LIKELY), "understand")
    return "", stated or plain


def undertakings_of(likely: Mapping[str, float]) -> dict[str, float]:
    """Each conflict with how much of what a premise may be speaks for it, the likeliest first."""
    topics, summed = word_table("premise_topics"), defaultdict[str, float](float)
    for one, p in likely.items():
        own = topics["situation"].get(one, {"conflicts": one})["conflicts"].split()
        for conflict, share in zip(own, _SHARES if own[1:] else (1.0,), strict=False):
            summed[conflict] += share * p
    return dict(sorted(summed.items(), key=lambda pair: -pair[1]))


def is_clear(undertakings: Mapping[str, float]) -> bool:
    """Whether the likeliest conflict is likely, or clearly likelier than the next."""
    most, next_best, *_ = undertakings.values()
    return most >= LIKELY_AT_ALL or most >= CLEARLY * next_best


def plot_names() -> Mapping[str, str]:
    """Every situation and conflict that has a plot, with what it is called: "a heist"."""
    called: Mapping[str, str] = word_table("premise_topics")["called"]
    return called


def situations_of(text: str, stated: str = "") -> dict[str, float]:
    """Situation, or plain conflict, → its probability, the likeliest first.

    Args:
        text: the premise without its names.
        stated: the conflict of what it says the player is after, "" if it does not.
    """
    scores, weights = defaultdict[str, float](float), learned_weights("premise_situation")
    for feature, value in features_of(text, stated).items():
        for label, weight in weights.get(feature, {}).items():
            scores[label] += weight * value
    most = max(scores.values())
    odds = {label: math.exp(score - most) for label, score in scores.items()}
    total = sum(odds.values())
    ranked = sorted(odds.items(), key=lambda pair: -pair[1])
    return {label: one / total for label, one in ranked}


def features_of(text: str, stated: str) -> dict[str, float]:
    """What speaks for a situation: a feature and its value in (0, 3)."""
    found = {BIAS: 1.0}
    cues = weighed(text, "situation")
    found |= {f"cue {one}": 0.3 * math.sqrt(weight) for one, weight in cues.items()}
    if best := most_weighed(cues, ""):
        found[f"most {best}"] = 1.0
    found |= {run: 0.7 for run in runs_of(text) if run.count(" ") < 2}
    return found | ({f"aim {stated}": 1.0} if stated else {})
