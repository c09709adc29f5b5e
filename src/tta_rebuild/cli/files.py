"""Files that a user names: a text as a story of their own, and premises, one a line."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import typer

from tta_rebuild.core.data_files import parse_json, read_text

MAX_STORY_BYTES = 2_000_000
"""Largest story that is read from a file: about 350,000 words."""
MAX_PREMISES_BYTES = 50_000_000
_THEME_KEYS = ("premise", "theme", "prompt")


def story_text(name: str) -> str | None:
    """The text of a file that holds a story; None if there is no such file: a kept story is meant.

    Raises BadParameter or UnreadableFile if there is one that is no story, and says why.
    """
    path = Path(name)
    looks_like_a_file = path.suffix in (".txt", ".md", ".markdown") or len(path.parts) > 1
    try:
        problem = f"'{name}' is a folder; name one text file in it." if path.is_dir() else ""
        exists = path.exists()
    except OSError:  # such as a name that is too long for one
        problem, exists = "", False
    if not exists:
        problem = f"there is no file '{name}'."
    if problem and not looks_like_a_file:
        return None
    text = "" if problem else read_text(path, max_bytes=MAX_STORY_BYTES)
    if text.lstrip().startswith("{"):
        problem = (
            f"{name} holds JSON, not prose; take an exported story in with "
            "'tta stories import FILE' and name it by its id."
        )
    if problem or not text.strip():
        raise typer.BadParameter(problem or f"{name} is empty.", param_hint="STORY")
    return text


class NamedPremise(NamedTuple):
    """A theme, its name (the ``id`` in the file, or its line's number), and where it stands."""

    name: str
    theme: str
    source: str


def read_premises(path: Path) -> list[NamedPremise]:
    """All premises of a file (``-`` is standard input), in order; empty lines are passed over.

    A line is a JSON object or a plain sentence. The whole file is checked before the first story
    begins. Raises UnreadableFile, or BadParameter that names the line.
    """
    lines = []
    content = read_text(path, max_bytes=MAX_PREMISES_BYTES)
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
    theme = next((found[key] for key in _THEME_KEYS if isinstance(found.get(key), str)), None)
    if theme is None:
        raise typer.BadParameter(
            'there is no "premise" (or "theme") with a text in this line.', param_hint=source
        )
    return NamedPremise(str(found.get("id", number)), theme, source)
