"""What the character primitive takes and gives: a state, an interaction, a response.

Callers import these names from ``character_state`` or from the package.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from tta_rebuild.core.errors import ValidationError
from tta_rebuild.core.story import ARC_STAGES
from tta_rebuild.narrative.inputs import is_blank


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class CharacterState:
    """A character now. Traits and goals lie in [0, 1], relationships in [-1, 1].

    ``memory`` holds the most recent story events, newest last. Raises ValidationError for an id
    that is none, an unknown stage and figures outside their range.
    """

    character_id: str
    name: str
    personality_traits: dict[str, float] = field(default_factory=dict)
    emotional_state: str = "neutral"
    development_goals: dict[str, float] = field(default_factory=dict)
    relationships: dict[str, float] = field(default_factory=dict)
    memory: list[str] = field(default_factory=list)
    arc_stage: str = "setup"
    last_updated: datetime = field(default_factory=_now)

    def __post_init__(self) -> None:
        if is_blank(self.character_id):
            raise ValidationError("character_id is required")
        if self.arc_stage not in ARC_STAGES:
            raise ValidationError(
                f"Invalid arc stage {self.arc_stage!r}: must be one of {', '.join(ARC_STAGES)}"
            )
        for name, figures, least in (
            ("personality_traits", self.personality_traits, -1.0),
            ("development_goals", self.development_goals, 0.0),
            ("relationships", self.relationships, -1.0),
        ):
            for key, value in figures.items():
                if not isinstance(value, (int, float)) or not least <= value <= 1.0:
                    raise ValidationError(
                        f"{name}: {key!r} must lie between {least:g} and 1, not {value!r:.60}"
                    )


@dataclass(frozen=True, slots=True)
class CharacterInteraction:
    """What a character just went through."""

    character_id: str
    scene_context: str
    emotional_trigger: str | None = None
    interacting_with: list[str] = field(default_factory=list)
    story_events: list[str] = field(default_factory=list)
    development_opportunity: str | None = None


@dataclass(frozen=True, slots=True)
class CharacterResponse:
    """How the character took it.

    Attributes:
        development_progress: all goals and how far they are, [0, 1].
        relationship_changes: other's id → how much the relationship moved.
        consistency_score: [0, 1]; how well the emotion follows from the one before.
        personality_alignment: [0, 1]; how well the emotion fits the traits, 1.0 without any.
        degraded: "" or, in plain words, why a model was not used although there is one.
    """

    character_id: str
    dialogue: str
    internal_monologue: str
    emotion: str
    development_progress: dict[str, float]
    relationship_changes: dict[str, float]
    suggested_arc_direction: str
    consistency_score: float
    personality_alignment: float
    degraded: str = ""
