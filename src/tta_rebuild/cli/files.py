"""Text files that a user names: read whole, with a clear word where that cannot be."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

MAX_STORY_BYTES = 2_000_000
"""Largest story that is read from a file: about 350,000 words."""


def read_text(name: str | Path, *, max_bytes: int, hint: str) -> str:
    """The text of a UTF-8 file, or of standard input for ``-``.

    Args:
        hint: the option or argument that named it.

    Raises:
        BadParameter: it cannot be read, is too large, or is no text; and what to do.
    """
    try:
        if str(name) == "-":
            text = sys.stdin.read(max_bytes + 1)
            size = len(text)
        else:
            size = Path(name).stat().st_size
            text = Path(name).read_text(encoding="utf-8-sig") if size <= max_bytes else ""
    except OSError as error:
        problem = error.strerror or str(error)
        raise typer.BadParameter(f"{name} cannot be read: {problem}.", param_hint=hint) from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter(
            f"{name} is not UTF-8 text (byte {error.start:,}); nothing was read. Save it as UTF-8.",
            param_hint=hint,
        ) from error
    if size > max_bytes:
        raise typer.BadParameter(
            f"{name} is larger than {max_bytes // 1_000_000} MB; give it in parts.",
            param_hint=hint,
        )
    return text


def story_text(name: str) -> str | None:
    """The text of a file that holds a story; None if there is no such file: a kept story is meant.

    Raises BadParameter if there is one that cannot be read as a story, and says why.
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
    text = "" if problem else read_text(path, max_bytes=MAX_STORY_BYTES, hint="STORY")
    if text.lstrip().startswith("{"):
        problem = (
            f"{name} holds JSON, not prose; take an exported story in with "
            "'tta stories import FILE' and name it by its id."
        )
    if problem or not text.strip():
        raise typer.BadParameter(problem or f"{name} is empty.", param_hint="STORY")
    return text
