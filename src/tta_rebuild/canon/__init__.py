"""What holds in a story, on every branch, and what people and things are called."""

from tta_rebuild.canon.retcon import plan_retcon
from tta_rebuild.canon.view import STORY, Canon, Fact

__all__ = ["STORY", "Canon", "Fact", "plan_retcon"]
