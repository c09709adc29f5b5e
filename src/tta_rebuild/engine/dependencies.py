"""What the engine works with, handed in by ``bootstrap``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from tta_rebuild.core.events import CodeVerdictNoted

if TYPE_CHECKING:
    from tta_rebuild.integrations.llm_provider import LLMProvider
    from tta_rebuild.prompts import PromptCatalog
    from tta_rebuild.reading.world_rules import WorldRules
    from tta_rebuild.safety import SafetyGate

Checks: TypeAlias = Literal["all", "choices", "off"]
CodeCheck: TypeAlias = Callable[[str], Awaitable[tuple[CodeVerdictNoted, ...]]]
"""A scene's text → one verdict per block of code in it; run where it can do no harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The engine's dependencies.

    Attributes:
        provider: the whole provider stack, as one provider.
        safety, world_rules: make the gate for a story's boundaries, and compile its rules.
        clock, new_id: the time now (aware, UTC), and a fresh identifier at every call.
        player_id, session_id: who plays, in which run of the program; for budgets.
        checks: what a model checks beside the rules before it is shown: ``all`` scenes and choices,
            the ``choices`` alone, or nothing (``off``).
        notices: what the player should be told (budget marks); the next turn shows and clears it.
        check_code: runs the code found in a scene; None leaves code unchecked.
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
    notices: list[str] = field(default_factory=list)
    check_code: CodeCheck | None = None
