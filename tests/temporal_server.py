"""A real Temporal server of a test's own, in memory."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tools.cluster import servers


@contextmanager
def temporal_server(port: int = 0) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its address, and its process; skips where its program is not. ``port`` 0: a free one."""
    try:
        servers.temporal_program()
    except servers.NotHere as error:
        pytest.skip(str(error))
    with servers.temporal(port) as found:
        yield found
