"""Single flight: who asks what is being asked already waits for the same answer.

``wrappers.cached`` stands on this. A flight belongs to nobody: it goes on while anybody waits for
it, whoever began it may leave, and with the last one it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from contextlib import aclosing

from tta_rebuild.integrations.llm_provider import Items, StreamItem


class _Flight:
    """One stream from upstream and those who read it."""

    def __init__(self, items: Items) -> None:
        self.waiting = 0
        self.items: list[StreamItem] = []
        self.changed = asyncio.Event()
        self.task = asyncio.create_task(self._read(items))
        self.task.add_done_callback(self._landed)

    async def _read(self, items: Items) -> None:
        async with aclosing(items):
            async for item in items:
                self.items.append(item)
                self._notify()

    def _notify(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def _landed(self, task: asyncio.Task[None]) -> None:
        # Whoever still waits is told of a failure; that nobody does is no failure of its own.
        if not task.cancelled():
            task.exception()
        self._notify()


class SingleFlight:
    """Streams under way, by key."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight] = {}

    def is_under_way(self, key: Hashable) -> bool:
        """True if somebody has asked already and the answer is on its way."""
        return key in self._flights

    async def stream(self, key: Hashable, begin: Callable[[], Items]) -> Items:
        """The items of the one stream under this key from its beginning, begun if there is none."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(begin())
            flight.task.add_done_callback(lambda _: self._forget(key, flight))
        flight.waiting += 1
        read = 0
        try:
            while True:
                while read < len(flight.items):
                    read += 1
                    yield flight.items[read - 1]
                if flight.task.done():
                    flight.task.result()
                    return
                await flight.changed.wait()
        finally:
            flight.waiting -= 1
            if flight.waiting == 0:  # the last one out ends the call, and waits until it has ended
                self._forget(key, flight)
                if not flight.task.done():
                    flight.task.cancel()
                    await asyncio.wait([flight.task])

    def _forget(self, key: Hashable, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
