"""A real PostgreSQL of a test's own, that can be stopped and started."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tools.cluster import servers


class PostgresqlServer:
    """Runs until the block of ``postgresql_server`` ends, but from ``stop`` to ``start``."""

    def __init__(self, folder: Path, address: str) -> None:
        self._server = servers.postgresql_module().get_server(folder / "data")
        self.address = address

    def stop(self) -> None:
        """As a machine is lost: every connection dies, and what was not committed with it."""
        self._control("-m", "immediate", "stop")

    def start(self) -> None:
        self._control("-w", "-o", f'-h "" -k {self._socket_folder}', "start")

    def freeze(self) -> None:
        """It answers nothing any more, and ends no connection."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was frozen."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        head = (self._server.pgdata / "postmaster.pid").read_text().splitlines()[:1]
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--pid", head[0], "--ppid", head[0]],
            capture_output=True,
            text=True,
            check=True,
        )
        for pid in map(int, listed.stdout.split()):
            os.kill(pid, number)

    @property
    def _socket_folder(self) -> str:
        return self.address.partition("?host=")[2]

    def _control(self, *words: str) -> None:
        program = self._server.bin_path / "pg_ctl"
        command = [str(program), "-D", str(self._server.pgdata), *words]
        subprocess.run(
            command,
            check=True,
            user=self._server.system_user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=30,
        )


@contextmanager
def postgresql_server(folder: Path) -> Iterator[PostgresqlServer]:
    """A server that keeps its data in ``folder`` (a short path); skips where none can run."""
    pytest.importorskip("asyncpg", reason="no driver here: pip install tta-rebuild[postgres]")
    try:
        servers.postgresql_module()
    except servers.NotHere as error:
        pytest.skip(str(error))
    with servers.postgresql(folder) as address:
        yield PostgresqlServer(folder, address)
