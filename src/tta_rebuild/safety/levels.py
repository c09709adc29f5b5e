"""The words for how much of something a player allows.

Asked by ``safety.gate``. A level names the heaviest matter that may be shown: nothing at all, what
only touches the subject, what shows it, or everything.
"""

from __future__ import annotations

import re

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import ValidationError

NONE, LOW, MEDIUM, HIGH = "none", "low", "medium", "high"

THRESHOLDS: dict[str, int] = {NONE: 1, LOW: 2, MEDIUM: 3, HIGH: 4}
"""Level → the weight from which on a text is held back (4: nothing is)."""


def level_of(category: str, level: object) -> str:
    """The level that a word or value means: ``none``, ``low``, ``medium`` or ``high``.

    Raises:
        ValidationError: it means none of these.
    """
    key = re.sub(r"[\s-]+", "_", str(level).strip().casefold())
    meant = packaged_toml("tta_rebuild.safety", "words")["levels"].items()
    found = next((name for name, words in meant if key in words.split()), None)
    if level is None or found is None:
        raise ValidationError(
            f"boundary {category}={level}: the level must be none, low, medium or high "
            "(off, mild, moderate, strong, yes and no are understood too)"
        )
    return str(found)
