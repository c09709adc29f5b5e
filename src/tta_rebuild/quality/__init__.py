"""How well a scene is made, as far as it can be counted."""

from tta_rebuild.quality.score import ProseMeasures, measured, scene_quality

__all__ = ["ProseMeasures", "measured", "scene_quality"]
