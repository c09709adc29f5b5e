"""A turn that is played anew is given the replies that it had, and asks only for the others."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.engine.conftest import ScriptedStoryteller

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.errors import ProviderBusy
from tta_rebuild.core.turn_calls import CallPlace
from tta_rebuild.engine.kept_replies import TurnMemory
from tta_rebuild.integrations.llm_provider import LLMProvider, LLMRequest, StreamEnded, TextPiece
from tta_rebuild.storage.memory_store import MemoryStoryStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def request(prompt: str = "Tell on.", **more: Any) -> LLMRequest:
    context = TTAContext(
        workflow_id="s",
        correlation_id="c",
        timestamp=NOW,
        metaconcepts=[],
        player_boundaries={},
        session_state={"player_id": "anna"},
    )
    return LLMRequest(prompt=prompt, context=context, story_id="s", task="scene", **more)


class Table:
    """A storyteller, and playings of turns that ask it."""

    def __init__(self, *replies: str | Exception) -> None:
        self.teller, self.store = ScriptedStoryteller(*replies), MemoryStoryStore()
        self.calls, self.settled = self.store.turn_calls(), 0

    async def settle(self) -> None:
        self.settled += 1

    def playing(self, turn_id: str = "t1") -> tuple[TurnMemory, LLMProvider]:
        memory = TurnMemory(turn_id, self.calls, settle=self.settle, clock=lambda: NOW)
        return memory, memory.around(self.teller)


async def streamed(provider: LLMProvider, wanted: LLMRequest) -> tuple[str, Any]:
    async with aclosing(provider.stream(wanted)) as items:
        came = [item async for item in items]
    assert isinstance(came[-1], StreamEnded)
    return "".join(i.text for i in came if isinstance(i, TextPiece)), came[-1].response


@pytest.fixture
def table() -> Table:
    return Table()


async def test_a_whole_reply_is_given_again_and_not_asked_again(table: Table) -> None:
    _, first = table.playing()
    told = await first.complete(request())
    streams = await streamed(first, request("And then?"))
    _, anew = table.playing()

    assert await anew.complete(request()) == told
    assert await streamed(anew, request("And then?")) == streams
    assert len(table.teller.requests) == 2
    assert table.settled == 2, "what it cost is in the ledger before it is kept"


async def test_the_same_asked_twice_has_two_replies_in_order(table: Table) -> None:
    _, first = table.playing()
    told = [await first.complete(request()) for _ in range(2)]
    _, anew = table.playing()
    again = [await anew.complete(request()) for _ in range(3)]

    assert told[0] != told[1]
    assert again[:2] == told
    assert len(table.teller.requests) == 3, "the third was never told"


async def test_another_turn_or_another_request_is_told_for_itself(table: Table) -> None:
    _, one = table.playing()
    _, other = table.playing("t2")
    await one.complete(request())
    await other.complete(request())
    _, anew = table.playing()
    await anew.complete(request(temperature=0.1))

    assert len(table.teller.requests) == 3


async def test_a_call_that_fails_or_is_left_is_made_again_and_is_not_lost() -> None:
    table = Table(ProviderBusy("too many"))
    _, first = table.playing()
    with pytest.raises(ProviderBusy):
        await first.complete(request())
    async with aclosing(first.stream(request("And then?"))) as items:
        async for _ in items:
            break
    _, anew = table.playing()
    await anew.complete(request())
    await streamed(anew, request("And then?"))

    assert len(table.teller.requests) == 4
    assert await table.calls.take_lost("t1") == []
    assert table.settled == 4, "what they cost is in the ledger before they are forgotten"


async def test_a_call_of_which_nobody_heard_the_end_is_lost_once(table: Table) -> None:
    memory, first = table.playing()
    async with aclosing(first.stream(request())) as items:
        async for _ in items:
            [place] = memory.progress
            chars = memory.progress[place]
            [(lost, asked)] = await table.calls.take_lost("t1")
            again = await table.calls.take_lost("t1")
            break

    assert lost == place == CallPlace(request().key(), 1)
    assert chars == table.teller.piece_chars
    assert (asked.player_id, asked.story_id, asked.task) == ("anna", "s", "scene")
    assert (asked.model, asked.input_tokens) == ("scripted", request().likely_input_tokens)
    assert asked.most_output_tokens == table.teller.config.max_tokens
    assert again == []
    assert memory.progress == {}


async def test_replies_go_once_the_turn_is_over(table: Table) -> None:
    from tests.storage.test_turn_records import asked

    await table.store.turns().begin(asked())
    _, first = table.playing()
    await first.complete(request())
    await table.store.turns().end("t1", "stored", {}, NOW)
    _, anew = table.playing()
    await anew.complete(request())

    assert len(table.teller.requests) == 2
