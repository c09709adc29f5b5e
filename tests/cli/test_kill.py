"""A process that is killed leaves whole turns behind, all of them, and a story that goes on."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.alone import ROOT, run_alone

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")


def kill(count: int, tmp_path: Path) -> dict[str, int]:
    done = run_alone(
        tmp_path / "home",
        "-m",
        "tests.cli.killing",
        str(count),
        "20261122",
        str(tmp_path / "stories"),
        timeout_s=60 + 3 * count,
        PYTHONPATH=f"{ROOT / 'src'}:{ROOT}",
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def nothing_was_lost(found: dict[str, int], count: int) -> None:
    assert found["kills"] == count
    assert found["turns"] > 0, "no kill let a turn finish: the test shows nothing"
    assert (found["lost"], found["halves"], found["stuck"]) == (0, 0, 0)
    assert found["unsaid"] <= count


def test_twelve_kills_lose_no_finished_turn(tmp_path: Path) -> None:
    nothing_was_lost(kill(12, tmp_path), 12)


@pytest.mark.stress
def test_two_hundred_kills_lose_no_finished_turn(tmp_path: Path) -> None:
    nothing_was_lost(kill(200, tmp_path), 200)
