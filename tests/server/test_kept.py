"""Answers that are kept: their age, and that each is counted once."""

from __future__ import annotations

import asyncio

from tests.integrations.fakes import ManualClock
from tta_rebuild.server.kept import MOST_KEPT, KeptAnswers


class Counting:
    """Counts how often it was asked; waits while the gate is shut."""

    def __init__(self) -> None:
        self.times = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def count(self) -> int:
        self.times += 1
        await self.gate.wait()
        return self.times


async def test_an_answer_is_counted_anew_when_it_is_too_old() -> None:
    clock, counting = ManualClock(), Counting()
    kept = KeptAnswers(clock)  # type: ignore[arg-type]

    first = await kept.get("a", counting.count, at_most_s=60)
    await clock.advance(59)
    assert await kept.get("a", counting.count, at_most_s=60) == first
    await clock.advance(1)

    assert (await kept.get("a", counting.count, at_most_s=60))[0] == 2
    assert (await kept.get("a", counting.count, at_most_s=0))[0] == 3
    assert (await kept.get("b", counting.count, at_most_s=60))[0] == 4


async def test_while_it_is_counted_who_asks_waits_for_the_first_and_gets_the_old_one_later() -> (
    None
):
    clock, counting = ManualClock(), Counting()
    kept = KeptAnswers(clock)  # type: ignore[arg-type]
    counting.gate.clear()

    asked = [asyncio.create_task(kept.get("a", counting.count, at_most_s=60)) for _ in range(3)]
    await asyncio.sleep(0)
    counting.gate.set()
    assert [value for value, _ in await asyncio.gather(*asked)] == [1, 1, 1]

    await clock.advance(60)
    counting.gate.clear()
    anew = asyncio.create_task(kept.get("a", counting.count, at_most_s=60))
    await asyncio.sleep(0)
    assert (await kept.get("a", counting.count, at_most_s=60))[0] == 1
    counting.gate.set()
    assert (await anew)[0] == 2


async def test_no_more_answers_are_kept_than_there_is_room_for() -> None:
    clock, counting = ManualClock(), Counting()
    kept = KeptAnswers(clock)  # type: ignore[arg-type]
    for number in range(MOST_KEPT + 1):
        await kept.get(number, counting.count, at_most_s=60)

    assert (await kept.get(1, counting.count, at_most_s=60))[0] == 2
    assert (await kept.get(0, counting.count, at_most_s=60))[0] == MOST_KEPT + 2
