"""The collector of garbage, kept from stopping all players at once.

Looking through everything that a server has loaded takes up to half a second. So it looks only at
what is new, every quarter of a second: what it has found alive is passed over from then on, and is
freed as soon as nothing refers to it. Rings of objects among that are found when nobody has played
for a while: between two moves of those who play there is a moment without a turn, too.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

EVERY_S = 0.25
"""What is new by then is looked at in 5 ms where 200 play; after a second it takes 30."""
WHOLE_EVERY = 1_200
"""Rounds after which everything is looked through, as soon as nobody has played for a while."""
IDLE_FOR = 120
"""Rounds in a row in which nobody plays: they have gone."""
LATE_AFTER = 28_800
"""Rounds after which a moment in which nobody plays has to do."""
THRESHOLDS = (20_000, 1_000_000, 1_000_000_000)
"""The rounds come before Python's own, but where very much is made between two of them: what
survives would be looked at once more by each of its generations."""


@asynccontextmanager
async def collecting(
    is_idle: Callable[[], bool],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[None]:
    """Collect garbage in that way until the end of the block; ``is_idle``: nobody plays now.

    What is passed over by then stays so: the program is about to end.
    """
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    gc.freeze()
    rounds = asyncio.create_task(_rounds(is_idle, sleep))
    try:
        yield
    finally:
        rounds.cancel()
        gc.set_threshold(*before)


async def _rounds(is_idle: Callable[[], bool], sleep: Callable[[float], Awaitable[None]]) -> None:
    passed = idle_for = 0
    while True:
        await sleep(EVERY_S)
        passed += 1
        idle_for = idle_for + 1 if is_idle() else 0
        is_quiet = idle_for >= IDLE_FOR or (idle_for > 0 and passed >= LATE_AFTER)
        if passed >= WHOLE_EVERY and is_quiet:
            passed = 0
            gc.unfreeze()
            gc.collect()
        else:
            gc.collect(1)  # what it finds alive becomes old, and the old it does not look at
