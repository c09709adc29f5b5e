"""Files that a user names: a text as a story of their own, and premises, one a line."""

from __future__ import annotations

from contextlib import suppress
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
    path, problem, exists = Path(name), "", False
    with suppress(OSError):  # such as a name that is too long for one
        exists = path.exists()
    if not exists:
        problem = f"there is no file '{name}'."
    elif path.is_dir():
        problem = f"'{name}' is a folder; name one text file in it."
    if problem and path.suffix not in (".txt", ".md", ".markdown") and len(path.parts) < 2:
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
    premises = []
    content = read_text(path, max_bytes=MAX_PREMISES_BYTES)
    for number, line in enumerate(content.splitlines(), 1):
        text, source, name = line.strip(), f"--premises, line {number}", str(number)
        if text.startswith("{"):
            found = parse_json(text, source)
            name = str(found.get("id", number))
            themes = [found[k] for k in _THEME_KEYS if isinstance(found.get(k), str)]
            if not themes:
                missing = 'there is no "premise" (or "theme") with a text in this line.'
                raise typer.BadParameter(missing, param_hint=source)
            text = themes[0]
        elif not text:
            continue
        premises.append(NamedPremise(name, text, source))
    if not premises:
        raise typer.BadParameter(f"{path} holds no premise.", param_hint="--premises")
    return premises
