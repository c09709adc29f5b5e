"""What the engine asks a storyteller to do, and what each request carries, as plain JSON.

The shape of a scene reply, from a model and from the embedded storyteller alike::

    {"passages": [{"facts": [CLAIM, ...], "text": str, "speaker": str = "", "emotion": str = ""}],
     "setting_description": str, "emotional_tone": str,
     "story_branches": [{"choice": str, "consequence": str, "effects": [CLAIM], "affects": [id]}],
     "is_ending": bool, "notes": {...}, "scene_id": str (optional), "dialogue": [LINE] (optional),
     "happened": str (optional), "lines": [LASTING] (optional), "ended": [int] (optional)}
    CLAIM = {"subject": str, "relation": str, "value": str, "ends": bool = false}
    LASTING = {"text": str, "about": [id], "known_by": [id], "weight": 1 | 2 | 3}
    LINE = {"character_id": str, "text": str, "emotion": str}

The flat shape of the contract (``narrative_text`` instead of ``passages``) is understood too. The
other tasks are answered by

- ``dialogue`` and ``monologue`` (what the character says, thinks): plain text, one or two
  sentences, no quotation marks, no name before it;
- ``branch_check``: ``{"branches": [{"contradictions": [{"message": str, "fact": str}],
  "meaningfulness": float, "character_alignment": float, "suggestion": str}]}``, scores in [0, 1],
  one entry per proposal in order;
- ``reading``: ``{"objections": [{"passage": int, "cites": str, "words": str, "why": str}],
  "choices": [{"choice": int, "cites": str, "why": str}], "lines": [LASTING with its "passage"],
  "ended": [int]}``. A citation is the number of a line, ``K`` and that number (somebody cannot
  know it), ``R``, ``B`` or ``P`` and a number (a rule, a boundary, another of the passages), the
  id of somebody in the cast, ``MOVE`` or ``PLAYER``.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Task = Literal["scene", "continue_scene", "dialogue", "monologue", "branch_check", "reading"]


class CharacterVariables(TypedDict, total=False):
    """One present character, as they are now."""

    character_id: str
    name: str
    description: str
    pronouns: str
    traits: dict[str, float]
    is_player: bool
    emotion: str
    goals: dict[str, float]
    relationships: dict[str, float]
    arc_stage: str
    memory: list[str]


class SceneVariables(TypedDict, total=False):
    """Task ``scene``: tell the next scene; the answer is a scene reply.

    Attributes:
        turn: 1 for the opening scene.
        stage, should_end: the arc's stage to serve; whether the story ends with this scene.
        action: what the player just did, in their words ("" on turn 1).
        chosen: the choice taken, as offered, or None after free words.
        facts: what holds now and matters, as CLAIMs (see the module's text).
        lines: lasting lines that matter now, each with its number and who knows it.
        writes_lines: whether the storyteller gives lasting lines; else a second reader does.
        recent: the texts of the last scenes, oldest first (at most 20, bounded in size).
        notes: what the previous scene's reply had under ``notes`` ({} on turn 1).
        seed: the story's seed; ``turn`` and this decide everything random.
    """

    theme: str
    title: str
    world: str
    seed: int
    turn: int
    stage: str
    should_end: bool
    style: str
    universe_id: str
    timeline_position: int
    characters: list[CharacterVariables]
    action: str
    chosen: dict[str, Any] | None
    previous_context: str
    recent: list[str]
    recalled: list[str]
    facts: list[dict[str, Any]]
    lines: list[str]
    cast: list[str]
    language: str
    writes_lines: bool
    rules: dict[str, str]
    boundaries: dict[str, str]
    metaconcepts: list[str]
    preferences: dict[str, Any]
    notes: dict[str, Any]


class ContinueSceneVariables(SceneVariables, total=False):
    """Task ``continue_scene``: go on from the last good sentence; the answer is a scene reply.

    Attributes:
        told_so_far: what of this scene the player has already read.
        withheld, contradiction: the sentence that was held back; in plain words, why.
    """

    told_so_far: str
    withheld: str
    contradiction: str
