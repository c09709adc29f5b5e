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


_KINDS = (
    (NOT_FOUND, (NothingThere, errors.StoryNotFound, errors.BranchNotFound)),
    (NOT_FOUND, errors.PositionNotFound),
    (USAGE, (errors.ImportRejected, errors.SettingsError)),
    (USAGE, (errors.UnreadableFile, errors.ValidationError)),
    (STORE, (errors.PositionConflict, errors.StoreError)),
    (MODEL, (errors.ProviderError, errors.BudgetExceededError)),
)
"""The first match counts, so the special stand before the general."""


def exit_code(error: BaseException) -> int:
    """The code that a command ends with after this error."""
    return next((code for code, kinds in _KINDS if isinstance(error, kinds)), FAILED)


def next_step(error: BaseException) -> str:
    """What to do about it, where the message does not say it already; else ""."""
    from tta_rebuild.core.data_files import packaged_toml

    steps = packaged_toml("tta_rebuild.cli", "words")["next_steps"]
    step = next(
        (steps[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in steps), ""
    )
    return "" if step and step.split("'")[1] in str(error) else step
