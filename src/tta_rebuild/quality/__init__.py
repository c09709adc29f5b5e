"""How well a scene is made: what can be counted, and what a model says that reads it."""

from tta_rebuild.quality.judge import Judgement, ModelJudge, with_judgement
from tta_rebuild.quality.parts import QualityPart, SceneAsked
from tta_rebuild.quality.score import (
    ProseMeasures,
    Quality,
    measured,
    scene_quality,
    text_quality,
)

__all__ = [
    "Judgement",
    "ModelJudge",
    "ProseMeasures",
    "Quality",
    "QualityPart",
    "SceneAsked",
    "measured",
    "scene_quality",
    "text_quality",
    "with_judgement",
]
