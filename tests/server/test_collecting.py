"""The collector of garbage: looks at what is new, and at the whole when nobody plays."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import httpx
import pytest

from tests.server.serving import Running
from tta_rebuild.server.collecting import IDLE_FOR, WHOLE_EVERY, collecting


class Ring:
    """Refers to itself: nothing but the collector frees it."""

    def __init__(self) -> None:
        self.itself = self


class Rounds:
    """A clock for the collector's rounds, and whether somebody plays."""

    def __init__(self) -> None:
        self.due = asyncio.Semaphore(0)
        self.waits = asyncio.Event()
        self.is_idle = False

    async def sleep(self, seconds: float) -> None:
        self.waits.set()
        await self.due.acquire()
        self.waits.clear()

    async def pass_by(self, count: int) -> None:
        for _ in range(count):
            await self.waits.wait()
            self.waits.clear()
            self.due.release()
            await self.waits.wait()


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Nothing is passed over in the tests that come after."""
    yield
    gc.unfreeze()


async def test_what_was_loaded_is_passed_over() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()

    async with collecting(lambda: True):
        assert gc.get_freeze_count() > frozen + 10_000
        assert gc.get_threshold()[2] > 100_000
    assert gc.get_threshold() == before


async def test_new_garbage_goes_with_the_next_round_and_old_garbage_when_nobody_plays() -> None:
    rounds = Rounds()
    async with collecting(lambda: rounds.is_idle, sleep=rounds.sleep):
        new, old = Ring(), Ring()
        new_is, old_is = weakref.ref(new), weakref.ref(old)
        del new
        await rounds.pass_by(1)
        assert (new_is(), old_is()) == (None, old)

        del old
        await rounds.pass_by(WHOLE_EVERY)
        assert old_is() is not None, "while somebody plays, the whole is not looked through"

        for _ in range(3):  # a moment between two moves is no time for it
            rounds.is_idle = True
            await rounds.pass_by(IDLE_FOR - 1)
            rounds.is_idle = False
            await rounds.pass_by(1)
        assert old_is() is not None

        rounds.is_idle = True
        await rounds.pass_by(IDLE_FOR)
        assert old_is() is None


async def test_where_somebody_always_plays_a_moment_has_to_do_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tta_rebuild.server.collecting.LATE_AFTER", WHOLE_EVERY + 5)
    rounds = Rounds()
    async with collecting(lambda: rounds.is_idle, sleep=rounds.sleep):
        old = Ring()
        old_is = weakref.ref(old)
        await rounds.pass_by(1)
        del old
        await rounds.pass_by(WHOLE_EVERY)
        rounds.is_idle = True
        await rounds.pass_by(1)
        assert old_is() is not None
        rounds.is_idle = False
        await rounds.pass_by(4)
        rounds.is_idle = True
        await rounds.pass_by(1)
        assert old_is() is None


async def test_a_round_looks_at_nothing_that_an_earlier_one_found_alive() -> None:
    rounds, looked_at = Rounds(), list[int]()

    def look(phase: str, info: dict[str, int]) -> None:
        looked_at.append(info["generation"])

    async with collecting(lambda: False, sleep=rounds.sleep):
        gc.callbacks.append(look)
        try:
            await rounds.pass_by(WHOLE_EVERY + 1)
        finally:
            gc.callbacks.remove(look)

    assert set(looked_at) == {1}


async def test_a_connection_that_is_over_needs_no_collector(served: Running) -> None:
    gc.collect()
    gc.disable()
    try:
        async with httpx.AsyncClient(base_url=served.client.base_url, trust_env=False) as client:
            assert (await client.get("/health")).is_success
            connections = served.server.server_state.connections
            [transport] = [weakref.ref(one.transport) for one in connections]
        while connections:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0)
        await asyncio.sleep(0)

        assert transport() is None
    finally:
        gc.enable()
