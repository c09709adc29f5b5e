"""The list of stories as ``tta stories`` shows it, without opening the store where that will do."""

from __future__ import annotations

from collections.abc import Sequence

from tta_rebuild.settings import Settings
from tta_rebuild.storage.sqlite_list import listed
from tta_rebuild.storage.story_rows import StoryRow


def listed_stories(settings: Settings) -> Sequence[StoryRow] | None:
    """All stories, the latest played first; None if the store has to be opened for it."""
    return None if settings.database_url else listed(settings.data_dir)
