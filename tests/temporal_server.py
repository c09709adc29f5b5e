"""A real Temporal server of a test's own, in memory."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tools.cluster import servers


@contextmanager
def temporal_server() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its address, and its process; skips where its program is not."""
    try:
        servers.temporal_program()
    except servers.NotHere as error:
        pytest.skip(str(error))
    with servers.temporal() as found:
        yield found
