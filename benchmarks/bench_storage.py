"""Speed of the story log by size (``make bench``); ``figures/story_storage`` holds the promises."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from benchmarks.storage_load import AT, BRANCH, EVENTS_A_TURN, filled, turn_of
from tta_rebuild.storage.sql_store import SqlStoryStore

SIZES = (1_000, 100_000)


class StackBuilder(Protocol):
    group: str

    def __call__(self, work: Any) -> Any: ...


class Player:
    """A store on a loop of its own, and where its story stands."""

    def __init__(self, home: Path, events: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.store: SqlStoryStore = self.run(filled(home, events))
        self.branch = self.run(self.store.branch(BRANCH))
        self.length, self.turn = self.branch.length, self.branch.turn

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def append(self) -> None:
        self.turn += 1
        events = turn_of(self.turn)
        self.length = self.run(
            self.store.append(BRANCH, self.turn, events, expected=self.length, at=AT)
        )

    def close(self) -> None:
        self.run(self.store.close())
        self.loop.close()


@pytest.fixture(scope="module", params=SIZES)
def player(request: pytest.FixtureRequest) -> Iterator[Player]:
    with tempfile.TemporaryDirectory() as home:
        player = Player(Path(home), request.param)
        yield player
        player.close()


def test_append_of_a_turn(player: Player, benchmark: StackBuilder) -> None:
    benchmark.group = "append of a turn"
    before = player.length
    benchmark(player.append)
    assert player.length > before


def test_last_fifty_events(player: Player, benchmark: StackBuilder) -> None:
    benchmark.group = "last 50 events"
    found = benchmark(lambda: player.run(player.store.tail(BRANCH, 50)))
    assert len(found) == 50


def test_fork(player: Player, benchmark: StackBuilder) -> None:
    benchmark.group = "fork"
    middle = player.length // 2
    fork = benchmark(lambda: player.run(player.store.fork(BRANCH, middle, at=AT)))
    assert fork.length == middle


def test_search_for_two_words(player: Player, benchmark: StackBuilder) -> None:
    benchmark.group = "search"
    words = ["harbour", "(17)"]
    found = benchmark(lambda: player.run(player.store.search(BRANCH, words, limit=20)))
    assert len(found) == 20


def test_reading_a_thousand_turns(player: Player, benchmark: StackBuilder) -> None:
    if player.length < 1_000 * EVENTS_A_TURN:
        pytest.skip("the story is shorter")
    benchmark.group = "1,000 turns read"

    async def read() -> int:
        return len([r async for r in player.store.read(BRANCH, upto=1_000 * EVENTS_A_TURN)])

    assert benchmark(lambda: player.run(read())) == 1_000 * EVENTS_A_TURN
