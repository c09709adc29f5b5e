"""A real Redis (or Valkey) of a test's own, on a Unix socket, that can be stopped and started."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

import pytest
from tools.cluster import servers


def server_program() -> str:
    """The server to run: one of this machine's, or the one in a wheel; skips where none is."""
    try:
        return servers.redis_program()
    except servers.NotHere as error:
        pytest.skip(str(error))


class RedisServer:
    """Runs in ``folder`` from ``start`` to ``stop``, and forgets all in between."""

    def __init__(self, folder: Path) -> None:
        self._program = server_program()
        self._socket = folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        options = "--port 0 --save --appendonly no --daemonize no --maxmemory 64mb".split()
        options[3:3] = [""]  # --save "": nothing is kept
        self._process = subprocess.Popen(
            [self._program, *options, "--unixsocket", str(self._socket)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._socket.parent,
        )
        ends = time.monotonic() + 20
        while not self._answers():
            assert self._process.poll() is None, "the server ended at once"
            assert time.monotonic() < ends, "the server does not answer"
            time.sleep(0.01)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(1.0)
            try:
                line.connect(str(self._socket))
                line.sendall(b"PING\r\n")
                return line.recv(64).startswith(b"+PONG")
            except OSError:
                return False

    def stop(self) -> None:
        """As a machine is lost: at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Answers nothing, though connections stay, until ``thaw``."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
