"""A turn that is played anew is given the replies that it had, and asks only for the others."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.engine.conftest import ScriptedStoryteller

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.errors import ProviderBusy, StreamBroken
from tta_rebuild.core.turn_calls import CallPlace
from tta_rebuild.engine.kept_replies import TurnMemory
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import (
    SILENT,
    LLMProvider,
    LLMRequest,
    LLMResponse,
    StreamEnded,
    TextPiece,
)
from tta_rebuild.integrations.prices import Price, Rates
from tta_rebuild.integrations.wrappers.costed import CostTrackingLLMProvider
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
        self.teller.price = Price(rates=Rates(input=1.0, output=10.0))
        self.calls, self.settled = self.store.turn_calls(), 0

    async def settle(self) -> None:
        self.settled += 1

    def playing(self, turn_id: str = "t1") -> tuple[TurnMemory, LLMProvider]:
        memory = TurnMemory(turn_id, self.calls, settle=self.settle, clock=lambda: NOW, worker="w1")
        return memory, memory.around(CostTrackingLLMProvider(self.teller, CostTracker()))


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
    assert await table.calls.open_calls("t1") == []
    assert table.settled == 4, "what they cost is in the ledger before they are forgotten"


async def test_what_is_known_of_a_call_that_is_under_way(table: Table) -> None:
    memory, first = table.playing()
    async with aclosing(first.stream(request())) as items:
        async for _ in items:
            [(place, call)] = memory.open_calls.items()
            heard = call.now()
            [(noted, asked)] = await table.calls.open_calls("t1")
            break

    assert noted == place == CallPlace(request().key(), 1)
    assert asked == call.asked
    assert heard.chars == table.teller.piece_chars
    assert heard.first_s == NOW.timestamp()
    assert (asked.player_id, asked.story_id, asked.task) == ("anna", "s", "scene")
    assert (asked.model, asked.input_tokens) == ("scripted", request().likely_input_tokens)
    assert (asked.worker, asked.prompt_bytes) == ("w1", request().size_bytes)
    assert asked.most_output_tokens == table.teller.config.max_tokens
    assert memory.open_calls == {}
    assert await table.calls.open_calls("t1") == []


async def test_a_call_is_noted_before_its_request_leaves_and_not_before_that(table: Table) -> None:
    memory, first = table.playing()
    noted = list[int]()
    tell = table.teller.complete

    async def telling(asked: LLMRequest) -> LLMResponse:
        noted.append(len(await table.calls.open_calls("t1")))
        return await tell(asked)

    table.teller.complete = telling  # type: ignore[method-assign]
    waits = memory.around(table.teller)  # nothing in between that sends: as a cache would answer
    await waits.complete(request("From a cache."))
    await first.complete(request())

    assert noted == [0, 1]


async def test_a_whole_answer_is_asked_for_as_a_stream_so_that_it_is_known_how_far_it_came(
    table: Table,
) -> None:
    memory, first = table.playing()
    stream, seen = table.teller.stream, list[int]()

    async def streaming(asked: LLMRequest) -> Any:
        async for item in stream(asked):
            yield item
            seen.append(max(call.now().chars for call in memory.open_calls.values()))

    table.teller.stream = streaming  # type: ignore[method-assign]
    told = await first.complete(request())

    assert len(seen) > 2
    assert seen[0] == table.teller.piece_chars
    assert told.text


async def test_half_of_an_answer_that_went_silent_is_no_whole_answer(table: Table) -> None:
    async def silent(asked: LLMRequest) -> Any:
        half = LLMResponse(text="{", tokens_used=1, model="scripted", finish_reason=SILENT)
        yield StreamEnded(half)

    table.teller.stream = silent  # type: ignore[method-assign]
    _, first = table.playing()
    with pytest.raises(StreamBroken):
        await first.complete(request())


async def test_replies_go_once_the_turn_is_over(table: Table) -> None:
    from tests.storage.test_turn_records import asked

    await table.store.turns().begin(asked())
    _, first = table.playing()
    await first.complete(request())
    await table.store.turns().end("t1", "stored", {}, NOW)
    _, anew = table.playing()
    await anew.complete(request())

    assert len(table.teller.requests) == 2
