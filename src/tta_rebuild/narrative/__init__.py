"""How a story is told: the four primitives. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tta_rebuild.narrative.branch_proposal import BranchProposal
    from tta_rebuild.narrative.branch_validator import (
        BranchValidation,
        BranchValidatorPrimitive,
        IssueSeverity,
        ValidationIssue,
    )
    from tta_rebuild.narrative.character_state import (
        CharacterInteraction,
        CharacterResponse,
        CharacterState,
        CharacterStatePrimitive,
    )
    from tta_rebuild.narrative.story_generator import (
        DialogueLine,
        DraftRestarted,
        GeneratedStory,
        PassageDrafted,
        ProsePiece,
        StoryDrafted,
        StoryGenerationInput,
        StoryGeneratorPrimitive,
    )
    from tta_rebuild.narrative.timeline_manager import (
        BranchPoint,
        TimelineEvent,
        TimelineManagerPrimitive,
        TimelineState,
        TimelineUpdate,
    )

_HOMES = {
    "branch_proposal": "BranchProposal",
    "branch_validator": "BranchValidation BranchValidatorPrimitive IssueSeverity ValidationIssue",
    "character_state": "CharacterInteraction CharacterResponse CharacterState "
    "CharacterStatePrimitive",
    "story_generator": "DialogueLine DraftRestarted GeneratedStory PassageDrafted ProsePiece "
    "StoryDrafted StoryGenerationInput StoryGeneratorPrimitive",
    "timeline_manager": "BranchPoint TimelineEvent TimelineManagerPrimitive TimelineState "
    "TimelineUpdate",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "BranchPoint",
    "BranchProposal",
    "BranchValidation",
    "BranchValidatorPrimitive",
    "CharacterInteraction",
    "CharacterResponse",
    "CharacterState",
    "CharacterStatePrimitive",
    "DialogueLine",
    "DraftRestarted",
    "GeneratedStory",
    "IssueSeverity",
    "PassageDrafted",
    "ProsePiece",
    "StoryDrafted",
    "StoryGenerationInput",
    "StoryGeneratorPrimitive",
    "TimelineEvent",
    "TimelineManagerPrimitive",
    "TimelineState",
    "TimelineUpdate",
    "ValidationIssue",
]

if not TYPE_CHECKING:  # a checker would take any name that is not there for one that is

    def __getattr__(name: str) -> Any:
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
