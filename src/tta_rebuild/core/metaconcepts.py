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
        "Let events echo what the player wants to work on, as images and situations. "
        "Never diagnose, lecture or turn a scene into an exercise.",
        ["therapeutic", "story_generator", "character_state"],
    ),
    Metaconcept(
        "Promote Self-Compassion",
        _T,
        "When someone fails, let the story answer with understanding and a way on. "
        "Show characters who speak kindly to themselves and are stronger for it.",
        ["therapeutic", "character_state", "story_generator"],
    ),
    Metaconcept(
        "Enable Externalization",
        _T,
        "Give inner troubles a shape outside the person: a weather, a creature, a locked room. "
        "The person is never the problem; the problem is the problem.",
        ["therapeutic", "story_generator"],
    ),
    Metaconcept(
        "Support Re-Authoring",
        _T,
        "Notice the moments that do not fit the sad version of a life, and let the player build "
        "another version from them.",
        ["therapeutic", "story_generator", "timeline_manager"],
    ),
    Metaconcept(
        "Ensure Narrative Quality",
        _N,
        "Write concrete, sensory prose in which every sentence moves something. "
        "Prefer one exact detail to three general ones and never repeat yourself.",
        ["therapeutic", "story_generator", "branch_validator"],
    ),
    Metaconcept(
        "Maintain Chronology",
        _N,
        "Keep causes before effects and everything that became true true until an event ends it. "
        "Mark every step out of the order of time as what it is.",
        ["therapeutic", "story_generator", "timeline_manager", "branch_validator"],
    ),
    Metaconcept(
        "Develop Compelling Characters",
        _N,
        "Give each character a want, a contradiction and a voice of their own. "
        "Let what they do follow from what they have lived through.",
        ["therapeutic", "character_state", "story_generator"],
    ),
    Metaconcept(
        "Create Meaningful Choices",
        _N,
        "Offer choices that lead to different places, cost something and reveal who is choosing. "
        "Never offer two wordings of the same act.",
        ["therapeutic", "story_generator", "branch_validator"],
    ),
    Metaconcept(
        "Balance Tone",
        _N,
        "Let light and dark answer each other: tension is followed by breath, humour never "
        "mocks pain, and the tone fits the theme that was given.",
        ["therapeutic", "story_generator"],
    ),
    Metaconcept(
        "Prioritize Player Agency",
        _S,
        "The player alone decides what the player's character does, says and feels. "
        "Stop where a decision of theirs is due.",
        ["all"],
    ),
    Metaconcept(
        "Respect Player Boundaries",
        _S,
        "What the player has ruled out does not occur, is not hinted at and is not offered. "
        "Where a level is given, stay below it.",
        ["all"],
    ),
    Metaconcept(
        "Provide Content Warnings",
        _S,
        "Before heavy matter that the boundaries still allow, say plainly what is coming so that "
        "the player can turn another way.",
        ["therapeutic", "story_generator", "branch_validator"],
    ),
    Metaconcept(
        "Enable Gentle Pacing",
        _S,
        "Leave quiet between hard moments and never hurry the player. "
        "A scene may simply be a place to rest.",
        ["therapeutic", "story_generator"],
    ),
    Metaconcept(
        "Offer Skip Options",
        _S,
        "Next to a choice that leads into something hard, always offer one that leads around it, "
        "without penalty or reproach.",
        ["therapeutic", "story_generator", "branch_validator"],
    ),
    Metaconcept(
        "Validate Player Experience",
        _S,
        "Take every feeling and decision of the player seriously: the story answers to it "
        "and never ridicules, doubts or corrects it.",
        ["therapeutic", "character_state", "story_generator"],
    ),
    Metaconcept(
        "Maintain Challenge Balance",
        _G,
        "Let obstacles ask for thought and courage that the player has shown to have; "
        "after a defeat open an easier way, after a triumph a harder one.",
        ["story_generator", "branch_validator"],
    ),
    Metaconcept(
        "Support System Adaptation",
        _G,
        "Follow the player's habits: lean towards the kinds of scenes, length and choices that "
        "they take up, and away from those that they pass over.",
        ["story_generator", "timeline_manager"],
    ),
    Metaconcept(
        "Enable Collaborative Play",
        _G,
        "Treat what the player invents as true wherever the world's rules allow, "
        "and build on it in the scenes that follow.",
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
