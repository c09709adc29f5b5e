"""How a command ends: the exit codes, and what to do about an error; ``main`` uses both."""

from __future__ import annotations

from tta_rebuild.core import errors
from tta_rebuild.core.errors import TTAError

OK, FAILED, USAGE, NOT_FOUND, STORE, MODEL = range(6)
INTERRUPTED, TERMINATED, PIPE_CLOSED = 130, 143, 141
"""What each of them means, ``tta --help`` says."""


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
