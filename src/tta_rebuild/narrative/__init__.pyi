"""The names of the four primitives, for type checkers and for ``lazy_names``."""

from .branch_rules import BranchProposal as BranchProposal
from .branch_validator import BranchValidation as BranchValidation
from .branch_validator import BranchValidatorPrimitive as BranchValidatorPrimitive
from .branch_validator import IssueSeverity as IssueSeverity
from .branch_validator import ValidationIssue as ValidationIssue
from .character_state import CharacterInteraction as CharacterInteraction
from .character_state import CharacterResponse as CharacterResponse
from .character_state import CharacterState as CharacterState
from .character_state import CharacterStatePrimitive as CharacterStatePrimitive
from .story_generator import DialogueLine as DialogueLine
from .story_generator import DraftRestarted as DraftRestarted
from .story_generator import GeneratedStory as GeneratedStory
from .story_generator import StoryGenerationInput as StoryGenerationInput
from .story_generator import StoryGeneratorPrimitive as StoryGeneratorPrimitive
from .timeline_manager import BranchPoint as BranchPoint
from .timeline_manager import TimelineEvent as TimelineEvent
from .timeline_manager import TimelineManagerPrimitive as TimelineManagerPrimitive
from .timeline_manager import TimelineState as TimelineState
from .timeline_manager import TimelineUpdate as TimelineUpdate
