"""A story told elsewhere, as a plain text file: ``tta facts`` and ``tta validate`` read it."""

from __future__ import annotations

from pathlib import Path

import typer

from tta_rebuild.core.data_files import read_text

MAX_TEXT_BYTES = 2_000_000
"""Largest text that is read: about 350,000 words."""

_HINT = "STORY"


def text_of_file(name: str) -> str | None:
    """The text of the file of that name; None if there is none, so that it names a kept story.

    Raises BadParameter or UnreadableFile if there is one that is no story, and says why.
    """
    path = Path(name)
    looks_like_a_file = path.suffix in (".txt", ".md", ".markdown") or len(path.parts) > 1
    try:
        if not path.exists():
            if looks_like_a_file:
                raise typer.BadParameter(f"there is no file '{name}'.", param_hint=_HINT)
            return None
        if path.is_dir():
            if looks_like_a_file:
                raise typer.BadParameter(
                    f"'{name}' is a folder; name one text file in it.", param_hint=_HINT
                )
            return None
    except OSError as error:  # a name that no file can have
        raise typer.BadParameter(
            f"{name} cannot be read: {error.strerror}.", param_hint=_HINT
        ) from error
    text = read_text(path, max_bytes=MAX_TEXT_BYTES)
    if text.lstrip().startswith("{"):
        raise typer.BadParameter(
            f"{name} holds JSON, not prose; take an exported story in with "
            "'tta stories import FILE' and name it by its id.",
            param_hint=_HINT,
        )
    if not text.strip():
        raise typer.BadParameter(f"{name} is empty.", param_hint=_HINT)
    return text
