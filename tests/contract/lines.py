"""How many lines (bullets) each section of the narrative contract has.

A test is marked ``@pytest.mark.contract("section#bullet")``; ``page#1`` is the sentence above all
sections. ``test_every_line`` and ``make figures SET=story`` hold tests and lines against each
other, and these counts against the page itself where it lies beside the checkout.
"""

from __future__ import annotations

import os
from pathlib import Path

LINES = {
    "page": 1,
    "base_primitive": 3,
    "metaconcepts": 4,
    "llm_provider": 5,
    "story_generator": 9,
    "timeline_manager": 8,
    "character_state": 10,
    "branch_validator": 11,
    "short": 6,
}


def all_lines() -> set[str]:
    """Every line, as ``section#bullet``."""
    return {f"{section}#{n + 1}" for section, count in LINES.items() for n in range(count)}


def page() -> Path | None:
    """The contract page, if it lies beside this checkout."""
    root = Path(__file__).resolve().parents[2]
    data = Path(os.environ.get("TTA_SHARED_DATA") or root.parent / "shared" / "data")
    found = data.parent / "design" / "contract.md"
    return found if found.is_file() else None


def lines_of(text: str) -> set[str]:
    """The lines of a contract page, as ``section#bullet``."""
    lines, section, number = {"page#1"}, "", 0
    for line in text.splitlines():
        if line.startswith("## "):
            section, number = line.split()[1].rsplit(".", 1)[-1].lower(), 0
        elif line.startswith("- ") and section:
            number += 1
            lines.add(f"{section}#{number}")
    return lines
