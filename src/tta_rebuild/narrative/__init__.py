"""How a story is told: the four primitives. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tta_rebuild.narrative.branch_validator import (
        BranchProposal,
        BranchValidation,
        BranchValidatorPrimitive,
        ContradictionChecker,
        ContradictionLike,
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
    "BranchPoint": "timeline_manager",
    "BranchProposal": "branch_validator",
    "BranchValidation": "branch_validator",
    "BranchValidatorPrimitive": "branch_validator",
    "CharacterInteraction": "character_state",
    "CharacterResponse": "character_state",
    "CharacterState": "character_state",
    "CharacterStatePrimitive": "character_state",
    "ContradictionLike": "branch_validator",
    "ContradictionChecker": "branch_validator",
    "DialogueLine": "story_generator",
    "DraftRestarted": "story_generator",
    "GeneratedStory": "story_generator",
    "IssueSeverity": "branch_validator",
    "PassageDrafted": "story_generator",
    "ProsePiece": "story_generator",
    "StoryDrafted": "story_generator",
    "StoryGenerationInput": "story_generator",
    "StoryGeneratorPrimitive": "story_generator",
    "TimelineEvent": "timeline_manager",
    "TimelineManagerPrimitive": "timeline_manager",
    "TimelineState": "timeline_manager",
    "TimelineUpdate": "timeline_manager",
    "ValidationIssue": "branch_validator",
}

__all__ = [
    "BranchPoint",
    "BranchProposal",
    "BranchValidation",
    "BranchValidatorPrimitive",
    "CharacterInteraction",
    "CharacterResponse",
    "CharacterState",
    "CharacterStatePrimitive",
    "ContradictionChecker",
    "ContradictionLike",
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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
