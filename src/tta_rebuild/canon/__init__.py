"""What holds in a story, on every branch, and what people and things are called."""

from tta_rebuild.canon.contradiction import Contradiction
from tta_rebuild.canon.relations import Relation, Relations
from tta_rebuild.canon.retcon import Dependent, RetconPlan, plan_retcon
from tta_rebuild.canon.view import STORY, Canon, Fact

__all__ = [
    "STORY",
    "Canon",
    "Contradiction",
    "Dependent",
    "Fact",
    "Relation",
    "Relations",
    "RetconPlan",
    "plan_retcon",
]
