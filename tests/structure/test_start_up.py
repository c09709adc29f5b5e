"""A command loads what it needs and nothing else: what must not creep back into its start."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tta_rebuild.cli.app import COMMANDS, command
from tta_rebuild.core.events import StoryOpened
from tta_rebuild.core.story import Premise
from tta_rebuild.storage.sqlite_list import listed
from tta_rebuild.storage.story_store import StoryStore

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)

_LOADED = """
import sys
if len(sys.argv) > 1:
    from tta_rebuild.cli.main import main
    assert main(sys.argv[1:]) == 0
else:
    import tta_rebuild
print("LOADED", *sys.modules)
"""


def loaded(*arguments: str) -> set[str]:
    """The modules in memory after ``import tta_rebuild``, or after a command without a model."""
    run = subprocess.run(
        [sys.executable, "-c", _LOADED, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        env={"TTA_MODEL": "offline", "PYTHONPATH": "src"},
        cwd=Path(__file__).parents[2],
    )
    return set(run.stdout.rpartition("LOADED ")[2].split())


def played(data_dir: Path) -> set[str]:
    theme = "A lighthouse keeper finds a door."
    return loaded("--data-dir", str(data_dir), "play", "--theme", theme)


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"asyncio", "pydantic", "sqlite3", "typer", "rich", "yaml", "opentelemetry"}

    assert not heavy & loaded()


def test_help_loads_no_command_and_nothing_heavy() -> None:
    found = loaded("--help")

    assert not {"asyncio", "pydantic", "sqlite3", "rich", "yaml", "opentelemetry"} & found
    assert not {f"tta_rebuild.cli.{module}" for module, _ in COMMANDS.values()} & found


def test_listing_stories_loads_no_storyteller_and_no_canon(
    tmp_path: Path,
) -> None:
    played(tmp_path)
    found = loaded("--data-dir", str(tmp_path), "stories")

    assert "tta_rebuild.cli.stories" in found
    assert not {"yaml", "opentelemetry"} & found
    assert not [name for name in found if name.startswith(("tta_rebuild.canon", "tta_rebuild.eng"))]


def test_a_first_story_is_played_without_a_server_and_without_a_model(
    tmp_path: Path,
) -> None:
    found = played(tmp_path)

    assert "tta_rebuild.engine.session" in found
    unused = {"asyncpg", "genai_prices", "openai", "anthropic", "redis"}
    assert not {*unused, "google.genai", "tta_rebuild.bootstrap.stack_builder"} & found


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_help_tells_of_each_command_what_it_says_of_itself(name: str) -> None:
    assert COMMANDS[name][1] == (command(name).help or "").strip().partition("\n")[0]


async def test_the_quick_list_of_stories_is_the_store_s_own(tmp_path: Path) -> None:
    assert listed(tmp_path) == listed(tmp_path / "missing") == []
    async with await StoryStore.open(tmp_path) as store:
        for number in range(3):
            opened = [StoryOpened(premise=Premise(theme=f"Story {number}"))]
            await store.create_story(f"s{number}", f"Story {number}", opened, at=NOON)
        rows = await store.stories()

        assert listed(tmp_path) is None, "while somebody writes, the store is asked"
    assert listed(tmp_path) == rows
    assert [row.story_id for row in rows] == ["s2", "s1", "s0"]


def test_the_quick_list_leaves_a_file_that_is_no_database_to_the_store(tmp_path: Path) -> None:
    assert listed(Path(__file__)) is None, "a file in place of the directory"
    (tmp_path / "stories.db").write_text("no database")
    assert listed(tmp_path) is None

    (tmp_path / "stories.db").rename(tmp_path / "stories.db-wal")
    assert listed(tmp_path) is None, "a log without its file"


def test_the_base_install_is_at_most_thirty_packages_and_none_of_the_heavy_ones() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    waiting = [Requirement(text) for text in project["project"]["dependencies"]]
    installed: set[str] = {"tta-rebuild"}
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name not in installed:
            installed.add(name)
            for text in requires(name) or ():
                further = Requirement(text)
                asked = [{"extra": extra} for extra in (*wanted.extras, "")]
                if further.marker is None or any(further.marker.evaluate(e) for e in asked):
                    waiting.append(further)

    assert len(installed) <= 30, sorted(installed)
    assert not installed & {"numpy", "genai-prices", "openai", "httpx", "sqlalchemy"}
