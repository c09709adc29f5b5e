"""A real Temporal server of a test's own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tools.cluster import servers


@contextmanager
def temporal_server(
    port: int = 0, *, file: Path | None = None
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its address, and its process; skips where its program is not. ``port`` 0: a free one.

    It keeps all in ``file``, where one is given, else in memory.
    """
    try:
        servers.temporal_program()
    except servers.NotHere as error:
        pytest.skip(str(error))
    with servers.temporal(port, file=file) as found:
        yield found
