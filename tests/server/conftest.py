"""A server for each test that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip(
    "fastapi", reason="the server is not installed: pip install tta-rebuild[server]"
)

from tests.server.serving import HeldTeller, Running, running


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Running]:
    """A server with a storyteller that can be held back."""
    async with running(tmp_path, teller=HeldTeller()) as server:
        yield server


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Running]:
    """A server with the embedded storyteller."""
    async with running(tmp_path) as server:
        yield server
