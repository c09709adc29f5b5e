"""Fixtures for every room's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from tools.wire import WireServer

from tta_rebuild.canon import Canon
from tta_rebuild.core.events import FactAsserted
from tta_rebuild.core.story import Claim


@pytest.fixture
async def wire() -> AsyncIterator[WireServer]:
    """A loopback server that speaks Gemini, OpenAI and Anthropic (see ``tools.wire``)."""
    async with WireServer() as server:
        yield server


@pytest.fixture
def canon_of() -> Callable[..., Canon]:
    """A canon in which these (subject, relation, value) hold, in this order, at events 1, 2 …"""

    def make(*facts: tuple[str, str, str]) -> Canon:
        canon = Canon()
        for subject, relation, value in facts:
            canon.apply(
                canon.position + 1,
                FactAsserted(claim=Claim(subject=subject, relation=relation, value=value)),
            )
        return canon

    return make
