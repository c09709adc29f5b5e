"""Runs ``tests.server.program``: a server that can be killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass
class Program:
    """A server in a process of its own."""

    address: str
    process: subprocess.Popen[str]

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self.process.kill()
        self.process.wait()


@contextmanager
def program(data_dir: Path, how: str = "") -> Iterator[Program]:
    """A server that runs until the end of the block at the latest."""
    command = [sys.executable, "-m", "tests.server.program", str(data_dir), *([how] if how else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, "the server did not begin"
        yield Program(address, process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
