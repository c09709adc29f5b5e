"""Whatever the documentation shows, works: its programs run, its commands exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.alone import run_alone
from tools.record_session import sample, told

from tta_rebuild.storyteller.scene_file import read_world

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Page and line of each block in a language, and its text."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            if match.group(1) == language:
                line = text.count("\n", 0, match.start()) + 1
                yield f"{page.relative_to(ROOT)}:{line}", match.group(2)


PROGRAMS = dict(blocks("python"))


@pytest.mark.parametrize("where", PROGRAMS)
def test_every_program_in_the_documentation_runs(where: str, tmp_path: Path) -> None:
    program = tmp_path / "block.py"
    program.write_text(PROGRAMS[where], encoding="utf-8")

    done = run_alone(tmp_path / "home", str(program))

    assert done.returncode == 0, f"{where}\n{done.stdout}\n{done.stderr}"


def commands() -> Iterator[tuple[str, str]]:
    for language in ("console", "sh", "bash", "shell"):
        for where, text in blocks(language):
            joined = text.replace("\\\n", " ")
            for line in joined.splitlines():
                shown = line.strip().removeprefix("$ ")
                if shown.startswith("tta "):
                    yield where, shown


@pytest.mark.parametrize(("where", "shown"), list(commands()))
def test_every_command_in_the_documentation_exists(where: str, shown: str) -> None:
    from typer.main import get_command

    from tta_rebuild.cli import app as cli

    command: Any = get_command(cli.app)
    options = {name for p in command.params for name in p.opts}
    plain_part = re.split(r"\s[|><&]", shown)[0]
    for word in shlex.split(plain_part, comments=True)[1:]:
        inner = getattr(command, "commands", None)
        if word.startswith("--"):
            assert word.split("=")[0] in options | {"--help"}, f"{where}: {shown}: {word}"
        elif inner and word in inner:
            is_first = command.name in (None, "tta", "root")
            command = cli.command(word) if is_first else command.get_command(None, word)
            options |= {name for p in command.params for name in p.opts}
        elif inner and command.name in (None, "tta", "root") and not word.startswith("-"):
            previous = shown.split(word)[0].rstrip()
            assert previous.endswith("--data-dir"), f"{where}: no command '{word}' in: {shown}"


def test_the_documentation_shows_programs_and_commands() -> None:
    assert PROGRAMS
    assert list(commands())


def test_the_sample_of_the_readme_is_what_its_command_tells() -> None:
    command, shown = sample((ROOT / "README.md").read_text(encoding="utf-8"))

    assert shown == told(command, shown), "the storyteller tells it otherwise now: make recording"
    assert "--seed" in command
    assert "\n> 1\n" in shown, "a played turn begins with a move"


def test_the_sample_of_the_readme_is_about_its_world() -> None:
    command, shown = sample((ROOT / "README.md").read_text(encoding="utf-8"))
    world = read_world(shlex.split(command)[shlex.split(command).index("--world") + 1])
    opening, turn = shown.split("\n> 1\n")

    subjects = {word for word in re.findall(r"\w+", world.about) if len(word) > 4} - {"there"}
    assert len(subjects & set(re.findall(r"\w+", opening))) >= 2
    assert "behind the door" in " ".join(opening.split()).lower() or "door" in turn


def test_every_yes_of_the_comparison_names_a_guide_page_that_exists() -> None:
    rows = re.findall(r"^\| (?!-)(.+?) \| (.+?) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    ours = {what: says for what, says in rows if says.startswith("yes")}

    assert len(ours) >= 6
    for what, says in ours.items():
        [page] = re.findall(r"\]\((docs/[\w-]+\.md)\)", says) or [""]
        assert (ROOT / page).is_file(), f"{what}: {says}"
