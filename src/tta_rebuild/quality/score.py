"""One figure for how completely a told scene is made; not for whether readers will like it."""

from __future__ import annotations

from collections.abc import Sequence

from tta_rebuild.core.english import words_of
from tta_rebuild.quality.prose import measured, ramp, repeated_share

FALLBACK_QUALITY, BROKEN_AT_MOST = 0.2, 0.6
"""Of a reply shown as it came; at most of a scene of which a part is missing."""

_WEIGHTS = {
    # Form: is everything there that a scene needs? Four fifths of the score.
    **{"length": 0.25, "choices": 0.20, "setting": 0.15, "tone": 0.10, "voices": 0.10},
    # Prose: is it free of the faults that can be counted?
    **{"freshness": 0.10, "variety": 0.05, "diversity": 0.05},
}


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
        "length": ramp(found.words, 10, 90) * (1 - 0.5 * ramp(found.words, 700, 1500)),
        "variety": ramp(found.sentence_variety, 0.05, 0.35) if found.sentences > 1 else 0.0,
        "diversity": ramp(found.lexical_diversity, 0.45, 0.72),
        "freshness": 1.0 - ramp(found.repeated_4grams + found.repeated_sentences, 0.02, 0.35),
        "setting": 1.0 if len(words_of(setting)) >= 2 else 0.8 * bool(setting.strip()),
        "tone": float(bool(tone.strip())),
        "voices": 1.0 if lines or found.dialogue_share > 0.02 else 0.4,
        "choices": 1.0 if is_ending else min(1.0, distinct / 3) * (1 - repeated_share(choices)),
    }
    score = sum(_WEIGHTS[name] * value for name, value in parts.items())
    return round(min(score, BROKEN_AT_MOST if broken else 1.0), 4)
