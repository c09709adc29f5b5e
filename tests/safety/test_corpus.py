"""The corpus: what must be held back is, what is harmless passes; of the held-out third, most."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tta_rebuild.safety import BoundaryFinding, SafetyGate


def judge(row: dict[str, Any], level: str) -> BoundaryFinding | None:
    """The finding in the first part that has one, read after the parts before it."""
    gate, before = SafetyGate({row["category"]: level}), ""
    for part in row["parts"]:
        found = gate.finding(part, before)
        if found is not None:
            return found
        before = f"{before} {part}".strip()
    return None


def test_the_corpus_is_as_large_and_as_broad_as_promised(kit):
    heavy, harmless = kit.heavy(), kit.harmless()
    assert len(heavy) >= 300
    assert len(harmless) >= 300
    main = Counter(row["category"] for row in heavy)
    assert sum(count >= 15 for count in main.values()) >= 15
    for rows in (heavy, harmless):
        share = sum(row["split"] == "held_out" for row in rows) / len(rows)
        assert 0.3 < share < 0.36


@pytest.mark.parametrize("split", ["open", "held_out"])
def test_at_most_one_text_in_twenty_escapes_or_is_blocked_for_nothing(kit, split):
    heavy = [row for row in kit.heavy() if row["split"] == split]
    harmless = [row for row in kit.harmless() if row["split"] == split]
    escaped = [row["id"] for row in heavy if judge(row, row["breaks"]) is None]
    blocked = [row["id"] for row in harmless if judge(row, row["level"]) is not None]
    assert len(escaped) <= 0.05 * len(heavy)
    assert len(blocked) <= 0.05 * len(harmless)


def test_what_breaks_a_level_breaks_every_stricter_one(kit):
    order = ["none", "low", "medium"]
    for row in kit.heavy():
        if row["split"] == "open" and judge(row, row["breaks"]) is not None:
            for level in order[: order.index(row["breaks"])]:
                assert judge(row, level) is not None, row["id"]


def test_high_holds_nothing_back(kit):
    assert [row["id"] for row in kit.heavy() if judge(row, "high") is not None] == []
