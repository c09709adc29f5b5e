"""Fixtures of the contract's tests: a context, a model that answers at once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tta_rebuild.core import MetaconceptRegistry, TTAContext
from tta_rebuild.integrations import MockLLMProvider


@pytest.fixture
def context() -> TTAContext:
    return TTAContext(
        workflow_id="workflow",
        correlation_id="correlation",
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        metaconcepts=MetaconceptRegistry.get_by_names(
            ["Maintain Chronology", "Prioritize Player Agency"]
        ),
        player_boundaries={"violence": "low"},
    )


@pytest.fixture
def model() -> MockLLMProvider:
    return MockLLMProvider(latency_ms=0)
