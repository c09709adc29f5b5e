"""What a text says, read by somebody other than its writer, and held against canon and rules."""

from tta_rebuild.reading.lookahead import dead_ends, false_choices
from tta_rebuild.reading.world_rules import WorldRule, WorldRules, compiled

__all__ = ["WorldRule", "WorldRules", "compiled", "dead_ends", "false_choices"]
