"""Taking a story up without reading its whole log: snapshots of the fold, kept beside the log.

The log is the story; a snapshot is a cache that may be missing, old or damaged at any time. It is
used only if it is whole, was made by a program that folds in the same way, and belongs to the event
at its position in the log; otherwise the log is folded from its beginning. Beside the present it
holds the last entry of every slot of the canon, as text that is read when its subject comes up.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from typing import Any

from tta_rebuild.canon.history import HistorySnapshot
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.errors import HistoryNotLoaded, StoreError, StoryError
from tta_rebuild.core.events import EventCodec, RecordedEvent
from tta_rebuild.engine.state import Present, StoryFold
from tta_rebuild.storage.story_store import Branch, StoryStore

FOLD = 4
"""Rises when the same events fold to something else than before."""

TURNS_BETWEEN = 20
"""Turns after which the next snapshot is due: what is read of the log at most, as a rule."""

_log = logging.getLogger(__name__)


async def folded(store: StoryStore, branch: Branch) -> StoryFold:
    """The fold of a branch's path, from a snapshot or whole. Raises StoreDamaged, StoreNewer."""
    try:
        found = await _from_snapshot(store, branch)
    except HistoryNotLoaded:  # an author took back something from before the snapshot
        found = None
    return found or await folded_whole(store, branch)


async def folded_whole(store: StoryStore, branch: Branch) -> StoryFold:
    """The fold of a branch's whole path, for questions about its past. Errors as of ``folded``."""
    fold = StoryFold()
    async for recorded in store.read(branch.branch_id, upto=branch.length):
        fold.apply(recorded)
    return fold


async def keep_snapshot(store: StoryStore, branch: Branch, fold: StoryFold) -> None:
    """Keep where the branch stands now, if that can be done and spares the next reader much."""
    if fold.now.turn - fold.snapshot_turn < TURNS_BETWEEN or fold.last is None:
        return
    fold.snapshot_turn = fold.now.turn
    try:
        await store.save_snapshot(
            branch.branch_id, fold.last.position, shape(), snapshot_text(fold, fold.last)
        )
    except (StoreError, StoryError) as error:
        _log.debug("no snapshot of %s: %s", branch.branch_id, error)


async def _from_snapshot(store: StoryStore, branch: Branch) -> StoryFold | None:
    try:
        found = await store.latest_snapshot(branch.branch_id, shape(), upto=branch.length)
    except StoreError:
        return None  # if the log cannot be read either, reading it will say so
    mark, fold = _read(found[1]) if found else ("", None)
    if fold is None:
        return None
    begin = fold.now.position - 1
    async for recorded in store.read(branch.branch_id, after=begin, upto=branch.length):
        if fold.last is not None:
            fold.apply(recorded)
        elif _mark(recorded) != mark:
            return None
        else:
            fold.last = recorded
    return fold


def snapshot_text(fold: StoryFold, last: RecordedEvent) -> str:
    """A fold as text: a checksum, the present, then one line for each subject of the canon."""
    canon = fold.canon.snapshot()
    head = {"mark": _mark(last), "turns": canon.turns, "turn_began_at": canon.turn_began_at}
    subjects = (f"{json.dumps(name)}\t{text}" for name, text in sorted(canon.subjects.items()))
    body = "\n".join([json.dumps(head), _adapter().dump_json(fold.now).decode(), *subjects])
    return f"{_digest(body)}\n{body}"


def _read(text: str) -> tuple[str, StoryFold | None]:
    """The mark and the fold in a snapshot's text; None if it is not as it was written."""
    digest, _, body = text.partition("\n")
    if digest != _digest(body):
        return "", None
    first, second, *lines = body.split("\n")
    head = json.loads(first)
    try:
        now: Present = _adapter().validate_json(second)
    except ValueError:
        return "", None  # of another shape, although it has the same name
    entries = (line.partition("\t") for line in lines)
    subjects = {json.loads(subject): said for subject, _, said in entries}
    mark = head.pop("mark")
    canon = HistorySnapshot(position=now.position, subjects=subjects, **head)
    return mark, StoryFold(now, Canon.restored(canon))


def _mark(recorded: RecordedEvent) -> str:
    """Tells an event at its place from every other one."""
    stored, at = EventCodec().to_json(recorded.event), recorded.at.astimezone(UTC)
    return _digest(f"{recorded.position} {recorded.turn} {at.isoformat()} {stored}")


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


@cache
def shape() -> str:
    """The name under which the snapshots of this program are kept."""
    return f"present/{FOLD}/{version('tta-rebuild')}"


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter  # heavy: only needed once a snapshot is read or written

    return TypeAdapter(Present)
