"""How good a scene seems, from what can be counted: one figure with its parts and its interval.

It tells a whole, sound scene that fits its story from a damaged one. How much readers will like it
it tells only in part: ``docs/quality.md`` has the figures. Called by ``narrative`` for every scene.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tta_rebuild.core.english import sentences_of, words_of
from tta_rebuild.quality import parts
from tta_rebuild.quality.parts import QualityPart, SceneAsked
from tta_rebuild.quality.prose import ReadProse, read_prose

_QUOTED = re.compile(r"[\"“]([^\"”]{2,})[\"”]")

FALLBACK_QUALITY, BROKEN_AT_MOST = 0.2, 0.6
"""Of a reply shown as it came; at most of a scene of which a part is missing."""

MANNER = frozenset({"order", "stock", "concreteness", "richness", "variety"})
MANNER_IN_A_SCENE = 0.5
"""What these parts take of a scene, over what they take of bare prose, which has nothing else."""

UNSURE = 0.23
"""Half of the interval without a judge: so near one another lie four of five marks of texts that
score alike (the median over the studies in ``docs/quality.md``)."""

NOTHING_ASKED = SceneAsked()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good a scene seems, and how sure that is.

    Attributes:
        score: in [0, 1]; ``estimate`` is what the parts alone say, the same without a judge.
        low, high: an interval as wide as that in which four of five readers' marks lie of texts
            that score alike.
        parts: what was counted, in the order of the guide.
        at_most: what the score cannot exceed, less than 1 where a part of the scene is missing.
        judged: criterion to mark in [0, 1] where a judge's marks are in the score, else empty.
    """

    score: float
    estimate: float
    low: float
    high: float
    parts: tuple[QualityPart, ...]
    at_most: float = 1.0
    judged: Mapping[str, float] = field(default_factory=dict)

    @property
    def reasons(self) -> list[str]:
        """What took something away, in plain words, the costliest first."""
        told = sorted(self.parts, key=lambda part: part.factor)
        return [f"{part.name}: {part.reason}" for part in told if part.reason and part.factor < 1]


def scene_quality(
    passages: Sequence[str],
    *,
    lines: Sequence[str] = (),
    setting: str = "",
    tone: str = "",
    choices: Sequence[str] = (),
    is_ending: bool = False,
    broken: bool = False,
    asked: SceneAsked = NOTHING_ASKED,
) -> Quality:
    """A scene's quality from its parts; choices are not expected of an ending.

    Args:
        passages: what the player reads, in order, the spoken ``lines`` among it.
        broken: a part of the scene is missing.
        asked: what it was to fit; the more is known of that, the more can be told.
    """
    prose = read_prose("\n\n".join(passages), asked.language)  # as the next scenes have it before
    count = len(prose.words)
    has_voices = bool(lines) or any(mark in p for p in passages for mark in '“„»"')
    whole = parts.form(
        count,
        has_voices=has_voices,
        setting=setting,
        tone=tone,
        choices=choices,
        is_ending=is_ending,
    )
    told = [
        replace(part, takes=part.takes * MANNER_IN_A_SCENE) if part.name in MANNER else part
        for part in _told(prose, setting, tone, choices, asked)
    ]
    asked_length = parts.length(count, asked.words, is_ending=is_ending)
    most = (BROKEN_AT_MOST if broken else 1.0) if count else 0.0
    return _quality((whole, *told, asked_length), at_most=most)


def text_quality(text: str, *, asked: SceneAsked = NOTHING_ASKED) -> Quality:
    """The quality of bare prose, of which no form and no length is expected."""
    prose = read_prose(text, asked.language)
    count = len(prose.words)
    return _quality(
        (parts.body(count), *_told(prose, "", "", (), asked)), at_most=1.0 if count else 0.0
    )


def _told(
    prose: ReadProse, setting: str, tone: str, choices: Sequence[str], asked: SceneAsked
) -> tuple[QualityPart, ...]:
    return (
        parts.soundness(prose),
        parts.freshness(prose, asked.recent),
        parts.grounding(prose, setting, asked),
        parts.order(prose, setting, choices, asked),
        parts.stock(prose),
        parts.concreteness(prose),
        parts.richness(prose),
        parts.variety(prose),
        parts.tone(prose, tone, asked.tone),
    )


def _quality(found: tuple[QualityPart, ...], *, at_most: float = 1.0) -> Quality:
    estimate = round(min(at_most, math.prod(part.factor for part in found)), 6)
    low, high = max(0.0, estimate - UNSURE), min(1.0, estimate + UNSURE)
    return Quality(
        score=estimate, estimate=estimate, low=low, high=high, parts=found, at_most=at_most
    )


def _repeated(items: Sequence[object]) -> float:
    """The share of items that occurred before in the sequence, in [0, 1]."""
    return 1.0 - len(set(items)) / len(items) if items else 0.0
