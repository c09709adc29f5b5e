"""Where a snippet runs: the last thing in the child, after ``confine`` has closed every door.

Called by ``warden``. Runs the code as ``__main__`` and tells how it ended. The word "finished" goes
out only once the last statement has run: a snippet that leaves early (``sys.exit``, ``os._exit``, a
signal to itself) never gets there. A snippet shares this interpreter, so one that digs for the
report's nonce can forge a friendly verdict about itself; it gains nothing else by it.
"""

from __future__ import annotations

import asyncio
import builtins
import json
import os
import selectors
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any

FILENAME = "<story>"
HASTE = 50
"""How much faster than the wall an event loop's clock runs here."""

_MESSAGE_CHARS = 500


def perform(source: str, nonce: str, report: int) -> None:
    """Run the code and write how it ended, as one line of JSON, to the descriptor ``report``."""
    write, dumps = os.write, json.dumps  # held here: the snippet may replace what it finds
    finished = dumps({"nonce": nonce, "end": "finished"}).encode() + b"\n"
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    sys.argv = [FILENAME]
    _hurry()
    try:
        try:
            exec(compile(source, FILENAME, "exec", dont_inherit=True), main.__dict__)
            _join_threads()
        finally:
            _flush()
    except BaseException as error:  # noqa: BLE001 -- whatever the snippet raises is the finding
        line = dumps({"nonce": nonce, **_ending(error)}).encode()
        write(report, line + b"\n")
        return
    write(report, finished)


def _ending(error: BaseException) -> dict[str, Any]:
    """How it ended, in plain values; only exact built-in types count as the sandbox's doing."""
    kind = type(error)
    errno = error.errno if isinstance(error, OSError) else None
    try:
        message = str(error)[:_MESSAGE_CHARS]
    except Exception:  # noqa: BLE001 -- the snippet's own __str__ may do anything
        message = ""
    return {
        "end": "left" if isinstance(error, SystemExit) else "raised",
        "type": str(kind.__name__)[:80],
        "builtin": getattr(builtins, kind.__name__, None) is kind
        or kind.__module__.split(".")[0] in sys.stdlib_module_names,
        "errno": errno if isinstance(errno, int) else None,
        "module": str(error.name)[:80] if isinstance(error, ImportError) and error.name else "",
        "message": message,
        "line": _line(error),
    }


def _line(error: BaseException) -> int | None:
    """The snippet's line that was being executed, or that does not parse."""
    if isinstance(error, SyntaxError) and error.filename == FILENAME:
        return error.lineno
    found = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILENAME:
            found = trace.tb_lineno
        trace = trace.tb_next
    return found


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue  # the snippet closed or replaced it


def _join_threads() -> None:
    """Wait for the snippet's threads, as the interpreter does before it ends."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def _hurry() -> None:
    """Let ``time.sleep`` take no time and event loops run fast: a told pause need not be waited for.

    The clocks move on by what was slept, so that a loop that waits for a moment reaches it.
    """
    slept_s = 0.0

    def sleep(seconds: float, /) -> None:
        nonlocal slept_s
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        slept_s += seconds

    def moved(clock: Callable[[], float]) -> Callable[[], float]:
        return lambda: clock() + slept_s

    monotonic = time.monotonic
    time.sleep = sleep
    for name in ("time", "monotonic", "perf_counter"):
        setattr(time, name, moved(getattr(time, name)))

    asyncio.BaseEventLoop.time = lambda self: (  # type: ignore[method-assign]
        monotonic() * HASTE + slept_s
    )
    select = selectors.DefaultSelector.select

    def hurried(self: Any, timeout: float | None = None) -> Any:
        return select(self, timeout / HASTE if timeout and timeout > 0 else timeout)

    selectors.DefaultSelector.select = hurried  # type: ignore[method-assign]
