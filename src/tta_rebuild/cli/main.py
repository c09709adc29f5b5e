"""Where the command ``tta`` begins and ends: errors become one sentence and an exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType, TracebackType

from tta_rebuild.cli import exits
from tta_rebuild.cli.screen import Screen, message, prepare_streams, sentence
from tta_rebuild.core.errors import TTAError

GC_THRESHOLD = 200_000
"""Objects made before Python looks for garbage; its usual 700 cost a tenth of a first scene."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command (None: the words of this process); gives its exit code (see ``exits``)."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looks into every package
    gc.set_threshold(GC_THRESHOLD)  # a command is short: collecting while modules load costs most
    stopped_by: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopped_by.append(number)
        ctrl_c = signal.getsignal(signal.SIGINT)  # ignored by what a shell runs in the background
        (ctrl_c if callable(ctrl_c) else signal.default_int_handler)(signal.SIGINT, frame)

    previous_stop = signal.signal(signal.SIGTERM, stop)
    previous_hook = sys.excepthook
    sys.excepthook = _show_unforeseen
    try:
        code = _run(argv)
        sys.stdout.flush()
    except (exits.ReaderGone, BrokenPipeError):
        _abandon_stdout()
        code = exits.PIPE_CLOSED
    except (exits.Interrupted, KeyboardInterrupt) as error:
        if isinstance(error, KeyboardInterrupt):
            _complain("stopped; every finished turn is kept.")
        code = exits.TERMINATED if stopped_by else exits.INTERRUPTED
    except (TTAError, OSError) as error:
        if _is_debugged():
            raise
        code, said = exits.exit_code(error), str(error)
        if not isinstance(error, TTAError):
            where = f" ({error.filename})" if error.filename else ""
            said = f"{error.strerror or error}{where}; nothing was lost"
            if not where:
                _abandon_stdout()
        _complain(sentence(said), exits.next_step(error))
    sys.excepthook = previous_hook
    signal.signal(signal.SIGTERM, previous_stop)
    return code


def _run(argv: Sequence[str] | None) -> int:
    prepare_streams()
    from tta_rebuild.cli.app import app

    try:
        app(args=None if argv is None else list(argv), prog_name="tta")
    except SystemExit as end:
        if end.code == exits.INTERRUPTED:  # what typer makes of Ctrl-C
            raise KeyboardInterrupt from None
        return end.code if isinstance(end.code, int) else exits.OK if not end.code else exits.FAILED
    return exits.OK


def _is_debugged() -> bool:
    return os.environ.get("TTA_DEBUG", "0") not in ("", "0")


def _complain(said: str, next_step: str = "") -> None:
    from tta_rebuild.cli.opening import redactor_of_this_run

    redactor, screen = redactor_of_this_run(), Screen()
    screen.note(redactor.redact(said), "", lead="tta: ")
    if next_step:
        screen.note(redactor.redact(next_step), "")


def _show_unforeseen(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """A defect, or with TTA_DEBUG=1 any error, without keys; the interpreter then ends with 1."""
    if _is_debugged():
        from tta_rebuild.cli.opening import redactor_of_this_run

        sys.stderr.write(redactor_of_this_run().traceback(error))
        return
    said = f"a defect in tta itself: {kind.__name__}: {sentence(str(error))}"
    _complain(said, message("defect"))


def _abandon_stdout() -> None:
    # The interpreter flushes standard output once more on its way out; give it somewhere to go.
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return  # no real file behind it: nothing is flushed then
