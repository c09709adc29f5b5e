"""How a command ends: the exit codes, and what to do about an error; ``main`` uses both."""

from __future__ import annotations

from typing import Any

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import TTAError

OK, FAILED = 0, 1
INTERRUPTED, TERMINATED, PIPE_CLOSED = 130, 143, 141
"""What each of them means, ``tta --help`` says."""


class NothingThere(TTAError):
    """What was asked for is not in this story."""


class Interrupted(TTAError):
    """Ctrl-C or SIGTERM, and the command has said what is kept."""


class ReaderGone(TTAError):
    """Whoever read the output has gone; ends with ``PIPE_CLOSED`` and without a word."""


def exit_code(error: BaseException) -> int:
    """The code that a command ends with after this error."""
    return int(_told_of(error, "exit_codes") or FAILED)


def next_step(error: BaseException) -> str:
    """What to do about it, where the message does not say it already; else ""."""
    step: str = _told_of(error, "next_steps") or ""
    return "" if step and step.split("'")[1] in str(error) else step


def _told_of(error: BaseException, table: str) -> Any:
    """What a table of ``data/words.toml`` says of the error's class, or of the nearest above it."""
    told = packaged_toml("tta_rebuild.cli", "words")[table]
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((told[name] for name in names if name in told), None)
