"""Long timelines for the benchmark of the timeline manager."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from tta_rebuild.core import TTAContext
from tta_rebuild.narrative import TimelineManagerPrimitive, TimelineUpdate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONTEXT = TTAContext(
    workflow_id="bench",
    correlation_id="bench",
    timestamp=NOW,
    metaconcepts=[],
    player_boundaries={},
)


async def long_timeline(events: int) -> TimelineManagerPrimitive:
    """A manager whose universe ``u`` holds that many events, one per unit of story time."""
    ids = count()
    manager = TimelineManagerPrimitive(clock=lambda: NOW, new_id=lambda: f"e{next(ids)}")
    for number in range(events):
        await manager.execute(TimelineUpdate("u", "story_beat", {}, number), CONTEXT)
    return manager


def updates(events: int, start: int, seed: int) -> Iterator[TimelineUpdate]:
    """Updates as play makes them: most at the end, one in ten somewhere in the past."""
    dice = random.Random(seed)
    for number in count(start):
        past = dice.random() < 0.1
        at = dice.randrange(1, events) if past else number
        cause = f"e{dice.randrange(0, at)}" if past else f"e{dice.randrange(events)}"
        yield TimelineUpdate("u", "story_beat", {"n": number}, at, [cause], ["mira"])


async def update_times_s(events: int, samples: int, rounds: int) -> list[float]:
    """Seconds of CPU of single ``execute`` calls on a timeline of that length, the best round's."""
    best: list[float] = []
    manager = await long_timeline(events)
    for turn in range(rounds):
        if turn and events < 10_000:  # a short one would grow by what is measured
            manager = await long_timeline(events)
        source = updates(events, len(manager.get_timeline("u")), seed=turn)
        times = []
        for _ in range(samples):
            update = next(source)
            began = time.thread_time()
            await manager.execute(update, CONTEXT)
            times.append(time.thread_time() - began)
        if not best or sum(times) < sum(best):
            best = times
    return best
