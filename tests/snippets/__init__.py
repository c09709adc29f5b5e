"""Snippets of the kinds that stories hold: one page per kind, valid ones and invalid ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tta_rebuild.quality.story_code import find_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A snippet, its kind, and whether it is one that runs."""

    kind: str
    number: int
    code: str
    is_valid: bool


def examples() -> list[Example]:
    """All of them, by kind, the valid ones of each first."""
    found = []
    for page in sorted(Path(__file__).parent.glob("*.md")):
        valid, _, invalid = page.read_text("utf-8").partition("\n## Invalid\n")
        for part, is_valid in ((valid, True), (invalid, False)):
            for number, snippet in enumerate(find_code(part), start=1):
                found.append(
                    Example(kind=page.stem, number=number, code=snippet.code, is_valid=is_valid)
                )
    return found
