"""A server whose door a test plays through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.chat_clients import Door, opened
from tests.server.serving import HeldTeller, Machines


@pytest.fixture
async def door(tmp_path: Path, machines: Machines | None) -> AsyncIterator[Door]:
    """The door of a server with a storyteller that can be held back."""
    async with opened(tmp_path, HeldTeller(), machines) as made:
        yield made


@pytest.fixture
async def embedded(tmp_path: Path, machines: Machines | None) -> AsyncIterator[Door]:
    """The door of a server with the embedded storyteller."""
    async with opened(tmp_path, None, machines) as made:
        yield made
