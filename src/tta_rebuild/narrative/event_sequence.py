"""A sequence that is never copied and never changes: adding to it gives a new one.

The timeline manager keeps its events in an ``EventSequence``. Every timeline state that it hands
out holds the events as they were at that moment; old and new share all but a few small nodes (a
tree of tuples whose path from the root is rebuilt by each insertion), so a state costs the same
after ten events as after a million.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar, overload

_WIDTH = 32


class _Timed(Protocol):
    """Anything with a place in story time."""

    @property
    def timestamp(self) -> int:
        """Story time."""


T = TypeVar("T", bound=_Timed)


class _Node(Generic[T]):
    """``members`` are items in a leaf (``height`` 0), else nodes one level lower."""

    __slots__ = ("height", "last", "members", "size")

    def __init__(self, height: int, members: tuple[Any, ...], size: int = 0) -> None:
        self.height = height
        self.members = members
        if height:
            self.size: int = size or sum(node.size for node in members)
            self.last: int = members[-1].last
        else:
            self.size = len(members)
            self.last = members[-1].timestamp

    def with_item(self, item: T) -> tuple[_Node[T], ...]:
        """This node with one more item: one node, or two if it grew too wide."""
        members, time = self.members, item.timestamp
        at = len(members)
        if self.height:
            # The first child that ends later; the last child takes what is later than all.
            while at > 1 and members[at - 2].last > time:
                at -= 1
            members = members[: at - 1] + members[at - 1].with_item(item) + members[at:]
        else:
            while at and members[at - 1].timestamp > time:
                at -= 1
            members = (*members[:at], item, *members[at:])
        if len(members) <= _WIDTH:
            return (_Node(self.height, members, self.size + 1),)
        # Growth is nearly always at the right edge: leave the left node almost full.
        cut = _WIDTH - 1 if at >= _WIDTH - 1 else _WIDTH // 2
        return (_Node(self.height, members[:cut]), _Node(self.height, members[cut:]))

    def item(self, index: int) -> T:
        node: _Node[T] = self
        while node.height:
            for child in node.members:
                if index < child.size:
                    node = child
                    break
                index -= child.size
        found: T = node.members[index]
        return found

    def items(self) -> Iterator[T]:
        if self.height:
            for child in self.members:
                yield from child.items()
        else:
            yield from self.members

    def items_reversed(self) -> Iterator[T]:
        for member in reversed(self.members):
            if self.height:
                yield from member.items_reversed()
            else:
                yield member


class EventSequence(Sequence[T]):
    """Items in order of ``timestamp``; those of equal time in the order they were added.

    Compares equal to any list, tuple or sequence of the same items.
    """

    __slots__ = ("_root",)
    __hash__ = None  # type: ignore[assignment]  # equal to lists, which have no hash either

    def __init__(self) -> None:
        self._root: _Node[T] | None = None

    def with_item(self, item: T) -> EventSequence[T]:
        """A sequence with one more item, at its place; this one stays as it is."""
        grown: EventSequence[T] = EventSequence()
        if self._root is None:
            grown._root = _Node(0, (item,))
        else:
            nodes = self._root.with_item(item)
            grown._root = nodes[0] if len(nodes) == 1 else _Node(nodes[0].height + 1, nodes)
        return grown

    def __len__(self) -> int:
        return self._root.size if self._root else 0

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        at = index + len(self) if index < 0 else index
        if self._root is None or not 0 <= at < len(self):
            raise IndexError("index out of range")
        return self._root.item(at)

    def __iter__(self) -> Iterator[T]:
        return self._root.items() if self._root else iter(())

    def __reversed__(self) -> Iterator[T]:
        return self._root.items_reversed() if self._root else iter(())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (EventSequence, Prefix, list, tuple)):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return repr(list(self))


P = TypeVar("P")


class Prefix(Sequence[P]):
    """The first ``length`` items of a list that only ever grows at its end; nothing is copied.

    Compares equal to any list, tuple or prefix of the same items.
    """

    __slots__ = ("_items", "_length")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, items: list[P]) -> None:
        self._items = items
        self._length = len(items)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> P: ...
    @overload
    def __getitem__(self, index: slice) -> list[P]: ...
    def __getitem__(self, index: int | slice) -> P | list[P]:
        if isinstance(index, slice):
            return [self._items[i] for i in range(*index.indices(self._length))]
        at = index + self._length if index < 0 else index
        if not 0 <= at < self._length:
            raise IndexError("index out of range")
        return self._items[at]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Prefix, EventSequence, list, tuple)):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return repr(self[:])
