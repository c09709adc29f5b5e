"""Where in its arc a story stands: a pure function of the turn and the length wished for."""

from __future__ import annotations

from dataclasses import dataclass

from tta_rebuild.core.story import CHAPTER_SCENES, ArcStage


@dataclass(frozen=True, slots=True)
class ArcPoint:
    """The stage that a scene serves, and whether the story should, or may, end with it."""

    stage: ArcStage
    should_end: bool
    may_end: bool = False


def ends_story(point: ArcPoint, *, said_so: bool, is_cut: bool) -> bool:
    """Whether the story ends with a scene, something of which was held back if ``is_cut``.

    What a reply says of itself (``said_so``) counts only where the arc or the player allows an end;
    a scene that should end the story does, unless it was cut and does not say so.
    """
    if point.should_end:
        return said_so or not is_cut
    return said_so and point.may_end


def arc_point(turn: int, length: int = 0) -> ArcPoint:
    """The point of the arc for a scene, by its turn (from 1) and the story's length in scenes.

    A quarter is set-up, half is development, then the climax; the last tenth resolves. Without a
    length (0) the arc repeats, chapter after chapter, and never ends by itself.
    """
    scenes = length or CHAPTER_SCENES
    place = turn if length else (turn - 1) % CHAPTER_SCENES + 1
    stage: ArcStage = "climax"
    if place > scenes - max(1, scenes // 10):
        stage = "resolution"
    elif place <= max(1, scenes // 4):
        stage = "setup"
    elif place <= max(1, scenes * 3 // 4):
        stage = "development"
    has_end = length > 0
    return ArcPoint(stage, has_end and turn >= length, has_end and stage == "resolution")
