"""How a story is told: the four primitives."""

from tta_rebuild.narrative.branch_rules import BranchProposal as BranchProposal
from tta_rebuild.narrative.branch_validator import BranchValidation as BranchValidation
from tta_rebuild.narrative.branch_validator import (
    BranchValidatorPrimitive as BranchValidatorPrimitive,
)
from tta_rebuild.narrative.branch_validator import IssueSeverity as IssueSeverity
from tta_rebuild.narrative.branch_validator import ValidationIssue as ValidationIssue
from tta_rebuild.narrative.character_state import CharacterInteraction as CharacterInteraction
from tta_rebuild.narrative.character_state import CharacterResponse as CharacterResponse
from tta_rebuild.narrative.character_state import CharacterState as CharacterState
from tta_rebuild.narrative.character_state import CharacterStatePrimitive as CharacterStatePrimitive
from tta_rebuild.narrative.story_generator import DialogueLine as DialogueLine
from tta_rebuild.narrative.story_generator import DraftRestarted as DraftRestarted
from tta_rebuild.narrative.story_generator import GeneratedStory as GeneratedStory
from tta_rebuild.narrative.story_generator import StoryGenerationInput as StoryGenerationInput
from tta_rebuild.narrative.story_generator import StoryGeneratorPrimitive as StoryGeneratorPrimitive
from tta_rebuild.narrative.timeline_manager import BranchPoint as BranchPoint
from tta_rebuild.narrative.timeline_manager import TimelineEvent as TimelineEvent
from tta_rebuild.narrative.timeline_manager import (
    TimelineManagerPrimitive as TimelineManagerPrimitive,
)
from tta_rebuild.narrative.timeline_manager import TimelineState as TimelineState
from tta_rebuild.narrative.timeline_manager import TimelineUpdate as TimelineUpdate

__all__ = sorted(name for name in globals() if name[0].isupper())
