"""The quality score on told scenes with their damaged twins, and on texts that readers marked.

Called by ``cli.eval_quality``. Nothing is played: what is scored stands in the files. With a judge
some scenes and texts are marked by a model, too.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from pathlib import Path
from statistics import fmean, linear_regression, quantiles
from typing import Any

from tta_rebuild.core.english import sentences_of
from tta_rebuild.lab.intervals import advantage, spearman, spearman_interval
from tta_rebuild.lab.measures import EvalRow
from tta_rebuild.lab.quality_counts import QualityCounts, RatedFigures, TwinCounts
from tta_rebuild.lab.quality_refit import folds_of, refit_over
from tta_rebuild.lab.told_file import (
    HandMark,
    QualityRow,
    RatedText,
    StandIn,
    ToldStory,
    read_rows,
)
from tta_rebuild.lab.twins import ToldScene, scenes_of, twins_of
from tta_rebuild.quality import Quality, SceneAsked, scene_quality, text_quality

HUMAN = "human"
"""Name of the system, in any case, of stories that people wrote."""


@dataclass(slots=True)
class Material:
    """What the files hold, by kind; stand-ins of the package where they hold none."""

    scenes: list[ToldScene] = field(default_factory=list)
    texts: list[RatedText] = field(default_factory=list)
    stand_ins: list[StandIn] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[QualityRow]) -> Material:
        """The rows sorted."""
        found = cls()
        for row in rows:
            match row:
                case ToldStory():
                    found.scenes += scenes_of(row)
                case RatedText():
                    found.texts.append(row)
                case StandIn():
                    found.stand_ins.append(row)
                case HandMark():
                    found.marks[row.id] = row.mark
        if found.scenes and not found.stand_ins:
            with_package = Path(str(files("tta_rebuild.lab") / "data" / "stand_ins.jsonl"))
            found.stand_ins = read_rows([with_package], StandIn)
        return found

    def unmatched(self) -> list[str]:
        """The ids of marks by hand that no scene and no text has."""
        known = {scene.id for scene in self.scenes} | {text.id for text in self.texts}
        return [name for name in self.marks if name not in known]


def quality_of(scene: ToldScene) -> Quality:
    """The quality of a told scene, as a turn that told it would have it."""
    reply = scene.reply
    return scene_quality(
        scene.passages,
        lines=[passage.text for passage in reply.passages if passage.speaker],
        setting=reply.setting_description,
        tone=reply.emotional_tone,
        choices=[branch.choice for branch in reply.story_branches],
        is_ending=reply.is_ending,
        asked=scene.asked,
    )


def asked_of_text(text: RatedText) -> SceneAsked:
    """What a marked text was to fit."""
    before = (text.previous,) if text.previous.strip() else ()
    return SceneAsked(premise=text.prompt, move=text.move, recent=before, words=None)


def eval_quality(
    material: Material, counts: QualityCounts, *, progress: Callable[[str], None]
) -> None:
    """Score everything into ``counts``, which holds what was measured at any moment."""
    for story in dict.fromkeys(scene.story for scene in material.scenes):
        progress(story)
        for scene in material.scenes:
            if scene.story == story:
                _count_twins(scene, material, counts)
    by_source = defaultdict[str, list[RatedText]](list)
    for text in material.texts:
        by_source[text.source].append(text)
    scored = {}
    for source, texts in by_source.items():
        progress(f"{source}: {len(texts)} texts")
        scored[source] = [_Scored.of(text) for text in texts]
    everything = [one for found in scored.values() for one in found]
    for source, found in scored.items():
        progress(f"{source}: figures")
        counts.rated[source] = _figures(found, everything)
        machines = [one for one in found if one.text.system.lower() != HUMAN]
        if 2 < len(machines) < len(found):
            counts.rated[f"{source}, without people"] = _figures(machines, everything)


def _count_twins(scene: ToldScene, material: Material, counts: QualityCounts) -> None:
    quality = quality_of(scene)
    counts.told.append(quality.score)
    counts.scored.append(_row(scene.id, quality))
    met = set[str]()
    for kind, twin in twins_of(scene, material.scenes, material.stand_ins):
        of, found = counts.damages.setdefault(kind, TwinCounts()), quality_of(twin)
        of.scenes += kind not in met
        met.add(kind)
        of.n += 1
        of.told_above += quality.score > found.score
        of.mean_twin += (found.score - of.mean_twin) / of.n
        if quality.score <= found.score:
            reason = f"told {quality.score:.4f}, twin {found.score:.4f}"
            counts.rows.append(EvalRow(scene.story, kind, twin.text, reason, scene.turn))


def _row(name: str, quality: Quality) -> dict[str, Any]:
    parts = {part.name: round(part.value, 4) for part in quality.parts if part.value is not None}
    return {"id": name, "score": quality.score, "parts": parts, "reasons": quality.reasons}


@dataclass(frozen=True, slots=True)
class _Scored:
    """A marked text, its quality and that of its shuffle."""

    text: RatedText
    quality: Quality
    shuffled: float

    @classmethod
    def of(cls, text: RatedText) -> _Scored:
        sentences = sentences_of(text.text)
        random.Random(text.id).shuffle(sentences)
        score = partial(text_quality, asked=asked_of_text(text))
        return cls(text, score(text.text), score(" ".join(sentences)).score)

    @property
    def has_order(self) -> bool:
        return any(part.name == "order" and part.value is not None for part in self.quality.parts)

    @property
    def words(self) -> float:
        return float(len(self.text.text.split()))


def _figures(found: Sequence[_Scored], everything: Sequence[_Scored]) -> RatedFigures:
    truth = [one.text.score for one in found]
    scores, words = [one.quality.score for one in found], [one.words for one in found]
    rho = spearman(scores, truth)
    low, high = spearman_interval(rho, len(found))
    gain_low, gain_high = advantage(scores, words, truth)
    known = [(one.text, one.quality) for one in everything]
    judged = [(one.text, one.quality) for one in found]
    pairs = list(_pairs(found))
    ordered = [one for one in found if one.has_order]
    systems = refit_over(judged, known, lambda text: text.system)
    return RatedFigures(
        n=len(found),
        spearman=round(rho, 4),
        low=round(low, 4),
        high=round(high, 4),
        length_alone=round(spearman(words, truth), 4),
        gain_low=round(gain_low, 4),
        gain_high=round(gain_high, 4),
        refit_prompts=refit_over(judged, known, lambda text: text.prompt or text.group, whole=True),
        refit_systems=systems,
        length_systems=_by_system(found) if systems is not None else None,
        shuffled=len(ordered),
        shuffled_below=sum(one.quality.score > one.shuffled for one in ordered),
        pairs=len(pairs),
        pairs_right=sum(pairs),
        spread=round(_spread(scores, truth), 4),
    )


def _by_system(found: Sequence[_Scored]) -> float:
    folds = folds_of([one.text.system for one in found])
    by_fold = [[one for one in found if one.text.system in fold] for fold in folds]
    return fmean(
        spearman([one.words for one in fold], [one.text.score for one in fold])
        for fold in by_fold
        if len(fold) > 4
    )


def _pairs(found: Sequence[_Scored]) -> Iterable[bool]:
    """For two versions of one text whether the better one scores higher."""
    groups = defaultdict[str, list[_Scored]](list)
    for one in found:
        if one.text.group:
            groups[one.text.group].append(one)
    for group in groups.values():
        if len(group) == 2 and group[0].text.score != group[1].text.score:
            worse, better = sorted(group, key=lambda one: one.text.score)
            yield better.quality.score > worse.quality.score


def _spread(scores: Sequence[float], truth: Sequence[float]) -> float:
    """Within what of a straight line through the scores four of five marks lie."""
    if len(scores) < 10 or len(set(scores)) < 2:
        return 0.0
    line = linear_regression(scores, truth)
    off = [
        abs(mark - line.intercept - line.slope * score)
        for score, mark in zip(scores, truth, strict=True)
    ]
    return quantiles(off, n=5)[-1]
