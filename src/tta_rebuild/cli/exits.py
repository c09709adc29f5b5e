"""How a command ends: the exit codes, and one clear sentence instead of a traceback.

Used by ``main`` for whatever a command raised. ``TTA_DEBUG=1`` shows where it came from.
"""

from __future__ import annotations

from tta_rebuild.core.errors import (
    BranchNotFound,
    BudgetExceededError,
    CircuitOpen,
    ImportRejected,
    PositionConflict,
    PositionNotFound,
    ProviderBusy,
    ProviderError,
    SettingsError,
    StoreError,
    StoreLocked,
    StoreNewer,
    StoreReadOnly,
    StoryNotFound,
    StreamBroken,
    TTAError,
    UnreadableFile,
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
TERMINATED = 143
PIPE_CLOSED = 141


class NothingThere(TTAError):
    """What was asked for is not in this story; ends with ``NOT_FOUND``."""


class Interrupted(TTAError):
    """Ctrl-C or SIGTERM, and the command has said what is kept."""


class ReaderGone(TTAError):
    """Whoever read the output has gone; ends with ``PIPE_CLOSED`` and without a word."""


_KINDS: dict[int, tuple[type[TTAError], ...]] = {
    NOT_FOUND: (NothingThere, StoryNotFound, BranchNotFound, PositionNotFound),
    USAGE: (ImportRejected, SettingsError, UnreadableFile, ValidationError),
    STORE: (PositionConflict, StoreError),
    MODEL: (ProviderError, BudgetExceededError),
}
"""The first match counts, so the special stand before the general."""

_NEXT_STEPS: dict[type[TTAError] | tuple[type[TTAError], ...], str] = {
    StoryNotFound: "'tta stories' shows the stories that there are.",
    BranchNotFound: "'tta show tree STORY' shows the branches of a story.",
    PositionNotFound: "'tta show timeline STORY' shows the turns of a story.",
    (StoreLocked, StoreReadOnly, StoreNewer): "Another data directory: 'tta --data-dir DIR ...'.",
    (CircuitOpen, ProviderBusy, StreamBroken): (
        "'tta doctor' shows which servers answer; 'tta story' and 'tta play' go on with "
        "'--on-failure wait' or '--on-failure offline'."
    ),
    SettingsError: "'tta doctor' shows every setting.",
}


def exit_code(error: TTAError) -> int:
    """The code that a command ends with after this error."""
    return next((code for code, kinds in _KINDS.items() if isinstance(error, kinds)), FAILED)


def next_step(error: TTAError) -> str:
    """What to do about it, where the message does not say it already; else ""."""
    step = next((step for kinds, step in _NEXT_STEPS.items() if isinstance(error, kinds)), "")
    return "" if step and step.split("'")[1] in str(error) else step
