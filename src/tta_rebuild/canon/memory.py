"""What one person keeps in mind, however long the story: all of it, and what of it matters now.

A person's ``Memories`` are part of the fold (``engine.state``) and only grow; the ten latest are in
the contract's ``memory``, older turns stand there in a line each (``canon.lines``) that names the
turns it stands for. Such a line is a reminder: what is recalled are the memories themselves.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, overload

from tta_rebuild.canon.recall import within_budget, words_in
from tta_rebuild.core.english import stem
from tta_rebuild.core.story import Memory

RECALL_TOKENS = 1_500
HALF_LIFE_TURNS = 12
"""Turns after which a memory counts half as recent."""

RELEVANCE, IMPORTANCE, RECENCY = 2.0, 1.0, 1.0
"""What each of the scores counts, all of them in [0, 1] over what is compared.

After Park et al., "Generative Agents" (2023), who count them alike; there the cue is the situation,
here it may be a question, so what it is about counts for more.
"""

LATEST, HEAVIEST, NEAREST, MOST_LOOKED_AT = 40, 40, 200, 20_000
"""Memories that are compared: the latest, the weightiest, and those that share most with the cue;
of these so many are looked at, the rarer words' first."""

_TURN_CHARS = 12


class _Shared:
    """What all versions of one person's memories have in common: it only grows."""

    __slots__ = ("heavy", "indexed", "items", "postings")

    def __init__(self, items: Iterable[Memory] = ()) -> None:
        self.items = list(items)
        self.postings: dict[str, list[int]] = defaultdict(list)
        self.heavy: list[int] = []
        self.indexed = 0

    def index(self) -> None:
        for number in range(self.indexed, len(self.items)):
            memory = self.items[number]
            for word in _keys(memory.text):
                self.postings[word].append(number)
            if memory.weight >= 3:
                self.heavy.append(number)
        self.indexed = len(self.items)


class Memories(Sequence[Memory]):
    """One person's memories, oldest first. A value: what is added makes a new one.

    Adding costs the same however many there are; two that go on from the same past stay apart.
    """

    __slots__ = ("_length", "_shared")

    def __init__(self, memories: Iterable[Memory] = ()) -> None:
        self._shared = _Shared(memories)
        self._length = len(self._shared.items)

    def added(self, new: Iterable[Memory]) -> Memories:
        """These and the new ones."""
        shared = self._shared
        if len(shared.items) != self._length:  # another branch went on from here
            shared = _Shared(shared.items[: self._length])
        shared.items.extend(new)
        after = Memories()
        after._shared, after._length = shared, len(shared.items)
        return after

    def during(self, first: int, last: int) -> tuple[Memory, ...]:
        """What a line of the older past stands for: the memories of turns ``first`` to ``last``."""
        items, end = self._shared.items, self._length
        start = bisect_left(items, first, hi=end, key=lambda one: one.turn)
        return tuple(items[start : bisect_left(items, last + 1, hi=end, key=lambda one: one.turn)])

    def recalled(
        self,
        cue: str,
        turn: int,
        budget_tokens: int = RECALL_TOKENS,
        near: Collection[str] = (),
    ) -> tuple[Memory, ...]:
        """What comes to mind at this turn, within a budget of tokens, oldest first.

        ``cue`` is what they see or are asked, ``near`` the ids of those whom it concerns. Each is
        scored by relevance to the cue, importance and recency on the story's clock.
        """
        items, shared = self._shared.items, self._share_of(cue)
        compared = dict.fromkeys((*shared, *self._latest(), *self._heaviest()))
        if not compared:
            return ()
        told = [
            (shared.get(n, 0.0), 0.3 * len(set(near).intersection(items[n].about)))
            for n in compared
        ]
        relevance = _normalised([by_words + by_whom for by_words, by_whom in told])
        importance = _normalised([float(items[n].weight) for n in compared])
        recency = _normalised(
            [0.5 ** (max(0, turn - items[n].turn) / HALF_LIFE_TURNS) for n in compared]
        )
        scores = {
            number: RELEVANCE * one + IMPORTANCE * two + RECENCY * three
            for number, one, two, three in zip(
                compared, relevance, importance, recency, strict=True
            )
        }
        ranked = sorted(scores, key=lambda number: (scores[number], number), reverse=True)
        once = {items[number].text: number for number in reversed(ranked)}
        best = (number for number in ranked if once[items[number].text] == number)
        kept = within_budget(best, budget_tokens, lambda n: len(items[n].text) + _TURN_CHARS)
        return tuple(items[number] for number in sorted(kept))

    def _share_of(self, cue: str) -> dict[int, float]:
        """How much of a cue the memories share that share most; a rare word counts for more."""
        shared = self._shared
        shared.index()
        found: dict[str, list[int]] = {}
        for word in _keys(cue):
            numbers = shared.postings.get(word, [])
            if end := bisect_left(numbers, self._length):
                found[word] = numbers if end == len(numbers) else numbers[:end]
        rarity = {word: math.log(1 + self._length / len(of)) for word, of in found.items()}
        total = sum(rarity.values())
        shares: dict[int, float] = defaultdict(float)
        room = MOST_LOOKED_AT
        for word in sorted(found, key=lambda word: len(found[word])):
            share = rarity[word] / total
            for number in found[word][-room:] if room else ():
                shares[number] += share
            room = max(0, room - len(found[word]))
        nearest = heapq.nlargest(NEAREST, ((share, number) for number, share in shares.items()))
        return {number: share for share, number in nearest}

    def _latest(self) -> range:
        return range(max(0, self._length - LATEST), self._length)

    def _heaviest(self) -> list[int]:
        heavy = self._shared.heavy
        end = bisect_left(heavy, self._length)
        return heavy[max(0, end - HEAVIEST) : end]

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Memory: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Memory, ...]: ...
    def __getitem__(self, index: int | slice) -> Memory | tuple[Memory, ...]:
        """By number, the latest being -1; a part of them as a tuple."""
        places = range(self._length)[index]
        items = self._shared.items
        return items[places] if isinstance(places, int) else tuple(items[n] for n in places)

    def __iter__(self) -> Iterator[Memory]:
        return iter(self._shared.items[: self._length])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Memories) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Memories({list(self)!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """As a list of memories, for snapshots."""
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(
            cls,
            handler.generate_schema(tuple[Memory, ...]),
            serialization=core_schema.plain_serializer_function_ser_schema(
                tuple, return_schema=handler.generate_schema(tuple[Memory, ...])
            ),
        )


def _keys(text: str) -> set[str]:
    """What a text is found by; "the flutes" as "flute"."""
    words = (part for word in words_in(text) for part in word.replace("’", "'").split("-"))
    return {stem(word.removesuffix("'s")) for word in words}


def _normalised(scores: Sequence[float]) -> list[float]:
    """Scores stretched over [0, 1]; all 0 where they are alike."""
    least, most = min(scores), max(scores)
    return [(one - least) / (most - least) if most > least else 0.0 for one in scores]
