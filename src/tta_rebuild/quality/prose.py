"""What can be counted in a scene's prose; ``score`` weighs these measures."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tta_rebuild.core.english import sentences_of, words_of

_QUOTED = re.compile(r"[\"“]([^\"”]{2,})[\"”]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProseMeasures:
    """Counts of one text; shares lie in [0, 1].

    Attributes:
        sentence_variety: standard deviation of the sentences' lengths over their mean.
        lexical_diversity: mean share of different words in windows of 50 (MATTR, Covington and
            McFall 2010).
        repeated_4grams, repeated_sentences: share of four words, sentences, that occurred before.
        dialogue_share: share of words inside quotation marks.
    """

    words: int
    sentences: int
    sentence_variety: float
    lexical_diversity: float
    repeated_4grams: float
    repeated_sentences: float
    dialogue_share: float


def measured(text: str) -> ProseMeasures:
    """All measures of a text; zeros for an empty one."""
    words, sentences = words_of(text), sentences_of(text)
    lengths = [len(words_of(s)) for s in sentences] or [0]
    mean = sum(lengths) / len(lengths)
    spread = math.sqrt(sum((n - mean) ** 2 for n in lengths) / len(lengths))
    quoted = sum(len(words_of(q)) for q in _QUOTED.findall(text))
    return ProseMeasures(
        words=len(words),
        sentences=len(sentences),
        sentence_variety=spread / mean if mean else 0.0,
        lexical_diversity=_moving_diversity(words),
        repeated_4grams=repeated_share([tuple(words[i : i + 4]) for i in range(len(words) - 3)]),
        repeated_sentences=repeated_share([s.lower() for s in sentences]),
        dialogue_share=quoted / len(words) if words else 0.0,
    )


def repeated_share(items: Sequence[object]) -> float:
    """The share of items that occurred before in the sequence, in [0, 1]."""
    return 1.0 - len(set(items)) / len(items) if items else 0.0


def ramp(value: float, low: float, high: float) -> float:
    """0 up to ``low``, 1 from ``high``, straight in between."""
    return max(0.0, min(1.0, (value - low) / (high - low)))


def _moving_diversity(words: Sequence[str], window: int = 50) -> float:
    counts = Counter(words[:window])
    total = len(counts)
    for new, left in zip(words[window:], words, strict=False):
        counts[new] += 1
        counts[left] -= 1
        if not counts[left]:
            del counts[left]
        total += len(counts)
    windows = max(1, len(words) - window + 1)
    return total / windows / min(window, len(words)) if words else 0.0
