"""Premises from a file, one a line: JSON objects, or plain sentences.

``tta story --premises FILE`` reads through here. The whole file is checked before the first story
begins, so that a mistake in line 90 does not cost the 89 before it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from tta_rebuild.cli.story_options import theme_of

MAX_FILE_BYTES = 50_000_000
_KEYS = ("premise", "theme", "prompt")


@dataclass(frozen=True, slots=True)
class Line:
    """A premise and its name: the ``id`` in the file, or the number of its line."""

    name: str
    theme: str


def read_premises(path: Path) -> list[Line]:
    """All premises of a file (``-`` is standard input), in order; empty lines are passed over.

    Raises BadParameter that names the line.
    """
    lines = []
    for number, text in enumerate(_text(path).splitlines(), 1):
        if text.strip():
            lines.append(_line(text.strip(), number, source=f"--premises, line {number}"))
    if not lines:
        raise typer.BadParameter(f"{path} holds no premise.", param_hint="--premises")
    return lines


def _text(path: Path) -> str:
    try:
        if str(path) == "-":
            return sys.stdin.read(MAX_FILE_BYTES)
        if path.stat().st_size > MAX_FILE_BYTES:
            raise typer.BadParameter(
                f"{path} is larger than {MAX_FILE_BYTES // 1_000_000} MB.",
                param_hint="--premises",
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise typer.BadParameter(
            f"{path} cannot be read: {error.strerror}.", param_hint="--premises"
        ) from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter(
            f"{path} is not UTF-8 text (byte {error.start:,}); save it as UTF-8.",
            param_hint="--premises",
        ) from error


def _line(text: str, number: int, *, source: str) -> Line:
    if not text.startswith("{"):
        return Line(str(number), theme_of(text, source=source))
    try:
        found = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"this is not JSON: {error}.", param_hint=source) from error
    theme = next((found[key] for key in _KEYS if isinstance(found.get(key), str)), None)
    if theme is None:
        raise typer.BadParameter(
            'there is no "premise" (or "theme") with a text in this line.', param_hint=source
        )
    return Line(str(found.get("id", number)), theme_of(theme, source=source))
