"""3: every line of the contract page has a test that runs and passes.

The tests are run here and now; which line a test holds is said by its mark, which lines there are
by the page itself (or, where that does not lie beside the checkout, by the committed counts).
"""

from __future__ import annotations

import io
from collections import defaultdict
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from tests.contract.lines import all_lines, lines_of, page

from benchmarks.figures import Row


class _Outcomes:
    """A pytest plugin that notes which lines passed, failed or were skipped."""

    def __init__(self) -> None:
        self.lines: dict[str, list[str]] = {}
        self.outcomes: dict[str, set[str]] = defaultdict(set)
        self.tests = 0

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        for item in items:
            self.lines[item.nodeid] = [m.args[0] for m in item.iter_markers("contract")]

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.tests += 1
            for line in self.lines.get(report.nodeid, ()):
                self.outcomes[line].add(report.outcome)


def measure(quick: bool) -> list[Row]:
    root = Path(__file__).resolve().parents[2]
    seen = _Outcomes()
    with redirect_stdout(io.StringIO()):
        pytest.main([str(root / "tests" / "contract"), "--rootdir", str(root)], plugins=[seen])
    found = page()
    lines = lines_of(found.read_text("utf-8")) if found else all_lines()
    held = {line for line in lines if seen.outcomes.get(line) == {"passed"}}
    short = ", ".join(sorted(lines - held))
    return [
        Row(
            number="3",
            what="lines of the contract page with a passing test"
            + ("" if found else " (page absent: committed counts)"),
            measured=f"{len(held)} of {len(lines)} ({seen.tests} tests)"
            + (f"; not: {short}" if short else ""),
            bound="all",
            ok=held == lines,
        )
    ]
