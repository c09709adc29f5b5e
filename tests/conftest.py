"""Fixtures for every room's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tools.wire import WireServer


@pytest.fixture
async def wire() -> AsyncIterator[WireServer]:
    """A loopback server that speaks Gemini, OpenAI and Anthropic (see ``tools.wire``)."""
    async with WireServer() as server:
        yield server
