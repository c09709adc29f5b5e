"""TTA, Therapeutic Through Artistry: branching stories that stay true, safe and within budget.

The public face: ``import tta_rebuild as tta`` gives what a program needs; each name loads its
module on first use, so the import itself costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tta_rebuild.bootstrap.application import Application as Application
    from tta_rebuild.bootstrap.application import open_application as open_application
    from tta_rebuild.canon import Fact as Fact
    from tta_rebuild.core import Metaconcept as Metaconcept
    from tta_rebuild.core import MetaconceptCategory as MetaconceptCategory
    from tta_rebuild.core import MetaconceptRegistry as MetaconceptRegistry
    from tta_rebuild.core import TTAContext as TTAContext
    from tta_rebuild.core import TTAPrimitive as TTAPrimitive
    from tta_rebuild.core.errors import BudgetExceededError as BudgetExceededError
    from tta_rebuild.core.errors import ContentRefused as ContentRefused
    from tta_rebuild.core.errors import ExecutionError as ExecutionError
    from tta_rebuild.core.errors import KeyRejected as KeyRejected
    from tta_rebuild.core.errors import ModelUnavailable as ModelUnavailable
    from tta_rebuild.core.errors import MoveRefused as MoveRefused
    from tta_rebuild.core.errors import ProviderBusy as ProviderBusy
    from tta_rebuild.core.errors import ProviderError as ProviderError
    from tta_rebuild.core.errors import ProviderFault as ProviderFault
    from tta_rebuild.core.errors import ProviderTimeout as ProviderTimeout
    from tta_rebuild.core.errors import SettingsError as SettingsError
    from tta_rebuild.core.errors import StoreError as StoreError
    from tta_rebuild.core.errors import StoryError as StoryError
    from tta_rebuild.core.errors import StreamBroken as StreamBroken
    from tta_rebuild.core.errors import TTAError as TTAError
    from tta_rebuild.core.errors import TTAPrimitiveError as TTAPrimitiveError
    from tta_rebuild.core.errors import ValidationError as ValidationError
    from tta_rebuild.core.story import CharacterSketch as CharacterSketch
    from tta_rebuild.core.story import Choice as Choice
    from tta_rebuild.core.story import Claim as Claim
    from tta_rebuild.core.story import DialogueLine as DialogueLine
    from tta_rebuild.core.story import Passage as Passage
    from tta_rebuild.core.story import Premise as Premise
    from tta_rebuild.core.story import Scene as Scene
    from tta_rebuild.core.usage import Usage as Usage
    from tta_rebuild.engine.action import Action as Action
    from tta_rebuild.engine.session import Session as Session
    from tta_rebuild.engine.state import StoryState as StoryState
    from tta_rebuild.engine.stories import Stories as Stories
    from tta_rebuild.engine.turn_events import ChoicesReady as ChoicesReady
    from tta_rebuild.engine.turn_events import CostReported as CostReported
    from tta_rebuild.engine.turn_events import PassageReleased as PassageReleased
    from tta_rebuild.engine.turn_events import PlayedTurn as PlayedTurn
    from tta_rebuild.engine.turn_events import SceneFinished as SceneFinished
    from tta_rebuild.engine.turn_events import SceneRestarted as SceneRestarted
    from tta_rebuild.engine.turn_events import TurnEvent as TurnEvent
    from tta_rebuild.engine.turn_events import TurnRefused as TurnRefused
    from tta_rebuild.engine.turn_events import TurnStored as TurnStored
    from tta_rebuild.engine.turn_events import TurnWarning as TurnWarning
    from tta_rebuild.integrations import AnthropicProvider as AnthropicProvider
    from tta_rebuild.integrations import GeminiLLMProvider as GeminiLLMProvider
    from tta_rebuild.integrations import LLMConfig as LLMConfig
    from tta_rebuild.integrations import LLMProvider as LLMProvider
    from tta_rebuild.integrations import LLMRequest as LLMRequest
    from tta_rebuild.integrations import LLMResponse as LLMResponse
    from tta_rebuild.integrations import MockLLMProvider as MockLLMProvider
    from tta_rebuild.integrations import OpenAIProvider as OpenAIProvider
    from tta_rebuild.integrations import Price as Price
    from tta_rebuild.integrations import Rates as Rates
    from tta_rebuild.integrations import RequestProvider as RequestProvider
    from tta_rebuild.integrations.llm_provider import StreamEnded as StreamEnded
    from tta_rebuild.integrations.llm_provider import StreamItem as StreamItem
    from tta_rebuild.integrations.llm_provider import TextPiece as TextPiece
    from tta_rebuild.narrative import BranchProposal as BranchProposal
    from tta_rebuild.narrative import BranchValidation as BranchValidation
    from tta_rebuild.narrative import BranchValidatorPrimitive as BranchValidatorPrimitive
    from tta_rebuild.narrative import CharacterInteraction as CharacterInteraction
    from tta_rebuild.narrative import CharacterResponse as CharacterResponse
    from tta_rebuild.narrative import CharacterState as CharacterState
    from tta_rebuild.narrative import CharacterStatePrimitive as CharacterStatePrimitive
    from tta_rebuild.narrative import GeneratedStory as GeneratedStory
    from tta_rebuild.narrative import StoryGenerationInput as StoryGenerationInput
    from tta_rebuild.narrative import StoryGeneratorPrimitive as StoryGeneratorPrimitive
    from tta_rebuild.narrative import TimelineManagerPrimitive as TimelineManagerPrimitive
    from tta_rebuild.narrative import TimelineState as TimelineState
    from tta_rebuild.narrative import TimelineUpdate as TimelineUpdate
    from tta_rebuild.settings import Settings as Settings
    from tta_rebuild.settings import load_settings as load_settings

__version__ = "0.1.0"

_NAMES = """
bootstrap.application: Application open_application
canon: Fact
core: Metaconcept MetaconceptCategory MetaconceptRegistry TTAContext TTAPrimitive
core.errors: BudgetExceededError ContentRefused ExecutionError KeyRejected ModelUnavailable
core.errors: MoveRefused ProviderBusy ProviderError ProviderFault ProviderTimeout SettingsError
core.errors: StoreError StoryError StreamBroken TTAError TTAPrimitiveError ValidationError
core.story: CharacterSketch Choice Claim DialogueLine Passage Premise Scene
core.usage: Usage
engine.action: Action
engine.session: Session
engine.state: StoryState
engine.stories: Stories
engine.turn_events: ChoicesReady CostReported PassageReleased PlayedTurn SceneFinished
engine.turn_events: SceneRestarted TurnEvent TurnRefused TurnStored TurnWarning
integrations: AnthropicProvider GeminiLLMProvider LLMConfig LLMProvider LLMRequest LLMResponse
integrations: MockLLMProvider OpenAIProvider Price Rates RequestProvider
integrations.llm_provider: StreamEnded StreamItem TextPiece
narrative: BranchProposal BranchValidation BranchValidatorPrimitive CharacterInteraction
narrative: CharacterResponse CharacterState CharacterStatePrimitive GeneratedStory
narrative: StoryGenerationInput StoryGeneratorPrimitive TimelineManagerPrimitive TimelineState
narrative: TimelineUpdate
settings: Settings load_settings
"""
"""Module: the names that are to be had from here."""

_HOMES = {
    name: home
    for home, _, names in (line.partition(": ") for line in _NAMES.splitlines())
    for name in names.split()
}

__all__ = sorted(_HOMES)

if not TYPE_CHECKING:  # a checker would take any name that is not there for one that is

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
