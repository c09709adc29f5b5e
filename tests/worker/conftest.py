"""A real Temporal server, in memory, for as long as the tests of a module run."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tools.cluster import servers


@pytest.fixture(scope="session")
def temporal() -> Iterator[str]:
    """The address of a server for all tests; skips where its program is not."""
    with temporal_server() as (address, _):
        yield address


@contextmanager
def temporal_server() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server of its own, and its process."""
    try:
        servers.temporal_program()
    except servers.NotHere as error:
        pytest.skip(str(error))
    with servers.temporal() as found:
        yield found
