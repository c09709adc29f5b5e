"""Every example runs to its end, without a key and without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.alone import run_alone

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_runs(example: Path, tmp_path: Path) -> None:
    done = run_alone(tmp_path / "home", str(example))

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.strip(), "an example shows something"


def test_the_four_first_examples_are_there() -> None:
    first = {
        "basic_story.py",
        "branching_narrative.py",
        "character_development.py",
        "complete_workflow_demo.py",
    }

    assert first <= {path.name for path in EXAMPLES}
