"""TTA, Therapeutic Through Artistry: branching stories that stay true, safe and within budget.

The public face: ``import tta_rebuild as tta`` gives what a program needs; each name loads its
module on first use, so the import itself costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tta_rebuild.bootstrap.application import Application, open_application
    from tta_rebuild.canon import Fact
    from tta_rebuild.core import (
        Metaconcept,
        MetaconceptCategory,
        MetaconceptRegistry,
        TTAContext,
        TTAPrimitive,
    )
    from tta_rebuild.core.errors import (
        BudgetExceededError,
        ContentRefused,
        ExecutionError,
        KeyRejected,
        ModelUnavailable,
        MoveRefused,
        ProviderBusy,
        ProviderError,
        ProviderFault,
        ProviderTimeout,
        SettingsError,
        StoreError,
        StoryError,
        StreamBroken,
        TTAError,
        TTAPrimitiveError,
        ValidationError,
    )
    from tta_rebuild.core.story import (
        CharacterSketch,
        Choice,
        Claim,
        DialogueLine,
        Passage,
        Premise,
        Scene,
    )
    from tta_rebuild.core.usage import Usage
    from tta_rebuild.engine.action import Action
    from tta_rebuild.engine.session import Session
    from tta_rebuild.engine.state import StoryState
    from tta_rebuild.engine.stories import Stories
    from tta_rebuild.engine.turn_events import (
        ChoicesReady,
        CostReported,
        PassageReleased,
        PlayedTurn,
        SceneFinished,
        SceneRestarted,
        TurnEvent,
        TurnRefused,
        TurnStored,
        TurnWarning,
    )
    from tta_rebuild.integrations import (
        AnthropicProvider,
        GeminiLLMProvider,
        LLMConfig,
        LLMProvider,
        LLMRequest,
        LLMResponse,
        MockLLMProvider,
        OpenAIProvider,
        Price,
        Rates,
        RequestProvider,
    )
    from tta_rebuild.integrations.llm_provider import StreamEnded, StreamItem, TextPiece
    from tta_rebuild.narrative import (
        BranchProposal,
        BranchValidation,
        BranchValidatorPrimitive,
        CharacterInteraction,
        CharacterResponse,
        CharacterState,
        CharacterStatePrimitive,
        GeneratedStory,
        StoryGenerationInput,
        StoryGeneratorPrimitive,
        TimelineManagerPrimitive,
        TimelineState,
        TimelineUpdate,
    )
    from tta_rebuild.settings import Settings, load_settings

__version__ = "0.1.0"

_HOMES = {
    "bootstrap.application": "Application open_application",
    "canon": "Fact",
    "core": "Metaconcept MetaconceptCategory MetaconceptRegistry TTAContext TTAPrimitive",
    "core.errors": "BudgetExceededError ContentRefused ExecutionError KeyRejected ModelUnavailable "
    "MoveRefused ProviderBusy ProviderError ProviderFault ProviderTimeout SettingsError "
    "StoreError StoryError StreamBroken TTAError TTAPrimitiveError ValidationError",
    "core.story": "CharacterSketch Choice Claim DialogueLine Passage Premise Scene",
    "core.usage": "Usage",
    "engine.action": "Action",
    "engine.session": "Session",
    "engine.state": "StoryState",
    "engine.stories": "Stories",
    "engine.turn_events": "ChoicesReady CostReported PassageReleased PlayedTurn SceneFinished "
    "SceneRestarted TurnEvent TurnRefused TurnStored TurnWarning",
    "integrations": "AnthropicProvider GeminiLLMProvider LLMConfig LLMProvider LLMRequest "
    "LLMResponse MockLLMProvider OpenAIProvider Price Rates RequestProvider",
    "integrations.llm_provider": "StreamEnded StreamItem TextPiece",
    "narrative": "BranchProposal BranchValidation BranchValidatorPrimitive CharacterInteraction "
    "CharacterResponse CharacterState CharacterStatePrimitive GeneratedStory "
    "StoryGenerationInput StoryGeneratorPrimitive TimelineManagerPrimitive TimelineState "
    "TimelineUpdate",
    "settings": "Settings load_settings",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "Action", "AnthropicProvider", "Application", "BranchProposal", "BranchValidation",
    "BranchValidatorPrimitive", "BudgetExceededError", "CharacterInteraction",
    "CharacterResponse", "CharacterSketch", "CharacterState", "CharacterStatePrimitive",
    "Choice", "ChoicesReady", "Claim", "ContentRefused", "CostReported", "DialogueLine",
    "ExecutionError", "Fact", "GeminiLLMProvider", "GeneratedStory", "KeyRejected",
    "LLMConfig", "LLMProvider", "LLMRequest", "LLMResponse", "Metaconcept",
    "MetaconceptCategory", "MetaconceptRegistry", "MockLLMProvider", "ModelUnavailable",
    "MoveRefused", "OpenAIProvider", "Passage", "PassageReleased", "PlayedTurn", "Premise",
    "Price", "ProviderBusy", "ProviderError", "ProviderFault", "ProviderTimeout", "Rates",
    "RequestProvider", "Scene", "SceneFinished", "SceneRestarted", "Session", "Settings",
    "SettingsError", "StoreError", "Stories", "StoryError", "StoryGenerationInput",
    "StoryGeneratorPrimitive", "StoryState", "StreamBroken", "StreamEnded", "StreamItem",
    "TTAContext", "TTAError", "TTAPrimitive", "TTAPrimitiveError", "TextPiece",
    "TimelineManagerPrimitive", "TimelineState", "TimelineUpdate", "TurnEvent", "TurnRefused",
    "TurnStored", "TurnWarning", "Usage", "ValidationError", "load_settings",
    "open_application",
]  # fmt: skip

if not TYPE_CHECKING:  # a checker would take any name that is not there for one that is

    def __getattr__(name: str) -> Any:
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
