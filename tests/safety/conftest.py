"""What the tests of this room use: see ``table``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.safety.table import CALM, Scripted, Table, reply, rows


@dataclass(frozen=True)
class Kit:
    """What the tests of this room use."""

    def heavy(self) -> list[dict[str, Any]]:
        return rows("heavy")

    def harmless(self) -> list[dict[str, Any]]:
        return rows("harmless")

    def reply(self, *passages: Any, **more: Any) -> str:
        return reply(*passages, **more)

    def table(self, *replies: str) -> Table:
        return Table(Scripted(*replies))

    calm: str = CALM


@pytest.fixture
def kit() -> Kit:
    return Kit()
