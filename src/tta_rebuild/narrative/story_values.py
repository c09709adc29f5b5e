"""What the story generator takes and gives: where the story stands, the scene, its pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tta_rebuild.core.story import Choice, DialogueLine, LastingLine, Passage
from tta_rebuild.integrations.llm_provider import LLMResponse


@dataclass(frozen=True, slots=True)
class StoryGenerationInput:
    """Where the story stands. The first six are required; the engine fills in the rest.

    Attributes:
        theme: at least 3 characters.
        timeline_position: the place in story time, from 0; ``turn`` is 1 for the opening scene.
        stage, should_end: the arc's stage to serve; whether the story ends with this scene.
        action: what the player just did, in their words; ``chosen`` the choice taken, as offered.
        facts, characters: what holds now and matters, those present, as in ``core.tasks``.
        lines: lasting lines that matter now, each with its number and who knows it.
        writes_lines: whether the storyteller gives lasting lines; else a second reader does.
        recent, notes: the last scenes' texts (at most 20, oldest first); what the last reply noted.
        seed: of the story; with ``turn`` it decides everything random.
    """

    theme: str
    universe_id: str
    timeline_position: int
    active_characters: list[str]
    previous_context: str
    player_preferences: dict[str, Any]
    narrative_style: str = "balanced"
    turn: int = 0
    stage: str = ""
    should_end: bool = False
    action: str = ""
    chosen: Mapping[str, Any] | None = None
    facts: Sequence[Mapping[str, Any]] = ()
    lines: Sequence[str] = ()
    cast: Sequence[str] = ()
    recent: Sequence[str] = ()
    recalled: Sequence[str] = ()
    rules: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    title: str = ""
    world: str = ""
    plot: str = ""
    language: str = "en"
    writes_lines: bool = True
    characters: Sequence[Mapping[str, Any]] = ()
    story_id: str = ""
    branch_id: str = ""


@dataclass(frozen=True, slots=True)
class GeneratedStory:
    """A scene as the model told it, not yet checked by anybody.

    Attributes:
        story_branches: ``{"choice", "consequence"}`` each; ``choices``: those fit to be offered.
        quality_score: [0, 1], see ``quality.score``.
        lines: lasting lines that the storyteller wrote; ``ended_lines``: numbers that it ended.
        degraded: "" or, in plain words, what was not as it should be (shown to the player).
        told_by: ``provider:model``; ``reply`` is the text of its ``response``.
        request_key, prompt_version: of the first of so many ``requests``.
    """

    scene_id: str
    narrative_text: str
    dialogue: list[DialogueLine]
    setting_description: str
    emotional_tone: str
    story_branches: list[dict[str, str]]
    quality_score: float
    passages: tuple[Passage, ...] = ()
    choices: tuple[Choice, ...] = ()
    lines: tuple[LastingLine, ...] = ()
    ended_lines: tuple[int, ...] = ()
    happened: str = ""
    degraded: str = ""
    is_ending: bool = False
    notes: Mapping[str, Any] = field(default_factory=dict)
    told_by: str = ""
    reply: str = ""
    response: LLMResponse | None = None
    requests: int = 1
    request_key: str = ""
    prompt_version: str = ""


def untold(why: str) -> GeneratedStory:
    """A reply that tells nothing."""
    return GeneratedStory("", "", [], "", "", [], 0.0, degraded=why)


@dataclass(frozen=True, slots=True)
class DraftRestarted:
    """Forget all passages so far: the scene begins anew."""

    reason: str


StoryItem: TypeAlias = Passage | DraftRestarted | GeneratedStory
"""A passage is complete; all so far is to be forgotten; the last item is the scene as a whole."""
