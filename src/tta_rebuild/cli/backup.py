"""``tta backup`` and ``tta restore``: the stories as one file, and back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tta_rebuild.bootstrap import safekeeping
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.opening import settings_for
from tta_rebuild.cli.screen import counted


def backup(
    ctx: typer.Context,
    file: Annotated[Path, take.argument("backup_file")],
    *,
    force: Annotated[bool, take.option("backup_force", "--force")] = False,
    json_: take.AsJson = False,
) -> None:
    """Copy the stories into one file, also while they are played."""
    made = safekeeping.backup(settings_for(ctx.obj, model="offline"), file, overwrite=force)
    told = f"{counted(made.stories, 'story')} in {made.file} ({made.bytes:,} bytes)."
    ctx.obj.screen.answer(_plain(made), json_, lambda screen, _: screen.say(told))


def restore(
    ctx: typer.Context,
    file: Annotated[Path, take.argument("backup_from")],
    *,
    json_: take.AsJson = False,
) -> None:
    """Put a backup in the place of the stories; what was there is kept."""
    now = datetime.now(UTC)
    made = safekeeping.restore(settings_for(ctx.obj, model="offline"), file, now=now)
    told = f"{counted(made.stories, 'story')} restored."
    if made.kept:
        told += f" What was there before is in {made.kept}."
    ctx.obj.screen.answer(_plain(made), json_, lambda screen, _: screen.say(told))


def _plain(made: safekeeping.BackedUp) -> dict[str, object]:
    found = asdict(made) | {"file": str(made.file)}
    return found | {"kept": str(made.kept) if made.kept else None}
