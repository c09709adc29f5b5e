"""Guidance principles that shape prompts without prescribing what happens.

Stands at the bottom: contexts carry them, prompt templates print them, the registry lists them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum


class MetaconceptCategory(Enum):
    """What a principle cares for."""

    THERAPEUTIC = "therapeutic"
    NARRATIVE = "narrative"
    SAFETY = "safety"
    GAME = "game"


@dataclass(frozen=True)
class Metaconcept:
    """One principle, in a sentence or two that a model can act on.

    Attributes:
        scope: the primitive types it speaks to, or ``"all"``.
    """

    name: str
    category: MetaconceptCategory
    description: str
    scope: list[str] = field(hash=False)

    def applies_to(self, primitive_type: str) -> bool:
        """True where the scope holds ``"all"`` or that type."""
        return "all" in self.scope or primitive_type in self.scope


_T, _N = MetaconceptCategory.THERAPEUTIC, MetaconceptCategory.NARRATIVE
_S, _G = MetaconceptCategory.SAFETY, MetaconceptCategory.GAME

_ALL: tuple[Metaconcept, ...] = (
    Metaconcept(
        "Support Therapeutic Goals",
        _T,
        "Echo what the player works on in images and events; never lecture or diagnose.",
        ["therapeutic", "story_generator", "character_state"],
    ),
    Metaconcept(
        "Promote Self-Compassion",
        _T,
        "Let failure meet understanding and a way on.",
        ["therapeutic", "character_state", "story_generator"],
    ),
    Metaconcept(
        "Enable Externalization",
        _T,
        "Give inner troubles a shape outside the person: a weather, a locked room.",
        ["therapeutic", "story_generator"],
    ),
    Metaconcept(
        "Support Re-Authoring",
        _T,
        "Show the moments that do not fit the sad version of a life.",
        ["therapeutic", "story_generator", "timeline_manager"],
    ),
    Metaconcept(
        "Ensure Narrative Quality",
        _N,
        "Write concrete, sensory prose in which every sentence moves something.",
        ["therapeutic", "story_generator", "branch_validator"],
    ),
    Metaconcept(
        "Maintain Chronology",
        _N,
        "Causes come before effects; steps out of the order of time are marked as such.",
        ["therapeutic", "story_generator", "timeline_manager", "branch_validator"],
    ),
    Metaconcept(
        "Develop Compelling Characters",
        _N,
        "Give everyone a want, a contradiction and a voice of their own.",
        ["therapeutic", "character_state", "story_generator"],
    ),
    Metaconcept(
        "Create Meaningful Choices",
        _N,
        "Let choices lead to different places, cost something, reveal who chooses.",
        ["therapeutic", "story_generator", "branch_validator"],
    ),
    Metaconcept(
        "Balance Tone",
        _N,
        "Let light and dark answer each other; humour never mocks pain.",
        ["therapeutic", "story_generator"],
    ),
    Metaconcept(
        "Prioritize Player Agency",
        _S,
        "The player alone decides what their character does, says and feels.",
        ["all"],
    ),
    Metaconcept(
        "Respect Player Boundaries",
        _S,
        "What is ruled out does not occur and is not hinted at; stay below each level.",
        ["all"],
    ),
    Metaconcept(
        "Provide Content Warnings",
        _S,
        "Announce heavy matter plainly before it comes.",
        ["therapeutic", "story_generator", "branch_validator"],
    ),
    Metaconcept(
        "Enable Gentle Pacing",
        _S,
        "Leave quiet between hard moments; a scene may simply be rest.",
        ["therapeutic", "story_generator"],
    ),
    Metaconcept(
        "Offer Skip Options",
        _S,
        "Next to a choice into something hard, offer one around it.",
        ["therapeutic", "story_generator", "branch_validator"],
    ),
    Metaconcept(
        "Validate Player Experience",
        _S,
        "Take every feeling and decision of the player seriously.",
        ["therapeutic", "character_state", "story_generator"],
    ),
    Metaconcept(
        "Maintain Challenge Balance",
        _G,
        "Ease the way after a defeat, steepen it after a triumph.",
        ["story_generator", "branch_validator"],
    ),
    Metaconcept(
        "Support System Adaptation",
        _G,
        "Lean towards the scenes and choices that the player takes up.",
        ["story_generator", "timeline_manager"],
    ),
    Metaconcept(
        "Enable Collaborative Play",
        _G,
        "What the player invents is true wherever the world's rules allow.",
        ["story_generator", "character_state"],
    ),
)


class MetaconceptRegistry:
    """The 18 principles, always in the same order."""

    @classmethod
    def get_all(cls) -> list[Metaconcept]:
        """All of them."""
        return list(_ALL)

    @classmethod
    def get_by_category(cls, category: MetaconceptCategory) -> list[Metaconcept]:
        """Those that care for one thing."""
        return [m for m in _ALL if m.category is category]

    @classmethod
    def get_for_primitive(cls, primitive_type: str) -> list[Metaconcept]:
        """Those whose scope reaches that primitive type."""
        return [m for m in _ALL if m.applies_to(primitive_type)]

    @classmethod
    def get_by_names(cls, names: Iterable[str]) -> list[Metaconcept]:
        """Those named; unknown names are skipped, the registry's order is kept."""
        wanted = set(names)
        return [m for m in _ALL if m.name in wanted]
