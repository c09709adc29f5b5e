"""Random operations on a store, held against lists of plain Python."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tta_rebuild.core.errors import PositionConflict, PositionNotFound
from tta_rebuild.core.events import PlayerActed
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.storage.story_store import StoryStore

T = TypeVar("T")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORDS = ("amber", "brook", "cedar", "dune", "ember")


@dataclass
class Line:
    """A branch as the model sees it: (turn, text) for each event of its path."""

    branch_id: str
    path: list[tuple[int, str]]


class StoreMachine(RuleBasedStateMachine):
    lines = Bundle("lines")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.known: list[Line] = []
        self.told = 0

    def run(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(work)

    async def open(self) -> StoryStore:
        return MemoryStoryStore()

    def teardown(self) -> None:
        self.run(self.store.close())
        self.loop.close()

    def text(self, word: str) -> str:
        self.told += 1
        return f"{word} {self.told}"

    def keep(self, line: Line) -> Line:
        self.known.append(line)
        return line

    @initialize(target=lines)
    def begin(self) -> Line:
        self.store = self.run(self.open())
        branch = self.run(
            self.store.create_story("sea", "Sea", [PlayerActed(text="begin")], at=NOON)
        )
        return self.keep(Line(branch.branch_id, [(0, "begin")]))

    @rule(line=lines, words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
    def append(self, line: Line, words: list[str]) -> None:
        turn = line.path[-1][0] + 1 if line.path else 1
        texts = [self.text(word) for word in words]
        length = self.run(
            self.store.append(
                line.branch_id,
                turn,
                [PlayerActed(text=text) for text in texts],
                expected=len(line.path),
                at=NOON,
            )
        )
        line.path.extend((turn, text) for text in texts)
        assert length == len(line.path)

    @rule(line=lines, off=st.integers(-3, 3).filter(bool))
    def contradiction(self, line: Line, off: int) -> None:
        events = [PlayerActed(text="never stored")]
        with pytest.raises(PositionConflict):
            self.run(
                self.store.append(
                    line.branch_id, 10_000, events, expected=len(line.path) + off, at=NOON
                )
            )

    @rule(target=lines, line=lines, share=st.floats(0, 1))
    def fork(self, line: Line, share: float) -> Line:
        position = round(share * len(line.path))
        branch = self.run(self.store.fork(line.branch_id, position, at=NOON))
        assert branch.turn == (line.path[position - 1][0] if position else 0)
        return self.keep(Line(branch.branch_id, line.path[:position]))

    @rule(line=lines, bounds=st.tuples(st.integers(0, 30), st.integers(0, 30)))
    def read(self, line: Line, bounds: tuple[int, int]) -> None:
        after, upto = sorted(bounds)

        async def part() -> list[Any]:
            return [r async for r in self.store.read(line.branch_id, after=after, upto=upto)]

        found = [(r.position, r.turn, r.event.text) for r in self.run(part())]
        assert found == [(n, *entry) for n, entry in enumerate(line.path, 1) if after < n <= upto]

    @rule(line=lines, turn=st.integers(0, 15))
    def turn_end(self, line: Line, turn: int) -> None:
        ends = [n for n, (of, _) in enumerate(line.path, 1) if of == turn]
        if ends:
            assert self.run(self.store.turn_end(line.branch_id, turn)) == ends[-1]
        else:
            with pytest.raises(PositionNotFound):
                self.run(self.store.turn_end(line.branch_id, turn))

    @rule(line=lines, word=st.sampled_from(WORDS), upto=st.none() | st.integers(0, 20))
    def search(self, line: Line, word: str, upto: int | None) -> None:
        found = self.run(self.store.search(line.branch_id, [word], limit=1000, upto=upto))
        end = len(line.path) if upto is None else upto
        assert sorted((f.position, f.text) for f in found) == [
            (n, text) for n, (_, text) in enumerate(line.path[:end], 1) if text.startswith(word)
        ]

    @rule(line=lines, share=st.floats(0, 1))
    def snapshot(self, line: Line, share: float) -> None:
        position = round(share * len(line.path))
        if position:
            seen = json.dumps([text for _, text in line.path[:position]])
            self.run(self.store.save_snapshot(line.branch_id, position, "texts/1", seen))

    @rule(line=lines)
    def latest_snapshot(self, line: Line) -> None:
        latest = self.run(self.store.latest_snapshot(line.branch_id, "texts/1"))
        if latest is not None:
            position, seen = latest
            assert json.loads(seen) == [text for _, text in line.path[:position]]

    @invariant()
    def lengths_agree(self) -> None:
        if self.known:
            found = self.run(self.store.branches("sea"))
            assert {b.branch_id: b.length for b in found} == {
                line.branch_id: len(line.path) for line in self.known
            }


class SqliteMachine(StoreMachine):
    async def open(self) -> StoryStore:
        self.home = tempfile.TemporaryDirectory()
        return await StoryStore.open(self.home.name)

    def teardown(self) -> None:
        super().teardown()
        self.home.cleanup()


def _run(machine: type[StoreMachine], *, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_memory_equals_plain_lists_over_thousands_of_random_steps() -> None:
    _run(StoreMachine, examples=100, steps=50)


def test_sqlite_equals_plain_lists_over_a_thousand_random_steps() -> None:
    _run(SqliteMachine, examples=25, steps=45)


@pytest.mark.stress
def test_sqlite_equals_plain_lists_over_thousands_of_random_steps() -> None:
    _run(SqliteMachine, examples=150, steps=60)
