"""What the tests of the storage share: a fixed clock and events to store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tta_rebuild.core.events import Event, FactAsserted, PlayerActed, SceneTold, StoryOpened
from tta_rebuild.core.story import Choice, Claim, Passage, Premise, Scene
from tta_rebuild.storage.story_store import StoryStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Told:
    """Makes times and events; ``turn`` gives what one turn stores."""

    noon = NOON
    choice = Choice(text="Open the blue door")

    @staticmethod
    def at(minutes: float = 0) -> datetime:
        return NOON + timedelta(minutes=minutes)

    @staticmethod
    def opening(theme: str = "a lighthouse") -> list[Event]:
        return [StoryOpened(premise=Premise(theme=theme, rules={"no_magic": "no magic allowed"}))]

    @staticmethod
    def act(text: str) -> PlayerActed:
        return PlayerActed(text=text)

    @staticmethod
    def scene(text: str) -> SceneTold:
        return SceneTold(scene=Scene(scene_id="s", passages=(Passage(text=text),)))

    @classmethod
    def turn(cls, action: str, scene: str = "The wind rose over the water.") -> list[Event]:
        claim = Claim(subject="keeper", relation="located_in", value="stairs")
        return [cls.act(action), cls.scene(scene), FactAsserted(claim=claim)]


@pytest.fixture(scope="session")
def told() -> type[Told]:
    return Told


@pytest.fixture
async def sqlite_store(tmp_path: Path) -> AsyncIterator[StoryStore]:
    async with await StoryStore.open(tmp_path, clock=Told.at) as store:
        yield store


@pytest.fixture
async def played(tmp_path: Path, told: type[Told]) -> Path:
    """A data directory with a story of three turns; closed."""
    async with await StoryStore.open(tmp_path) as store:
        branch = await store.create_story("sea", "Sea", told.opening(), at=told.noon)
        for turn in (1, 2, 3):
            await store.append(
                branch.branch_id, turn, told.turn(f"I {turn}"), expected=3 * turn - 2, at=told.noon
            )
    return tmp_path
