"""Long timelines for the benchmarks and figures of the timeline manager."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from tta_rebuild.core import TTAContext
from tta_rebuild.narrative import TimelineEvent, TimelineManagerPrimitive, TimelineUpdate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONTEXT = TTAContext(
    workflow_id="bench",
    correlation_id="bench",
    timestamp=NOW,
    metaconcepts=[],
    player_boundaries={},
)


def long_timeline(events: int) -> TimelineManagerPrimitive:
    """A manager whose universe ``u`` holds that many events, one per unit of story time."""
    none: list[str] = []
    data: dict[str, str] = {}
    manager = TimelineManagerPrimitive(clock=lambda: NOW)
    for n in range(events):
        manager.record("u", TimelineEvent(f"e{n}", "story_beat", data, n, none, none, NOW))
    return manager


def updates(events: int, seed: int = 7) -> Iterator[TimelineUpdate]:
    """Updates as play makes them: most at the end, one in ten somewhere in the past."""
    dice = random.Random(seed)
    for number in count(events):
        past = dice.random() < 0.1
        at = dice.randrange(1, events) if past else number
        cause = f"e{dice.randrange(0, at)}" if past else f"e{dice.randrange(events)}"
        yield TimelineUpdate("u", "story_beat", {"n": number}, at, [cause], ["mira"])


async def update_times_s(events: int, samples: int, rounds: int = 3) -> list[float]:
    """Seconds of single ``execute`` calls on a timeline of that length, the best round's."""
    best: list[float] = []
    for turn in range(rounds):
        manager = long_timeline(events)
        source = updates(events, seed=turn)
        times = []
        for _ in range(samples):
            update = next(source)
            began = time.perf_counter()
            await manager.execute(update, CONTEXT)
            times.append(time.perf_counter() - began)
        times.sort()
        if not best or sum(times) < sum(best):
            best = times
    return best
