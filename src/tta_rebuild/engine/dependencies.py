"""What the engine works with, handed in by ``bootstrap``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from tta_rebuild.engine.recording import RecordingProvider

if TYPE_CHECKING:
    from tta_rebuild.engine.story_code import CodeCheck
    from tta_rebuild.integrations.llm_provider import LLMProvider
    from tta_rebuild.prompts import PromptCatalog
    from tta_rebuild.reading.world_rules import WorldRules
    from tta_rebuild.safety import SafetyGate


Checks: TypeAlias = Literal["all", "choices", "off"]


class Notices:
    """What the player should be told and nobody has told them yet, such as budget marks."""

    def __init__(self) -> None:
        self._waiting: list[str] = []

    def add(self, text: str) -> None:
        """Leave a notice; the next turn shows it."""
        self._waiting.append(text)

    def taken(self) -> list[str]:
        """All that wait, in order; they wait no longer."""
        waiting, self._waiting = self._waiting, []
        return waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The engine's dependencies.

    Attributes:
        provider: the whole provider stack, as one provider.
        catalog: the prompt templates.
        safety: makes the gate for a story's boundaries.
        world_rules: compiles a world's rules, name → text.
        clock: the time now, aware, UTC.
        new_id: a fresh identifier at every call.
        player_id: who plays, for budgets per player.
        session_id: this run of the program, for budgets per session.
        check_code: runs the code found in a scene; None leaves code unchecked.
        notices: shown with the turn in which they come up.
        checks: what a model checks beside the rules: ``all`` reads every scene and its choices
            before they are shown, ``choices`` the choices alone, ``off`` nothing.
        recording: makes the provider that notes what a model replies.
    """

    provider: LLMProvider
    catalog: PromptCatalog
    safety: Callable[[Mapping[str, str]], SafetyGate]
    world_rules: Callable[[Mapping[str, str]], WorldRules]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    player_id: str = "player"
    session_id: str = ""
    checks: Checks = "off"
    recording: Callable[[LLMProvider], RecordingProvider] = RecordingProvider
    notices: Notices = field(default_factory=Notices)
    check_code: CodeCheck | None = None
