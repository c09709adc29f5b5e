"""What can be counted in a scene's prose, and one figure for how completely a scene is made.

The figure does not say whether readers will like it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tta_rebuild.core.english import sentences_of, words_of

_QUOTED = re.compile(r"[\"“]([^\"”]{2,})[\"”]")

FALLBACK_QUALITY, BROKEN_AT_MOST = 0.2, 0.6
"""Of a reply shown as it came; at most of a scene of which a part is missing."""

_FORM = {"length": 0.25, "choices": 0.20, "setting": 0.15, "tone": 0.10, "voices": 0.10}
_WEIGHTS = _FORM | {"freshness": 0.10, "variety": 0.05, "diversity": 0.05}
"""Form (is everything there?) is four fifths of the score, prose without faults the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProseMeasures:
    """Counts of one text; shares lie in [0, 1].

    Attributes:
        sentence_variety: standard deviation of the sentences' lengths over their mean.
        lexical_diversity: mean share of different words in 50 (MATTR, Covington, McFall 2010).
        repeated_4grams, repeated_sentences: share that occurred before.
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
    spread = math.dist(lengths, [mean] * len(lengths)) / math.sqrt(len(lengths))
    windows = [words[at : at + 50] for at in range(max(1, len(words) - 49))]
    quoted = sum(len(words_of(q)) for q in _QUOTED.findall(text))
    return ProseMeasures(
        words=len(words),
        sentences=len(sentences),
        sentence_variety=spread / mean if mean else 0.0,
        lexical_diversity=sum(len(set(w)) for w in windows) / max(1, sum(map(len, windows))),
        repeated_4grams=_repeated([tuple(words[i : i + 4]) for i in range(len(words) - 3)]),
        repeated_sentences=_repeated([s.lower() for s in sentences]),
        dialogue_share=quoted / len(words) if words else 0.0,
    )


def scene_quality(
    passages: Sequence[str],
    *,
    lines: Sequence[str] = (),
    setting: str = "",
    tone: str = "",
    choices: Sequence[str] = (),
    is_ending: bool = False,
    broken: bool = False,
) -> float:
    """A scene's score from its parts, in [0, 1]; choices are not expected of an ending.

    ``passages`` is what the player reads, in order, with the spoken ``lines``; ``broken`` says that
    a part of the scene is missing.
    """
    found = measured("\n\n".join(passages))
    if not found.words:
        return 0.0
    distinct = len({" ".join(c.lower().split()) for c in choices if c.strip()})
    parts = {
        "length": _ramp(found.words, 10, 90) * (1 - 0.5 * _ramp(found.words, 700, 1500)),
        "variety": _ramp(found.sentence_variety, 0.05, 0.35),
        "diversity": _ramp(found.lexical_diversity, 0.45, 0.72),
        "freshness": 1.0 - _ramp(found.repeated_4grams + found.repeated_sentences, 0.02, 0.35),
        "setting": 1.0 if len(words_of(setting)) >= 2 else 0.8 * bool(setting.strip()),
        "tone": float(bool(tone.strip())),
        "voices": 1.0 if lines or found.dialogue_share > 0.02 else 0.4,
        "choices": 1.0 if is_ending else min(1.0, distinct / 3) * (1 - _repeated(choices)),
    }
    score = sum(_WEIGHTS[name] * value for name, value in parts.items())
    return round(min(score, BROKEN_AT_MOST if broken else 1.0), 4)


def _repeated(items: Sequence[object]) -> float:
    """The share of items that occurred before in the sequence, in [0, 1]."""
    return 1.0 - len(set(items)) / len(items) if items else 0.0


def _ramp(value: float, low: float, high: float) -> float:
    """0 up to ``low``, 1 from ``high``, straight in between."""
    return max(0.0, min(1.0, (value - low) / (high - low)))
