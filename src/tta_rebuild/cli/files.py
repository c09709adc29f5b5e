"""A text file that a user names as a story of their own."""

from __future__ import annotations

from pathlib import Path

import typer

from tta_rebuild.core.data_files import read_text

MAX_STORY_BYTES = 2_000_000
"""Largest story that is read from a file: about 350,000 words."""


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
