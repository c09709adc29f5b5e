"""What can be counted in a scene's prose. Plain functions of a text; nothing is fitted here.

``score`` weighs these measures, the lab reports them by name.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tta_rebuild.core.english import sentences_of, words_of

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_QUOTED = re.compile(r"[\"“]([^\"”]{2,})[\"”]")
_ABSTRACT = re.compile(
    r"(?:ness|tion|sion|ment|ity|ance|ence|ism|hood|ship|dom)s?$",
)
_SENSED = """
see saw seen look looked light dark bright shadow red blue green grey gray white black gold
silver hear heard sound silence quiet loud whisper whispered voice hum creak rattle smell
smelled scent smoke salt taste bitter sweet touch cold warm hot wet dry rough smooth soft hard
sharp heavy stone wood iron glass paper water rain snow wind fire dust mud sand grass leaf door
window hand hands fingers face eyes mouth skin breath table chair lamp bell key rope boat bread
cup road
"""
_SENSES = frozenset(_SENSED.split())
_STOCK = re.compile(
    r"\b(?:seem(?:s|ed) to|as (?:if|though)|could(?:n't| not) (?:help but|shake)|"
    r"(?:a|the) sense of|"
    r"a mix(?:ture)? of|the weight of|hung (?:heavy|in the air)|palpable|unspoken|tapestry|"
    r"testament to|bittersweet|somehow|intricate|intertwin\w*|linger\w*|echo\w*|danc(?:ed|ing)|"
    r"shivers?|glimmer\w*|flicker\w*|etched|gaze[ds]?|depths?|memories|emotions?|overwhelm\w*|"
    r"profound\w*|reminder|unsettling|the silence)\b",
    re.IGNORECASE,
)
_TRAILING_PARTICIPLE = re.compile(r", (?:\w+ly )?\w{3,}ing\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProseMeasures:
    """Counts of one text.

    Attributes:
        words, sentences: how many.
        sentence_length: mean, in words.
        sentence_variety: standard deviation of the sentences' lengths over their mean.
        lexical_diversity: [0, 1]; mean share of different words in windows of 50 words (MATTR,
            Covington and McFall 2010), which does not depend on length.
        repeated_4grams: [0, 1]; share of sequences of four words that occurred before.
        repeated_sentences: [0, 1]; share of sentences that occurred before.
        dialogue_share: [0, 1]; share of words inside quotation marks.
        concreteness: share of words that name what the senses meet, less the share of abstract
            nouns; about 0 to 0.2.
        stock_phrases: per word; phrases that generated prose falls back on ("a sense of").
        trailing_participles: per sentence; ", turning away" and its like.
    """

    words: int
    sentences: int
    sentence_length: float
    sentence_variety: float
    lexical_diversity: float
    repeated_4grams: float
    repeated_sentences: float
    dialogue_share: float
    concreteness: float
    stock_phrases: float
    trailing_participles: float


def measured(text: str) -> ProseMeasures:
    """All measures of a text; zeros for an empty one."""
    words = words_of(text)
    sentences = sentences_of(text)
    lengths = [len(words_of(s)) for s in sentences]
    mean = sum(lengths) / len(lengths) if lengths else 0.0
    spread = math.sqrt(sum((n - mean) ** 2 for n in lengths) / len(lengths)) if lengths else 0.0
    return ProseMeasures(
        words=len(words),
        sentences=len(sentences),
        sentence_length=mean,
        sentence_variety=spread / mean if mean else 0.0,
        lexical_diversity=_moving_diversity(words),
        repeated_4grams=repeated_share([tuple(words[i : i + 4]) for i in range(len(words) - 3)]),
        repeated_sentences=repeated_share([s.lower() for s in sentences]),
        dialogue_share=(
            sum(len(words_of(q)) for q in _QUOTED.findall(text)) / len(words) if words else 0.0
        ),
        concreteness=(
            sum((w in _SENSES) - bool(len(w) > 6 and _ABSTRACT.search(w)) for w in words)
            / len(words)
            if words
            else 0.0
        ),
        stock_phrases=len(_STOCK.findall(text)) / len(words) if words else 0.0,
        trailing_participles=(
            len(_TRAILING_PARTICIPLE.findall(text)) / len(sentences) if sentences else 0.0
        ),
    )


def repeated_share(items: Sequence[object]) -> float:
    """The share of items that occurred before in the sequence, in [0, 1]."""
    if not items:
        return 0.0
    return 1.0 - len(set(items)) / len(items)


def ramp(value: float, low: float, high: float) -> float:
    """0 up to ``low``, 1 from ``high``, straight in between."""
    return max(0.0, min(1.0, (value - low) / (high - low)))


def _moving_diversity(words: Sequence[str], window: int = 50) -> float:
    if not words:
        return 0.0
    if len(words) <= window:
        return len(set(words)) / len(words)
    counts = Counter(words[:window])
    total = len(counts)
    for i in range(window, len(words)):
        counts[words[i]] += 1
        left = words[i - window]
        counts[left] -= 1
        if not counts[left]:
            del counts[left]
        total += len(counts)
    return total / (len(words) - window + 1) / window
