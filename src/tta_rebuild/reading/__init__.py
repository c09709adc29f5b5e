"""What a text says: prose read by rule into facts, and held against the canon and the rules."""

from tta_rebuild.reading.checker import Checker
from tta_rebuild.reading.lookahead import dead_ends, false_choices
from tta_rebuild.reading.prose_reader import ProseReader, SentenceRead
from tta_rebuild.reading.story_reader import StoryRead, read_story
from tta_rebuild.reading.world_rules import WorldRule, WorldRules, compiled

__all__ = [
    "Checker",
    "ProseReader",
    "SentenceRead",
    "StoryRead",
    "WorldRule",
    "WorldRules",
    "compiled",
    "dead_ends",
    "false_choices",
    "read_story",
]
