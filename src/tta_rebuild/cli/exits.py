"""How a command ends: the exit codes, and what to do about an error; ``main`` uses both."""

from __future__ import annotations

from tta_rebuild.core import errors
from tta_rebuild.core.errors import TTAError

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


_KINDS: dict[type[TTAError], int] = {
    NothingThere: NOT_FOUND,
    errors.StoryNotFound: NOT_FOUND,
    errors.BranchNotFound: NOT_FOUND,
    errors.PositionNotFound: NOT_FOUND,
    errors.ImportRejected: USAGE,
    errors.SettingsError: USAGE,
    errors.UnreadableFile: USAGE,
    errors.ValidationError: USAGE,
    errors.PositionConflict: STORE,
    errors.StoreError: STORE,
    errors.ProviderError: MODEL,
    errors.BudgetExceededError: MODEL,
}
"""The first match counts, so the special stand before the general."""

_OTHER_PLACE = "Another data directory: 'tta --data-dir DIR ...'."
_WITHOUT_IT = (
    "'tta doctor' shows which servers answer; 'tta story' and 'tta play' go on with "
    "'--on-failure wait' or '--on-failure offline'."
)
_NEXT_STEPS: dict[type[TTAError], str] = {
    errors.StoryNotFound: "'tta stories' shows the stories that there are.",
    errors.BranchNotFound: "'tta show tree STORY' shows the branches of a story.",
    errors.PositionNotFound: "'tta show timeline STORY' shows the turns of a story.",
    errors.StoreLocked: _OTHER_PLACE,
    errors.StoreReadOnly: _OTHER_PLACE,
    errors.StoreNewer: _OTHER_PLACE,
    errors.CircuitOpen: _WITHOUT_IT,
    errors.ProviderBusy: _WITHOUT_IT,
    errors.StreamBroken: _WITHOUT_IT,
    errors.SettingsError: "'tta doctor' shows every setting.",
}


def exit_code(error: TTAError) -> int:
    """The code that a command ends with after this error."""
    return next((code for kind, code in _KINDS.items() if isinstance(error, kind)), FAILED)


def next_step(error: TTAError) -> str:
    """What to do about it, where the message does not say it already; else ""."""
    step = next((step for kind, step in _NEXT_STEPS.items() if isinstance(error, kind)), "")
    return "" if step and step.split("'")[1] in str(error) else step
