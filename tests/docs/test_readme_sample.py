"""The played turn that the README begins with is what its command tells."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.alone import run_alone

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_command_of_the_readme_tells_the_turn_that_it_shows(tmp_path: Path) -> None:
    shown = re.search(r"```console\n\$ tta (story [^\n]+)\n```\n\n```text\n(.*?)```", README, re.S)
    assert shown is not None
    words = shlex.split(shown.group(1))
    done = run_alone(tmp_path, "-m", "tta_rebuild", "--data-dir", str(tmp_path / "d"), *words)

    told = " ".join(done.stdout.split())
    assert " ".join(shown.group(2).split()) in told, f"paste this into the README:\n{done.stdout}"
