"""What a runner notes of its turns, in a small file beside the stories or in memory.

A note is there after the process was killed. It is no part of a story: what a turn stored is in
the log alone, so the file may be lost, and a loss of power may lose its last notes.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

Note: TypeAlias = Mapping[str, Any]
"""``turn_id``, ``story_id``, ``ended_at`` (microseconds, None while it runs), and the rest."""

FILE_ENDING = ".turns"

_log = logging.getLogger("tta_rebuild.turns")

_TABLE = """
CREATE TABLE IF NOT EXISTS turns (
    number INTEGER PRIMARY KEY, turn_id TEXT NOT NULL UNIQUE, story_id TEXT NOT NULL,
    ended_at INTEGER, note TEXT NOT NULL
)"""
_WRITE = """
INSERT INTO turns (turn_id, story_id, ended_at, note) VALUES (?, ?, ?, ?)
ON CONFLICT (turn_id) DO UPDATE SET ended_at = excluded.ended_at, note = excluded.note"""


class NoteFile:
    """Notes by turn; ``path`` None keeps them in memory.

    A write is a fraction of a millisecond: nothing is forced to the disk. Words that were
    overwritten or removed do not stay in the file. What cannot be noted, on a full disk, is said
    in the log: a turn does not end by it.
    """

    def __init__(self, path: Path | None) -> None:
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None)
        for pragma in ("journal_mode = TRUNCATE", "synchronous = OFF", "secure_delete = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(_TABLE)
        if path is not None:
            path.chmod(0o600)

    def write(self, note: Note) -> None:
        """Keep a note in place of the one of the same turn."""
        row = (note["turn_id"], note["story_id"], note["ended_at"])
        with self._noting():
            self._connection.execute(_WRITE, (*row, json.dumps(note)))

    def read(self) -> Sequence[Note]:
        """All notes, the oldest turn first."""
        rows = self._connection.execute("SELECT note FROM turns ORDER BY number")
        return [json.loads(text) for (text,) in rows]

    def forget(self, *, before: int | None = None, story_id: str = "") -> None:
        """Drop the notes of turns that ended ``before`` then, or of a story."""
        with self._noting():
            if before is not None:
                self._connection.execute("DELETE FROM turns WHERE ended_at < ?", (before,))
            if story_id:
                self._connection.execute("DELETE FROM turns WHERE story_id = ?", (story_id,))

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            _log.warning("turns cannot be noted, after a kill they are not known: %s", error)

    def close(self) -> None:
        """Release the file; safe to call twice."""
        self._connection.close()
