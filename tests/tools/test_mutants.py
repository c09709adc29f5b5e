"""The search for faults that no test notices, on a room of two functions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tools.mutants import mutants

TOOL = Path(__file__).parents[2] / "tools" / "mutants.py"
ROOM = """LIMIT = 3


def fits(count: int) -> bool:
    return count < LIMIT


def untested(count: int) -> bool:
    return not count
"""
TESTS = """from tta_rebuild.room.counting import fits


def test_two_fit_and_ten_do_not() -> None:
    assert fits(2) is True
    assert fits(10) is False
"""


def test_what_no_test_notices_is_listed_and_what_one_notices_is_only_counted(
    tmp_path: Path,
) -> None:
    for name, text in {
        "src/tta_rebuild/__init__.py": "",
        "src/tta_rebuild/room/counting.py": ROOM,
        "tests/room/test_counting.py": TESTS,
        "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["src"]\n',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    told = subprocess.run(
        [sys.executable, TOOL, "room"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout

    assert "counting.py:5 (1 tests)\n  -    return count < LIMIT\n  +    return (count <= " in told
    assert "counting.py:1 (1 tests)\n  -LIMIT = 3\n  +LIMIT = 4" in told
    assert "counting.py:9 (0 tests)\n  -    return not count\n  +    return None" in told
    assert told.endswith("counting.py: made 5, killed 1, survived 4\n")
    assert (tmp_path / "src/tta_rebuild/room/counting.py").read_text() == ROOM


@pytest.mark.parametrize(
    ("code", "faulty"),
    [
        ("while x and y: x -= 1", {"while ((x) or (y)): x -= 1", "while x and y: x += 1"}),
        ("for x in y: continue", {"for x in y: pass"}),
        ('x: list[3] = f"{1}"', set()),
        ("def f(): return None", set()),
        ("é = a if b else c", {"é = (c if b else a)"}),
        ("await f(min(x, y))", {"pass", "await f(max(x, y))"}),
        ("if x not in y: raise", {"if (x in y): raise", "if x not in y: pass"}),
    ],
)
def test_a_mutant_differs_in_one_place(code: str, faulty: set[str]) -> None:
    assert faulty <= {text for _, _, text in mutants(code)}
    assert bool(faulty) == bool(list(mutants(code)))
