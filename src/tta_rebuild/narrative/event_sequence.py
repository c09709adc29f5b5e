"""A sequence that never changes: adding to it gives a new one, which shares nearly all with it.

The timeline manager keeps its events so. Every timeline state that it hands out holds the events
as they were at that moment; old and new differ in one block of items, so a state costs the same
after ten events as after a million.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TypeVar, overload

_BLOCK = 256

T = TypeVar("T")


class EventSequence(Sequence[T]):
    """Compares equal to any list, tuple or sequence of the same items."""

    __slots__ = ("_blocks", "_last", "_length")
    __hash__ = None  # type: ignore[assignment]  # equal to lists, which have no hash either

    def __init__(
        self, blocks: tuple[tuple[T, ...], ...] = (), last: tuple[T, ...] = (), length: int = 0
    ) -> None:
        self._blocks = blocks
        self._last = last  # the block in which nearly all growth happens
        self._length = length

    def with_item(self, item: T, time: Callable[[T], int] | None = None) -> EventSequence[T]:
        """A sequence with one more item, at its end or behind all that are not later."""
        blocks, last = self._blocks, self._last
        if time is None or not last or time(last[-1]) <= time(item):
            if len(last) == _BLOCK:
                blocks, last = (*blocks, last), ()
            return EventSequence(blocks, (*last, item), self._length + 1)
        blocks = (*blocks, last)
        at = bisect_right(blocks, time(item), key=lambda block: time(block[-1]))
        place = bisect_right(blocks[at], time(item), key=time)
        grown = (*blocks[at][:place], item, *blocks[at][place:])
        half = len(grown) // 2 if len(grown) > _BLOCK else 0
        parts = (grown[:half], grown[half:]) if half else (grown,)
        *before, last = blocks[:at] + parts + blocks[at + 1 :]
        return EventSequence(tuple(before), last, self._length + 1)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return list(self)[index]
        left = index + self._length if index < 0 else index
        for block in (*self._blocks, self._last) if left >= 0 else ():
            if left < len(block):
                return block[left]
            left -= len(block)
        raise IndexError("index out of range")

    def __iter__(self) -> Iterator[T]:
        return chain(*self._blocks, self._last)

    def __reversed__(self) -> Iterator[T]:
        return chain(*map(reversed, (self._last, *reversed(self._blocks))))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (EventSequence, list, tuple)):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return repr(list(self))
