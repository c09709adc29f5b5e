"""Work of primitives side by side: in order, and none goes on after a failure."""

from __future__ import annotations

import asyncio

import pytest

from tta_rebuild.core import ValidationError
from tta_rebuild.core.base_primitive import side_by_side


class Waiting:
    cancelled = False

    async def work(self) -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return 0


async def doubled(number: int) -> int:
    if not number:
        raise ValidationError("wrong")
    return 2 * number


async def test_results_stand_in_order() -> None:
    assert await side_by_side([doubled(1), doubled(2), doubled(3)]) == [2, 4, 6]


async def test_the_first_failure_cancels_those_beside_it() -> None:
    waiting = Waiting()
    with pytest.raises(ValidationError):
        await side_by_side([waiting.work(), doubled(0)])
    assert waiting.cancelled


async def test_cancelling_cancels_all_of_it() -> None:
    one, two = Waiting(), Waiting()
    task = asyncio.ensure_future(side_by_side([one.work(), two.work()]))
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert one.cancelled
    assert two.cancelled
