"""Thins out a log: what says the same in other figures passes once in a while."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

EVERY_S = 10.0
"""How often a kind of line passes, seconds."""

_KIND_LENGTH = 60
_MOST_KINDS = 100
_FIGURES = re.compile(r"\d+")


class OncePerKind(logging.Filter):
    """Lets one line of a kind and level pass each ``EVERY_S``.

    Lines are of a kind whose first sixty characters are the same but for figures.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        """``now`` gives seconds of a clock that never goes back."""
        super().__init__()
        self._now = now
        self._passed: dict[tuple[int, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record passes."""
        at = self._now()
        kind = (record.levelno, _FIGURES.sub("", record.getMessage())[:_KIND_LENGTH])
        last = self._passed.get(kind)
        if last is not None and at - last < EVERY_S:
            return False
        if len(self._passed) >= _MOST_KINDS:
            self._passed.clear()
        self._passed[kind] = at
        return True
