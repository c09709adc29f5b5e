"""The words for how much of something a player allows.

Asked by ``safety.gate``. A level names the heaviest matter that may be shown: nothing at all, what
only touches the subject, what shows it, or everything.
"""

from __future__ import annotations

import re

from tta_rebuild.core.errors import ValidationError

NONE, LOW, MEDIUM, HIGH = "none", "low", "medium", "high"

THRESHOLDS: dict[str, int] = {NONE: 1, LOW: 2, MEDIUM: 3, HIGH: 4}
"""Level → the weight from which on a text is held back (4: nothing is)."""

_WORDS: dict[str, str] = {
    NONE: "none no off never zero 0 false avoid avoided exclude excluded forbid forbidden block "
    "blocked ban banned hide hidden nothing disallow disallowed without not_at_all not_allowed",
    LOW: "low mild light little minimal minimum slight soft gentle 1 a_little hinted implied "
    "low_level fade_to_black",
    MEDIUM: "medium moderate mid middle average 2 balanced medium_level",
    HIGH: "high strong full on yes true allow allowed any all unlimited intense explicit graphic "
    "heavy maximum max 3 everything ok okay unrestricted no_limit",
}
_LEVELS: dict[str, str] = {word: level for level, words in _WORDS.items() for word in words.split()}


def level_of(category: str, level: object) -> str:
    """The level that a word or value means: ``none``, ``low``, ``medium`` or ``high``.

    Raises:
        ValidationError: it means none of these.
    """
    key = re.sub(r"[\s-]+", "_", str(level).strip().casefold())
    found = None if level is None else _LEVELS.get(key)
    if found is None:
        raise ValidationError(
            f"boundary {category}={level}: the level must be none, low, medium or high "
            "(off, mild, moderate, strong, yes and no are understood too)"
        )
    return found
