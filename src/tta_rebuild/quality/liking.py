"""How readers may like a piece of prose: a guess from counts that says how little it can tell.

The lab and the reports compare scenes and variants with it. Its weights were set by hand while
looking at the open halves of two labelled sets (HANNA, LAMP); nothing is fitted, and what it
reaches there is in ``docs/primitives.md``. It knows nothing of sense: a story whose sentences are
shuffled keeps its score.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tta_rebuild.quality.prose import measured, ramp

DISCERNIBLE = 0.10
"""Two texts whose scores lie closer together than this may as well be ranked by a coin: at this
distance about two readers in three agree with the order (open halves of HANNA and LAMP)."""

_WEIGHTS = {
    "length": 0.30,
    "freshness": 0.30,
    "diversity": 0.15,
    "variety": 0.10,
    "plainness": 0.15,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProseGuess:
    """A guess.

    Attributes:
        score: [0, 1]; only good for comparing texts of one kind.
        discernible: differences of scores below this mean nothing.
        parts: name → [0, 1], before weighing.
    """

    score: float
    discernible: float
    parts: dict[str, float]


def prose_guess(text: str) -> ProseGuess:
    """The guess for one text of a paragraph or more."""
    found = measured(text)
    stock = ramp(found.stock_phrases, 0.0, 0.04)
    participles = ramp(found.trailing_participles, 0.0, 0.8)
    parts = {
        "length": ramp(math.log(found.words + 1), math.log(20), math.log(500)),
        "freshness": 1.0 - ramp(found.repeated_4grams + found.repeated_sentences, 0.0, 0.3),
        "diversity": ramp(found.lexical_diversity, 0.6, 0.9),
        "variety": ramp(found.sentence_variety, 0.2, 0.8),
        "plainness": 1.0 - (stock + participles) / 2,
    }
    if not found.words:
        parts = dict.fromkeys(parts, 0.0)
    score = sum(_WEIGHTS[name] * value for name, value in parts.items())
    return ProseGuess(score=round(score, 4), discernible=DISCERNIBLE, parts=parts)
