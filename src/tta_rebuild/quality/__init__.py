"""How well a scene is made: what can be counted, and what a model says that reads it."""

from tta_rebuild.quality.judge import ModelJudge, RubricMarks, with_judgement
from tta_rebuild.quality.parts import QualityPart, SceneAsked
from tta_rebuild.quality.score import (
    ProseMeasures,
    Quality,
    measured,
    scene_quality,
    text_quality,
)

__all__ = [
    "ModelJudge",
    "ProseMeasures",
    "Quality",
    "QualityPart",
    "RubricMarks",
    "SceneAsked",
    "measured",
    "scene_quality",
    "text_quality",
    "with_judgement",
]
