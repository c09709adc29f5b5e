"""How a command ends: the exit codes, and one clear sentence instead of a traceback.

Used by ``main`` for whatever a command raised. ``TTA_DEBUG=1`` shows where it came from.
"""

from __future__ import annotations

from tta_rebuild.core.errors import (
    BranchNotFound,
    BudgetExceededError,
    ImportRejected,
    PositionConflict,
    PositionNotFound,
    ProviderError,
    SettingsError,
    StoreError,
    StoreLocked,
    StoreNewer,
    StoreReadOnly,
    StoryNotFound,
    TTAError,
    ValidationError,
)

OK = 0
FAILED = 1
"""The work was done and the answer is no, or it could not be done."""
USAGE = 2
"""A wrong option, an input that cannot be used, or a wrong setting."""
NOT_FOUND = 3
"""No such story, branch, turn or character."""
STORE = 4
"""The place where stories are kept cannot be read or written, or another writer was first."""
MODEL = 5
"""A model could not be reached or would not answer, or a budget is used up."""
INTERRUPTED = 130
"""Ctrl-C; every finished turn is kept."""
PIPE_CLOSED = 141
"""Whoever read the output has gone (``tta stories | head``)."""

# The first match counts, so the special stand before the general.
_CODES: tuple[tuple[type[TTAError], int], ...] = (
    (StoryNotFound, NOT_FOUND),
    (BranchNotFound, NOT_FOUND),
    (PositionNotFound, NOT_FOUND),
    (ImportRejected, USAGE),
    (SettingsError, USAGE),
    (ValidationError, USAGE),
    (PositionConflict, STORE),
    (StoreError, STORE),
    (ProviderError, MODEL),
    (BudgetExceededError, MODEL),
)

_ELSEWHERE = "Another data directory: 'tta --data-dir DIR ...'."

_NEXT_STEPS: tuple[tuple[type[TTAError], str], ...] = (
    (StoryNotFound, "'tta stories' shows the stories that there are."),
    (BranchNotFound, "'tta show tree STORY' shows the branches of a story."),
    (PositionNotFound, "'tta show timeline STORY' shows the turns of a story."),
    (StoreLocked, _ELSEWHERE),
    (StoreReadOnly, _ELSEWHERE),
    (StoreNewer, _ELSEWHERE),
    (SettingsError, "'tta doctor' shows every setting."),
)


class NothingThere(TTAError):
    """What was asked for is not in this story; ends with ``NOT_FOUND``."""


class ReaderGone(TTAError):
    """Whoever read the output has gone; ends with ``PIPE_CLOSED`` and without a word."""


def exit_code(error: TTAError) -> int:
    """The code that a command ends with after this error."""
    if isinstance(error, NothingThere):
        return NOT_FOUND
    return next((code for kind, code in _CODES if isinstance(error, kind)), FAILED)


def next_step(error: TTAError) -> str:
    """What to do about it, where the message does not say it already; else ""."""
    for kind, step in _NEXT_STEPS:
        if isinstance(error, kind):
            command = step.split("'")[1]
            return "" if command in str(error) else step
    return ""
