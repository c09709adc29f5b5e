"""A story told elsewhere, as a plain text file: ``tta facts`` and ``tta validate`` read it."""

from __future__ import annotations

from pathlib import Path

import typer

MAX_TEXT_BYTES = 2_000_000
"""Largest text that is read: about 350,000 words."""

_HINT = "STORY"


def text_of_file(name: str) -> str | None:
    """The text of the file of that name; None if there is none, so that it names a kept story.

    Raises BadParameter if there is one that cannot be read as a story, and says why.
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
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise typer.BadParameter(
                f"{name} is larger than {MAX_TEXT_BYTES // 1_000_000} MB; give it in parts.",
                param_hint=_HINT,
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise typer.BadParameter(
            f"{name} cannot be read: {error.strerror}.", param_hint=_HINT
        ) from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter(
            f"{name} is not UTF-8 text (byte {error.start:,}); save it as UTF-8.", param_hint=_HINT
        ) from error
    if text.lstrip().startswith("{"):
        raise typer.BadParameter(
            f"{name} holds JSON, not prose; take an exported story in with "
            "'tta stories import FILE' and name it by its id.",
            param_hint=_HINT,
        )
    if not text.strip():
        raise typer.BadParameter(f"{name} is empty.", param_hint=_HINT)
    return text
