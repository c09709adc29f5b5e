"""Single flight: who asks what is being asked already waits for the same answer.

``wrappers.cached`` stands on this. A flight belongs to nobody: it goes on while anybody waits for
it, whoever began it may leave, and with the last one it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

from tta_rebuild.integrations.llm_provider import LLMResponse, StreamItem


class _Flight:
    """One upstream call and those who wait for it."""

    __slots__ = ("changed", "items", "task", "waiting")

    def __init__(self) -> None:
        self.task: asyncio.Task[Any] | None = None
        self.waiting = 0
        self.items: list[StreamItem] = []
        self.changed: list[asyncio.Future[None]] = []

    def notify(self) -> None:
        changed, self.changed = self.changed, []
        for future in changed:
            if not future.done():
                future.set_result(None)

    def next_change(self) -> asyncio.Future[None]:
        """Done with the next item, or with the end."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.changed.append(future)
        return future

    async def leave(self) -> None:
        """One fewer waits; the last one out ends the call, and waits until it has ended."""
        self.waiting -= 1
        task = self.task
        if self.waiting == 0 and task is not None and not task.done():
            task.cancel()
            await asyncio.wait([task])


class SingleFlight:
    """Calls and streams under way, by key."""

    def __init__(self) -> None:
        self._calls: dict[str, _Flight] = {}
        self._streams: dict[str, _Flight] = {}

    async def call(
        self, key: str, begin: Callable[[], Coroutine[Any, Any, LLMResponse]]
    ) -> LLMResponse:
        """The answer of the one call under this key, begun if there is none."""
        flight = self._calls.get(key)
        if flight is None:
            flight = self._take_off(self._calls, key, lambda _: begin())
        flight.waiting += 1
        assert flight.task is not None
        try:
            if not flight.task.done():
                await flight.next_change()
            response: LLMResponse = flight.task.result()
            return response
        finally:
            if flight.waiting == 1:
                _forget(self._calls, key, flight)
            await flight.leave()

    async def stream(
        self, key: str, begin: Callable[[], AsyncGenerator[StreamItem, None]]
    ) -> AsyncGenerator[StreamItem, None]:
        """The items of the one stream under this key from its beginning, begun if there is none."""
        flight = self._streams.get(key)
        if flight is None:
            flight = self._take_off(self._streams, key, lambda new: _pump(new, begin()))
        flight.waiting += 1
        task = flight.task
        assert task is not None
        read = 0
        try:
            while True:
                while read < len(flight.items):
                    read += 1
                    yield flight.items[read - 1]
                if task.done():
                    if read == len(flight.items):
                        task.result()
                        return
                    continue
                await flight.next_change()
        finally:
            if flight.waiting == 1:
                _forget(self._streams, key, flight)
            await flight.leave()

    def is_under_way(self, key: str) -> bool:
        """True if somebody has asked already and the answer is on its way."""
        return key in self._calls or key in self._streams

    def _take_off(
        self,
        flights: dict[str, _Flight],
        key: str,
        begin: Callable[[_Flight], Coroutine[Any, Any, Any]],
    ) -> _Flight:
        flight = flights[key] = _Flight()
        flight.task = asyncio.create_task(self._land(flights, key, flight, begin(flight)))
        # Whoever still waits is told of a failure; that nobody does is no failure of its own.
        flight.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return flight

    async def _land(
        self,
        flights: dict[str, _Flight],
        key: str,
        flight: _Flight,
        work: Coroutine[Any, Any, Any],
    ) -> Any:
        try:
            return await work
        finally:
            _forget(flights, key, flight)
            # Whoever waits wakes after this step of the task, which is its last.
            flight.notify()


async def _pump(flight: _Flight, items: AsyncGenerator[StreamItem, None]) -> None:
    try:
        async for item in items:
            flight.items.append(item)
            flight.notify()
    finally:
        await items.aclose()


def _forget(flights: dict[str, _Flight], key: str, flight: _Flight) -> None:
    if flights.get(key) is flight:
        del flights[key]
