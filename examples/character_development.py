"""One character through the four stages of an arc: emotion, goals, relationships, memory.

Runs without a key and without a network: the embedded storyteller speaks. Hand the primitive any
other provider, or none, and the rules that move the character stay the same.

    python examples/character_development.py
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import tta_rebuild as tta
from tta_rebuild.storyteller import OfflineProvider

MIRA = tta.CharacterState(
    character_id="mira",
    name="Mira",
    personality_traits={"brave": 0.7, "kind": 0.8},
    development_goals={"asking for help": 0.1},
)

ARC = (
    (
        "setup",
        "Mira finds the lamp of the lighthouse gone out, and nobody there to tell.",
        "fear",
        [],
    ),
    (
        "development",
        "Old Tom offers to help her carry the oil, and she lets him.",
        "hope",
        ["old_tom"],
    ),
    (
        "climax",
        "A bitter conflict with Tom over the broken stair, while the ship comes nearer.",
        "conflict",
        ["old_tom"],
    ),
    (
        "resolution",
        "They light the lamp together. Tom thanks her, and she thanks him.",
        "joy",
        ["old_tom"],
    ),
)


async def main() -> None:
    """Lead Mira through her arc."""
    context = tta.TTAContext(
        workflow_id="lighthouse",
        correlation_id="example",
        timestamp=datetime.now(UTC),
        metaconcepts=["Develop Compelling Characters", "Promote Self-Compassion"],
        player_boundaries={"violence": "low"},
    )
    characters = tta.CharacterStatePrimitive(llm_provider=OfflineProvider(), states=[MIRA])
    for stage, scene, trigger, others in ARC:
        characters.update_arc_stage("mira", stage)
        response = await characters.execute(
            tta.CharacterInteraction(
                character_id="mira",
                scene_context=scene,
                emotional_trigger=trigger,
                interacting_with=others,
                story_events=[scene],
                development_opportunity="asking for help" if others else None,
            ),
            context,
        )
        print(f"[{stage}] {scene}")
        print(f"  Mira is {response.emotion} and says: {response.dialogue}")
        print(f"  She thinks: {response.internal_monologue}")
        for other, change in response.relationship_changes.items():
            value = characters.get_relationship("mira", other)
            print(f"  {other}: {change:+.2f}, now {value:+.2f}")
        for goal, progress in response.development_progress.items():
            print(f"  goal '{goal}': {progress:.0%}")
        print(f"  next: {response.suggested_arc_direction}\n")
    mira = characters.get_character("mira")
    assert mira is not None
    print(f"Mira remembers {len(mira.memory)} things, the last one: {mira.memory[-1]}")


if __name__ == "__main__":
    asyncio.run(main())
