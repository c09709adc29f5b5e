"""What was stored, as the tests compare it."""

from __future__ import annotations

from typing import Any

from tta_rebuild.core.events import PlayerActed, RecordedEvent
from tta_rebuild.storage.story_store import StoryStore


async def texts_of(store: StoryStore, branch_id: str) -> list[str]:
    """The player's words on this branch, in order."""
    return [r.event.text async for r in store.read(branch_id) if isinstance(r.event, PlayerActed)]


async def path_of(store: StoryStore, branch_id: str, **bounds: Any) -> list[RecordedEvent]:
    """What this branch's path holds, its ancestors' part included."""
    return [recorded async for recorded in store.read(branch_id, **bounds)]
