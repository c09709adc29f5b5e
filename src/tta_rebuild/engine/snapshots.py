"""Taking a story up without reading its whole log: snapshots of the fold, kept beside the log.

A snapshot is a cache that may be missing, old or damaged: it is used only if it is whole, of a
program that folds alike, and belongs to the event at its position; otherwise the log is folded.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from typing import Any

from tta_rebuild.canon.history import HistorySnapshot
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.errors import HistoryNotLoaded, StoreError, StoryError
from tta_rebuild.core.events import EventCodec, RecordedEvent
from tta_rebuild.engine.state import Present, StoryFold, StoryState
from tta_rebuild.storage.story_store import Branch, StoryStore

FOLD = 13
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


async def read_path(store: StoryStore, branch: Branch) -> tuple[list[RecordedEvent], StoryState]:
    """Every event of a branch's path and what they come to. Errors as of ``folded``."""
    events = [recorded async for recorded in store.read(branch.branch_id, upto=branch.length)]
    fold = StoryFold()
    for recorded in events:
        fold.apply(recorded)
    return events, fold.present()


async def keep_snapshot(store: StoryStore, branch: Branch, fold: StoryFold) -> None:
    """Keep where the branch stands now, if that can be done and spares the next reader much."""
    if fold.now.turn - fold.snapshot_turn < TURNS_BETWEEN or fold.last is None:
        return
    fold.snapshot_turn = fold.now.turn
    try:
        text, at = snapshot_text(fold, fold.last), fold.last.position
        await store.save_snapshot(branch.branch_id, at, shape(), text)
    except (StoreError, StoryError) as error:
        _log.debug("no snapshot of %s: %s", branch.branch_id, error)


async def _from_snapshot(store: StoryStore, branch: Branch) -> StoryFold | None:
    try:
        found = await store.latest_snapshot(branch.branch_id, shape(), upto=branch.length)
        kept = _read(found[1]) if found else None
    except (StoreError, ValueError):
        return None  # if the log cannot be read either, reading it will say so
    begin = kept.now.position - 1 if kept else branch.length
    fold = None
    async for recorded in store.read(branch.branch_id, after=begin, upto=branch.length):
        if fold is not None:
            fold.apply(recorded)
        elif kept is None or _mark(recorded) != kept.mark:
            return None
        else:
            fold = StoryFold(kept.now, Canon.restored(kept.canon), recorded)
    return fold


@dataclass(frozen=True, slots=True, kw_only=True)
class _Snapshot:
    mark: str
    now: Present
    canon: HistorySnapshot


def snapshot_text(fold: StoryFold, last: RecordedEvent) -> str:
    """A fold as text: a checksum, then JSON."""
    kept = _Snapshot(mark=_mark(last), now=fold.now, canon=fold.canon.snapshot())
    body = _adapter().dump_json(kept).decode()
    return f"{_digest(body)}\n{body}"


def _read(text: str) -> _Snapshot:
    """The snapshot in a text. Raises ValueError if it is not as it was written."""
    digest, _, body = text.partition("\n")
    if digest != _digest(body):
        raise ValueError("a damaged snapshot")
    kept: _Snapshot = _adapter().validate_json(body)
    return kept


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

    return TypeAdapter(_Snapshot)
