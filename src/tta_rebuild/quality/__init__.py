"""How well a scene is made, as far as it can be counted."""

from tta_rebuild.quality.prose import ProseMeasures, measured
from tta_rebuild.quality.score import ScoredScene, scene_quality, scored_scene

__all__ = [
    "ProseMeasures",
    "ScoredScene",
    "measured",
    "scene_quality",
    "scored_scene",
]
