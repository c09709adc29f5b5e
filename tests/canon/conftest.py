"""Shared fixtures: short ways to make a canon out of facts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tta_rebuild.canon import Canon
from tta_rebuild.core.events import FactAsserted
from tta_rebuild.core.story import Claim

Told = tuple[str, str, str]


@pytest.fixture
def canon_of() -> Callable[..., Canon]:
    """A canon in which these (subject, relation, value) hold, in this order, at events 1, 2 …"""

    def make(*facts: Told) -> Canon:
        canon = Canon()
        for subject, relation, value in facts:
            canon.apply(
                canon.position + 1,
                FactAsserted(claim=Claim(subject=subject, relation=relation, value=value)),
            )
        return canon

    return make
