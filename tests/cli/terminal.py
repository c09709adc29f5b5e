"""A terminal to play at, for tests: a pseudo-terminal with a size, keys, and a screen to read."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from tests.alone import quiet_environment

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\r")


class Terminal:
    """Runs ``tta`` at a terminal of so many columns; ``output`` takes standard output instead."""

    def __init__(
        self,
        home: Path,
        words: Sequence[str],
        *,
        columns: int = 80,
        output: Path | None = None,
        **environment: str,
    ) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        stdout = slave if output is None else os.open(output, os.O_WRONLY | os.O_CREAT)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tta_rebuild", *words],
            env=quiet_environment(home, TERM="xterm-256color", **environment),
            stdin=slave,
            stdout=stdout,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        for opened in {slave, stdout}:
            os.close(opened)
        self.raw = ""

    @property
    def text(self) -> str:
        """All that was shown, without colours."""
        return ESCAPE.sub("", self.raw)

    def wait_for(self, words: str, *, timeout_s: float = 20.0) -> None:
        """Wait until these words have appeared since the last wait; AssertionError if not."""
        ends = time.monotonic() + timeout_s
        seen = len(self.text)
        start = getattr(self, "_seen", 0)
        while words not in self.text[start:]:
            assert time.monotonic() < ends, f"no '{words}' in:\n{self.text[start:]}"
            if not self._read(0.2) and self.process.poll() is not None:
                assert words in self.text[start:], f"ended without '{words}':\n{self.text[start:]}"
        seen = start + self.text[start:].index(words) + len(words)
        self._seen = seen

    def type(self, line: str) -> None:
        """Type a line and press Enter."""
        os.write(self._master, f"{line}\n".encode())

    def press(self, key: str) -> None:
        """Press a key, such as Ctrl-C (``"\\x03"``)."""
        os.write(self._master, key.encode())

    def end(self, *, timeout_s: float = 20.0) -> int:
        """Wait for the end; gives the exit code."""
        ends = time.monotonic() + timeout_s
        while self.process.poll() is None:
            assert time.monotonic() < ends, f"still running:\n{self.text[-2000:]}"
            self._read(0.1)
        while self._read(0.05):
            pass
        return self.process.returncode

    def close(self) -> None:
        """End the process if it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self._master)

    def _read(self, timeout_s: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], timeout_s)
        if not ready:
            return False
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # the other side is closed
            return False
        self.raw += piece.decode("utf-8", "replace")
        return bool(piece)
