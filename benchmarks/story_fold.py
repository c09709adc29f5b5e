"""Taking up a long story: its log is read from disk and folded into the present."""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks import Row
from benchmarks.timing import at_most
from benchmarks.workloads.stored_story import BRANCH, EVENTS_A_TURN, filled
from tta_rebuild.engine.state import StoryFold

MOST_S = 5.0
"""For 10,000 turns."""


async def measure(quick: bool) -> AsyncIterator[Row]:
    turns = 1_000 if quick else 10_000
    with tempfile.TemporaryDirectory() as folder:
        async with await filled(Path(folder), turns * EVENTS_A_TURN) as store:
            began = time.process_time()
            fold = StoryFold()
            async for recorded in store.read(BRANCH):
                fold.apply(recorded)
            state = fold.present()
            busy_s = time.process_time() - began
    assert state.turn == turns
    bound_s = MOST_S * turns / 10_000
    yield at_most(f"fold of a story of {turns:,} turns, read from disk (CPU)", busy_s, bound_s, "s")
