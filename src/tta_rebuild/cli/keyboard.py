"""One line from the keyboard, with editing and history where the system has them."""

from __future__ import annotations

import signal
from contextlib import suppress
from importlib import import_module

LOOK_UP_S = 0.25
"""Longest wait until a Ctrl-C is noticed that falls just before the keyboard is read."""


def ask(prompt: str) -> str:
    """The next line that is typed. Raises EOFError where there is none, KeyboardInterrupt at once.

    ``asyncio.run`` answers Ctrl-C by cancelling its task, which a blocking read would notice only
    at the end of the line. And a signal that arrives between the prompt and the read would be
    noticed at the next key: a timer makes the read look up.
    """
    with suppress(ImportError):  # not on every system; lines come plainly then
        import_module("readline")  # makes input() edit and remember lines
    interrupt = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    timed = hasattr(signal, "setitimer")
    try:
        if timed:
            alarm = signal.signal(signal.SIGALRM, lambda *_: None)
            signal.setitimer(signal.ITIMER_REAL, LOOK_UP_S, LOOK_UP_S)
        return input(prompt)
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, alarm)
        signal.signal(signal.SIGINT, interrupt)
