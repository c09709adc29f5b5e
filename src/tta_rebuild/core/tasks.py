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

The flat shape of the contract (``narrative_text`` instead of ``passages``) is understood too. What
a ``scene`` request carries is listed at ``narrative``'s ``StoryGenerationInput``, whose fields have
the same names here but for ``style`` and ``preferences``; ``boundaries`` and ``metaconcepts`` come
from the context. ``continue_scene`` goes on from the last good sentence: ``told_so_far`` is what of
the scene the player has read, ``withheld`` the sentence that was held back, ``contradiction`` why.

The ``characters`` of a scene, and the ``character`` who is to say or think something, have any of
``{"character_id", "name", "description", "pronouns", "emotion", "arc_stage": str,
"is_player": bool, "traits", "goals", "relationships": {str: float}, "memory": [str]}``; where there
is any, ``"beliefs": [str]`` (what they hold or said to be so, and is not), and for somebody who is
to say or think something ``"mood": str`` and ``"bonds": [str]``, both in words.

``dialogue`` and ``monologue`` (what the character says, thinks) are answered by plain text, one or
two sentences, no quotation marks, no name before it; ``branch_check`` and ``reading`` in the shapes
of ``prompts/schemas``, one judgement per proposal in order, with scores in [0, 1]. A citation of a
reading is the number of a line, ``K`` and that number (somebody cannot know it), ``R``, ``B`` or
``P`` and a number (a rule, a boundary, another of the passages), the id of somebody in the cast,
``MOVE`` or ``PLAYER``. ``care`` (are the player's own words a cry for help?) is answered by
``{"need": "harm" | "danger" | "none"}``. ``judgement`` (how good is a scene) is answered by marks
from 1 to 5.
"""

from __future__ import annotations

from typing import Literal

Task = Literal[
    "scene", "continue_scene", "dialogue", "monologue", "branch_check", "reading", "care",
    "judgement",
]  # fmt: skip
