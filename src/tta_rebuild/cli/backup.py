"""``tta backup`` and ``tta restore``: the stories as one file, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tta_rebuild.bootstrap import safekeeping
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.opening import settings_for
from tta_rebuild.cli.screen import counted, message


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
    screen = ctx.obj.screen
    screen.answer(_plain(made), json_, lambda screen, _: screen.say(told))
    for name, values in _access_told(made):
        screen.note(message(name, **values), "yellow")


def _access_told(made: safekeeping.BackedUp) -> Iterator[tuple[str, dict[str, str]]]:
    """What to say of who may come in now: the name of a message, and its values."""
    access = made.access
    kept = [*access.revoked, *([counted(access.links, "reading link")] if access.links else [])]
    if kept:
        yield "restore_revoked", {"names": ", ".join(kept)}
    links = access.unchecked_links
    good = [*access.unchecked, *([counted(links, "reading link")] if links else [])]
    if good:
        yield "restore_good_again", {"names": ", ".join(good)}
    if access.gone:
        yield "restore_gone", {"names": ", ".join(access.gone)}


def _plain(made: safekeeping.BackedUp) -> dict[str, object]:
    found = asdict(made) | {"file": str(made.file)}
    return found | {"kept": str(made.kept) if made.kept else None}
