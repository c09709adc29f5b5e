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


def exit_code(error: TTAError) -> int:
    """The code that a command ends with after this error."""
    return next((code for kind, code in _KINDS.items() if isinstance(error, kind)), FAILED)


def next_step(error: TTAError) -> str:
    """What to do about it, where the message does not say it already; else ""."""
    from tta_rebuild.core.data_files import packaged_toml

    steps = packaged_toml("tta_rebuild.cli", "words")["next_steps"]
    step = next(
        (steps[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in steps), ""
    )
    return "" if step and step.split("'")[1] in str(error) else step
