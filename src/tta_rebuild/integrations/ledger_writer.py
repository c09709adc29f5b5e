"""Writes ledger rows behind the calls that they belong to, in order, none lost.

The cost tracker hands rows in without waiting: a row must not be lost because its call is being
cancelled, and a player must not wait for a disk. Rows of a moment are written together; so at most
``LINGER_S`` and one write's worth of them is not yet safe against a crash.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from itertools import islice

from tta_rebuild.core.clock import Clock, Timer
from tta_rebuild.core.errors import StoreError
from tta_rebuild.core.usage import Attempt, Ledger

_log = logging.getLogger("tta_rebuild.ledger")

MOST_AT_ONCE = 500
LINGER_S = 0.5
"""How long a row waits for others to be written with it, seconds."""


class LedgerWriter:
    """Keeps attempts until the ledger has them."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._book_all = getattr(ledger, "book_all", None)  # several rows in one transaction
        self._clock = clock
        self._timer: Timer | None = None
        self._pending: deque[Attempt] = deque()
        self._task: asyncio.Task[None] | None = None
        self._failure: StoreError | None = None

    def add(self, attempt: Attempt) -> None:
        """Take a row; it is written soon, or with the next one where no event loop runs."""
        self._pending.append(attempt)
        if self._timer is None:
            with suppress(RuntimeError):  # no event loop
                self._timer = self._clock.call_later(LINGER_S, self._start)

    async def flush(self) -> None:
        """Wait until every row is kept. Raises StoreError; the rows stay and can be tried again."""
        while self._pending:
            self._failure = None
            self._start()
            if self._task is not None:
                await asyncio.shield(self._task)
            if self._failure is not None:
                raise self._failure

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._pending:
                if self._book_all is not None:
                    rows = list(islice(self._pending, MOST_AT_ONCE))
                    await self._book_all(rows)
                else:
                    rows = [self._pending[0]]
                    await self._ledger.book(rows[0])
                for _ in rows:
                    self._pending.popleft()
            self._failure = None
        except StoreError as error:
            if self._failure is None:
                kept = f"{len(self._pending)} rows are kept in memory and tried again with the next"
                _log.error("the ledger cannot be written (%s): %s", error, kept)
            self._failure = error
