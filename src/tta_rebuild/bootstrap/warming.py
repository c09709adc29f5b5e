"""Loads what the first turns of a server would load, so that no player waits for it.

Grammar, word lists, worlds, learned models and patterns are read when something first needs them:
a tenth of a second each. A server plays a short story to itself before, in a thread, and reads the
plots that a premise may be told by.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import count

from tta_rebuild.bootstrap.guards import safety_gate, world_rules
from tta_rebuild.core.errors import TTAError
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.stories import Stories
from tta_rebuild.storage.memory_store import MemoryStoryStore

PREMISE = Premise(
    theme="A keeper finds a door under the stairs of the lighthouse, and a letter behind it.",
    boundaries={"violence": "low"},
    seed=1,
)
MOVES = (
    Action.begin(),
    Action.choose(1),
    Action.say("I open the door and ask who is there."),
    Action.end(),
)


def load_storytelling() -> None:
    """Play a story that nobody sees, told by the embedded storyteller and kept nowhere.

    Takes a second and a half; to be called in a thread of its own, not in one with a running loop.
    """
    from tta_rebuild.storyteller.matter_kind import plots_without_asking
    from tta_rebuild.storyteller.scene_file import read_world

    asyncio.run(_played())
    for name in plots_without_asking():
        read_world(f"plots/{name}")


async def _played() -> None:
    from tta_rebuild.prompts import PromptCatalog
    from tta_rebuild.storyteller import OfflineProvider

    ids = count()
    dependencies = Dependencies(
        provider=OfflineProvider(),
        catalog=PromptCatalog.load(),
        safety=safety_gate,
        world_rules=world_rules,
        clock=lambda: datetime.now(UTC),
        new_id=lambda: f"{next(ids)}",
    )
    session = await Stories(dependencies, MemoryStoryStore()).open(PREMISE)
    for move in MOVES:
        try:
            await session.turn(move)
        except TTAError:  # what was asked for cannot be done there: what it takes was loaded
            continue
