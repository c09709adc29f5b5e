"""Premises from a file, one a line: JSON objects, or plain sentences.

``tta story --premises FILE`` reads through here. The whole file is checked before the first story
begins, so that a mistake in line 90 does not cost the 89 before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from tta_rebuild.core.data_files import parse_json, read_text

MAX_FILE_BYTES = 50_000_000
_KEYS = ("premise", "theme", "prompt")


@dataclass(frozen=True, slots=True)
class NamedPremise:
    """A theme, its name (the ``id`` in the file, or its line's number), and where it stands."""

    name: str
    theme: str
    source: str


def read_premises(path: Path) -> list[NamedPremise]:
    """All premises of a file (``-`` is standard input), in order; empty lines are passed over.

    Raises UnreadableFile, or BadParameter that names the line.
    """
    lines = []
    content = read_text(path, max_bytes=MAX_FILE_BYTES)
    for number, text in enumerate(content.splitlines(), 1):
        if text.strip():
            lines.append(_line(text.strip(), number, source=f"--premises, line {number}"))
    if not lines:
        raise typer.BadParameter(f"{path} holds no premise.", param_hint="--premises")
    return lines


def _line(text: str, number: int, *, source: str) -> NamedPremise:
    if not text.startswith("{"):
        return NamedPremise(str(number), text, source)
    found = parse_json(text, source)
    theme = next((found[key] for key in _KEYS if isinstance(found.get(key), str)), None)
    if theme is None:
        raise typer.BadParameter(
            'there is no "premise" (or "theme") with a text in this line.', param_hint=source
        )
    return NamedPremise(str(found.get("id", number)), theme, source)
