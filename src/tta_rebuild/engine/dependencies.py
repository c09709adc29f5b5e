"""What the engine works with, handed in by ``bootstrap``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from tta_rebuild.core.events import CodeVerdictNoted, VariantAssigned
from tta_rebuild.safety.care import CarePolicy

if TYPE_CHECKING:
    from tta_rebuild.integrations.llm_provider import LLMProvider
    from tta_rebuild.prompts import PromptCatalog
    from tta_rebuild.reading.world_rules import WorldRules
    from tta_rebuild.safety import SafetyGate

Checks: TypeAlias = Literal["all", "choices", "off"]
CodeCheck: TypeAlias = Callable[[str], Awaitable[tuple[CodeVerdictNoted, ...]]]
"""A scene's text → one verdict per block of code in it; run where it can do no harm."""


async def _nothing_spent() -> None:
    """Where nothing keeps a ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantStack:
    """Another stack than the usual one, for stories that an experiment gives to its model."""

    provider: LLMProvider
    checks: Checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What the engine works with.

    ``provider`` is the whole stack as one provider. ``safety`` and ``world_rules`` make the gate
    for a story's boundaries and compile its rules; ``clock`` gives the time (aware, UTC),
    ``new_id`` a new identifier. ``player_id`` and ``session_id`` are for budgets. ``checks`` is
    what a model checks beside the rules: scenes and choices (``all``), ``choices`` alone, or
    nothing (``off``); ``check_code`` runs the code in a scene. The next turn shows the ``notices``,
    once. ``care`` is how a player in need is cared for. ``assign`` gives the variant of a new story
    by its id, ``tellers`` the stacks of models that variants name, or that a story may choose.
    ``settle`` is awaited before a turn is stored: it has what was spent kept in the ledger, or
    raises StoreError.
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
    care: CarePolicy = field(default_factory=CarePolicy)
    assign: Callable[[str], VariantAssigned | None] = lambda story_id: None
    tellers: Mapping[str, VariantStack] = field(default_factory=dict)
    settle: Callable[[], Awaitable[None]] = _nothing_spent
