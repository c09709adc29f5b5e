"""Watches the host while attacks run: what they could take, touch, reach or leave behind."""

from __future__ import annotations

import os
import resource
import secrets
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from tests.sandbox.attacks.attack import Attack

_WATCHED_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGIO, signal.SIGUSR1)


class HostWatch:
    """Lays out what an attack would want, and tells what came of it.

    Args:
        directory: an empty one, open to every user, so that only the sandbox protects it.
    """

    def __init__(self, directory: Path) -> None:
        self.word = secrets.token_hex(16)
        self.directory = directory
        directory.chmod(0o777)
        self.file = directory / "diary.txt"
        self.file.write_text(f"the word is {self.word}")
        self.file.chmod(0o666)
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.listener.setblocking(False)
        self.signals: list[int] = []
        self._state = self._look()
        self._limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._nice = os.getpriority(os.PRIO_PROCESS, 0)
        self._affinity = os.sched_getaffinity(0)

    def code(self, attack: Attack) -> str:
        """The attack aimed at this host."""
        return (
            attack.code.replace("HOST_FILE", str(self.file))
            .replace("HOST_DIR", str(self.directory))
            .replace("HOST_PID", str(os.getpid()))
            .replace("PORT", str(self.listener.getsockname()[1]))
        )

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Signals that arrive are counted, and the environment holds the word."""
        before = {
            s: signal.signal(s, lambda n, _: self.signals.append(n)) for s in _WATCHED_SIGNALS
        }
        os.environ["TTA_ATTACK_CANARY"] = self.word
        try:
            yield
        finally:
            del os.environ["TTA_ATTACK_CANARY"]
            for number, handler in before.items():
                signal.signal(number, handler)
            self.listener.close()

    def harm(self, output: str) -> list[str]:
        """What was done to the host, in plain words; empty if nothing."""
        done = []
        if self.word in output or self.word.encode().hex() in output:
            done.append("the host's word got out")
        if "root:x:0" in output or "root:*:0" in output:
            done.append("the password file got out")
        if "'passwd'" in output:
            done.append("a listing of the host's files got out")
        if "NATIVE_CALL_WORKED" in output.splitlines():
            done.append("the kernel did what it must refuse")
        if self._look() != self._state:
            done.append("the host's files were changed")
        if self.signals:
            done.append(f"the host got signals {self.signals}")
        try:
            self.listener.accept()
            done.append("a connection reached the host")
        except BlockingIOError:
            pass
        if resource.getrlimit(resource.RLIMIT_NOFILE) != self._limits:
            done.append("the host's limits were changed")
        if os.getpriority(os.PRIO_PROCESS, 0) != self._nice:
            done.append("the host's priority was changed")
        if os.sched_getaffinity(0) != self._affinity:
            done.append("the host's processors were changed")
        return done

    def _look(self) -> list[tuple[str, int, int, bytes]]:
        return [
            (
                p.name,
                p.stat().st_mode,
                int(p.stat().st_mtime),
                p.read_bytes() if p.is_file() else b"",
            )
            for p in sorted(self.directory.iterdir())
        ]


def left_behind(before: set[int]) -> list[str]:
    """Processes that came since and belong to no executor any more, after a moment's grace."""
    deadline = time.monotonic() + 2.0
    while True:
        left = [
            p.name()
            for p in psutil.Process().children(recursive=True)
            if p.pid not in before and p.status() != psutil.STATUS_ZOMBIE
        ]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.02)
