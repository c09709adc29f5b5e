"""The list of stories straight from a SQLite file: opening an application takes longer than that.

It answers only where nothing is out of the ordinary; everything else is for ``StoryStore``.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from tta_rebuild.storage.migrations import HEAD
from tta_rebuild.storage.story_rows import StoryRow, as_story

FILE_NAME = "stories.db"

LATEST_FIRST = "SELECT * FROM stories ORDER BY updated_at DESC, number DESC"


def listed(data_dir: Path) -> Sequence[StoryRow] | None:
    """As ``StoryStore.stories`` gives them; None if the store has to be asked itself."""
    try:
        there = os.listdir(data_dir)
    except FileNotFoundError:
        return []
    except OSError:
        return None
    if not any(name.startswith(FILE_NAME) for name in there):
        return []
    address = f"file:{quote(str((data_dir / FILE_NAME).absolute()))}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=0)) as connection:
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            in_use = connection.execute("PRAGMA user_version").fetchone()[0]
            if revision != [(HEAD,)] or in_use:
                return None
            connection.row_factory = sqlite3.Row
            return [as_story(row) for row in connection.execute(LATEST_FIRST)]
    except sqlite3.Error:
        return None
