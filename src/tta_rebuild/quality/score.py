"""One figure for how completely a told scene is made.

The story generator puts it on every scene; it says whether a scene has all that a scene needs and
is free of countable faults. It does not say whether readers will like it: ``liking`` guesses at
that, and says how little it can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tta_rebuild.core.english import words_of
from tta_rebuild.quality.prose import ProseMeasures, measured, ramp, repeated_share

FALLBACK_QUALITY = 0.2
"""Of a reply that could only be shown as it came."""
BROKEN_AT_MOST = 0.6
"""A scene of which a part is missing scores no better than this."""

_WEIGHTS = {
    # Form: is everything there that a scene needs? Four fifths of the score.
    "length": 0.25,
    "choices": 0.20,
    "setting": 0.15,
    "tone": 0.10,
    "voices": 0.10,
    # Prose: is it free of the faults that can be counted?
    "freshness": 0.10,
    "variety": 0.05,
    "diversity": 0.05,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredScene:
    """The score and what it is made of.

    Attributes:
        score: [0, 1].
        parts: name → [0, 1], before weighing.
    """

    score: float
    parts: dict[str, float]
    measures: ProseMeasures


def scored_scene(
    passages: Sequence[str],
    *,
    lines: Sequence[str] = (),
    setting: str = "",
    tone: str = "",
    choices: Sequence[str] = (),
    is_ending: bool = False,
    broken: bool = False,
) -> ScoredScene:
    """Score a scene from its parts.

    Args:
        passages: what the player reads, in order, spoken lines included.
        lines: the spoken lines alone.
        choices: the texts of the choices; not expected of an ending.
        broken: a part of the scene is missing.
    """
    text = "\n\n".join(passages)
    found = measured(text)
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
    if not found.words:
        parts = dict.fromkeys(parts, 0.0)
    score = sum(_WEIGHTS[name] * value for name, value in parts.items()) / sum(_WEIGHTS.values())
    if broken:
        score = min(score, BROKEN_AT_MOST)
    return ScoredScene(
        score=round(max(0.0, min(1.0, score)), 4),
        parts=parts,
        measures=found,
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
    """The score alone, in [0, 1]; arguments as for ``scored_scene``."""
    return scored_scene(
        passages,
        lines=lines,
        setting=setting,
        tone=tone,
        choices=choices,
        is_ending=is_ending,
        broken=broken,
    ).score
