"""``tta models``: what is configured, with prices, quotas and health."""

from __future__ import annotations

import typer


def models(ctx: typer.Context) -> None:
    """Show models, prices, quotas and health."""
