"""What holds in a story, and what contradicts it."""

from tta_rebuild.canon.contradiction import Contradiction, Findings
from tta_rebuild.canon.entities import Entities, Mentions, Resolution
from tta_rebuild.canon.relations import Relation, Relations
from tta_rebuild.canon.retcon import Dependent, RetconPlan, plan_retcon
from tta_rebuild.canon.view import STORY, Canon, Fact
from tta_rebuild.reading.checker import Checker
from tta_rebuild.reading.lookahead import dead_ends, false_choices
from tta_rebuild.reading.prose_reader import Reader, SentenceRead
from tta_rebuild.reading.story_reader import StoryRead, read_story
from tta_rebuild.reading.world_rules import WorldRule, WorldRules, compiled

__all__ = [
    "STORY",
    "Canon",
    "Checker",
    "Contradiction",
    "Dependent",
    "Entities",
    "Fact",
    "Findings",
    "Mentions",
    "Reader",
    "Relation",
    "Relations",
    "Resolution",
    "RetconPlan",
    "SentenceRead",
    "StoryRead",
    "WorldRule",
    "WorldRules",
    "compiled",
    "dead_ends",
    "false_choices",
    "plan_retcon",
    "read_story",
]
