"""Primitives compose: ``>>`` one after the other, ``|`` side by side, context passed along."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tta_rebuild.core import TTAContext, TTAPrimitive, ValidationError

CONTEXT = TTAContext(
    workflow_id="w",
    correlation_id="c",
    timestamp=datetime(2026, 1, 1, tzinfo=UTC),
    metaconcepts=[],
    player_boundaries={},
    universe_id="u",
)


class Adding(TTAPrimitive[int, int]):
    def __init__(self, number: int) -> None:
        super().__init__(f"add {number}")
        self.number = number
        self.contexts: list[TTAContext] = []

    async def execute(self, input_data: int, context: TTAContext) -> int:
        self.contexts.append(context)
        await asyncio.sleep(0)
        return input_data + self.number


class Failing(TTAPrimitive[int, int]):
    async def execute(self, input_data: int, context: TTAContext) -> int:
        raise ValidationError("wrong", self.name, context)


class Waiting(TTAPrimitive[int, int]):
    cancelled = False

    async def execute(self, input_data: int, context: TTAContext) -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return input_data


class Summing(TTAPrimitive[list[int], int]):
    async def execute(self, input_data: list[int], context: TTAContext) -> int:
        return sum(input_data)


async def test_in_sequence_each_takes_what_the_one_before_gave() -> None:
    one, two, three = Adding(1), Adding(2), Adding(3)
    chain = one >> two >> three
    assert await chain.execute(10, CONTEXT) == 16
    assert chain.name == "add 1 >> add 2 >> add 3"
    assert one.contexts == two.contexts == three.contexts == [CONTEXT]


async def test_side_by_side_all_take_the_same_and_results_stand_in_order() -> None:
    beside = Adding(1) | Adding(2) | Adding(3)
    assert await beside.execute(10, CONTEXT) == [11, 12, 13]
    assert beside.name == "add 1 | add 2 | add 3"
    assert len(beside.members) == 3


async def test_sequences_and_parallels_nest() -> None:
    both: TTAPrimitive[int, Any] = Adding(1) >> ((Adding(1) | Adding(2)) >> Summing("sum"))
    assert await both.execute(0, CONTEXT) == 5


async def test_the_first_error_ends_a_chain() -> None:
    after = Adding(1)
    with pytest.raises(ValidationError) as caught:
        await (Failing("failing") >> after).execute(0, CONTEXT)
    assert caught.value.primitive_name == "failing"
    assert after.contexts == []


async def test_the_first_failure_cancels_those_beside_it() -> None:
    waiting = Waiting("waiting")
    with pytest.raises(ValidationError):
        await (waiting | Failing("failing")).execute(0, CONTEXT)
    assert waiting.cancelled


async def test_cancelling_a_parallel_cancels_all_of_it() -> None:
    one, two = Waiting("one"), Waiting("two")
    task = asyncio.ensure_future((one | two).execute(0, CONTEXT))
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert one.cancelled
    assert two.cancelled
