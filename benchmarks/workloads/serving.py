"""Runs ``served`` as a process, and says what it takes of the machine."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil

ROOT = Path(__file__).resolve().parents[2]


class Program:
    """A server in a process of its own."""

    def __init__(self, kind: str, directory: Path, **wanted: float) -> None:
        words = [f"{name}={value}" for name, value in wanted.items()]
        command = [sys.executable, "-m", "benchmarks.workloads.served", kind, str(directory)]
        self._process = subprocess.Popen(
            [*command, *words], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        if not self.address:
            raise RuntimeError(f"the server did not begin: {kind}")
        self._seen = psutil.Process(self._process.pid)
        self.figures: dict[str, float] = {}

    @property
    def port(self) -> int:
        """Where it listens."""
        return urlsplit(self.address).port or 0

    def cpu_s(self) -> float:
        """CPU of all its threads so far, seconds."""
        used = self._seen.cpu_times()
        return float(used.user + used.system)

    def resident_mb(self) -> float:
        """Memory that is resident now, MB."""
        return float(self._seen.memory_info().rss) / 1e6

    def begin_to_watch(self) -> None:
        """Forget how long its loop was blocked so far."""
        self._process.send_signal(signal.SIGUSR1)

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Have it end, and take in its figures."""
        if self._process.poll() is None:
            self._process.terminate()
        out, _ = self._process.communicate(timeout=40)
        lines = out.strip().splitlines()
        if lines and lines[-1].startswith("{"):
            self.figures = json.loads(lines[-1])


@contextmanager
def program(kind: str, directory: Path, **wanted: float) -> Iterator[Program]:
    """A server until the end of the block; its figures are there after that."""
    running = Program(kind, directory, **wanted)
    try:
        yield running
    finally:
        try:
            running.end()
        except subprocess.TimeoutExpired:
            running.kill()


class Reader(asyncio.Protocol):
    """Reads one stream to its end with as little CPU as can be: counts events and keeps bytes."""

    def __init__(self, path: str, done: asyncio.Queue[Reader]) -> None:
        self.path, self._done = path, done
        self.answered = asyncio.get_running_loop().create_future()
        self.parts: list[bytes] = []
        self.began_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if not self.answered.done():
            self.answered.set_result(None)
        self.parts.append(data)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.answered.done():
            self.answered.set_result(None)
        self._done.put_nowait(self)

    def numbers(self) -> list[int]:
        """The numbers of the events that came."""
        lines = b"".join(self.parts).split(b"\n")
        return [int(line[4:]) for line in lines if line.startswith(b"id: ")]


def load() -> str:
    """How busy the machine is, for a figure that others' work changes."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def until(deadline_s: float) -> bool:
    """Whether a moment of the monotonic clock has not come yet."""
    return time.monotonic() < deadline_s
