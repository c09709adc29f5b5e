"""Where a snippet runs: the last thing in the child, after ``confine`` has closed every door.

The word "finished" goes out only once the last statement has run: a snippet that leaves early
never gets there. One that walks up the frames to the report's nonce can claim that it finished, and
gains nothing else by it; whatever reports from inside can be called from inside.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import json
import linecache
import os
import selectors
import sys
import threading
import time
import types
from collections.abc import Callable, Sequence
from traceback import walk_tb
from typing import Any

FILENAME = "<story>"
HASTE = 50
"""How much faster than the wall an event loop's clock runs here."""

_MESSAGE_CHARS = 500


def perform(source: str, nonce: str, report: int) -> None:
    """Run the code and write how it ended, as one line of JSON, to the descriptor ``report``."""
    write, dumps = os.write, json.dumps  # held here: the snippet may replace what it finds
    main = types.ModuleType("__main__")
    main.__file__ = "story.py"
    lines = source.splitlines(keepends=True)
    linecache.cache[FILENAME] = len(source), None, lines, FILENAME  # for inspect and tracebacks
    sys.modules["__main__"] = main
    sys.argv = [FILENAME]
    told = dumps({"nonce": nonce, "end": "finished"}).encode()
    tree = ast.Module([], [])
    _hurry()
    try:
        try:
            tree = ast.parse(source, FILENAME)
            code = compile(tree, FILENAME, "exec", dont_inherit=True)
            exec(code, main.__dict__)
            for thread in threading.enumerate():  # as the interpreter does before it ends
                if thread is not threading.current_thread() and not thread.daemon:
                    thread.join()
        finally:
            _flush()
    except BaseException as error:  # noqa: BLE001 -- whatever the snippet raises is the finding
        if not _left_at_its_end(error, tree):
            told = dumps({"nonce": nonce, **_ending(error, lines)}).encode()
    write(report, told + b"\n")


def _left_at_its_end(error: BaseException, tree: ast.Module) -> bool:
    """Whether the last statement, or the last in a last ``if``, called ``sys.exit`` itself: then
    nothing was left out.
    """
    last: ast.Module | ast.stmt = tree
    while isinstance(last, ast.Module | ast.If) and last.body:
        last = last.body[-1]
    own = _own_lines(error)
    if not isinstance(error, SystemExit) or error.code not in (None, 0) or len(own) != 1:
        return False
    return isinstance(last, ast.stmt) and last.lineno <= own[0] <= (last.end_lineno or 0)


def _ending(error: BaseException, lines: Sequence[str]) -> dict[str, Any]:
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
        "wants": _wants(error, lines),
        "line": _line(error),
    }


def _wants(error: BaseException, lines: Sequence[str]) -> str:
    """What the error shows to be missing here rather than wrong in the code, "" if nothing."""
    inmost = [f.f_globals.get("__name__", "") for f, _ in walk_tb(error.__traceback__)][-1:]
    if isinstance(error, KeyError) and inmost == ["os"]:
        return "an environment variable"
    if isinstance(error, KeyError | RuntimeError) and inmost in (["getpass"], ["pathlib"]):
        return "a user's account"
    line = _line(error) or 0
    if isinstance(error, IndexError) and "argv" in "".join(lines[line - 1 : line]):
        return "an argument"
    return ""


def _line(error: BaseException) -> int | None:
    """The snippet's line that was being executed, or that does not parse."""
    if isinstance(error, SyntaxError) and error.filename == FILENAME:
        return error.lineno
    own = _own_lines(error)
    return own[-1] if own else None


def _own_lines(error: BaseException) -> list[int]:
    """The snippet's lines that the error came through, the module's own first."""
    frames = walk_tb(error.__traceback__)
    return [line for frame, line in frames if frame.f_code.co_filename == FILENAME]


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue  # the snippet closed or replaced it


def _hurry() -> None:
    """Let ``time.sleep`` take no time and event loops run fast: a told pause is not waited for.

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
    for name in ("time", "monotonic", "perf_counter"):
        setattr(time, name, moved(getattr(time, name)))
    vars(time)["sleep"] = sleep

    asyncio.BaseEventLoop.time = lambda self: (  # type: ignore[method-assign]
        monotonic() * HASTE + slept_s
    )
    select = selectors.DefaultSelector.select

    def hurried(self: Any, timeout: float | None = None) -> Any:
        return select(self, timeout / HASTE if timeout and timeout > 0 else timeout)

    selectors.DefaultSelector.select = hurried  # type: ignore[method-assign]
