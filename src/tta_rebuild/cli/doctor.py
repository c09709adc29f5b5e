"""``tta doctor``: what is configured, what is missing, and what to do about it."""

from __future__ import annotations

import typer


def doctor(ctx: typer.Context) -> None:
    """Say what is set up, and what is missing."""
