"""The seam to models: the request's key, what wrappers pass on, what outside providers get."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.core import TTAContext
from tta_rebuild.core.errors import ProviderBusy
from tta_rebuild.integrations import (
    LLMConfig,
    LLMProvider,
    LLMRequest,
    LLMResponse,
    MockLLMProvider,
    RequestProvider,
    WrapperProvider,
)
from tta_rebuild.integrations.llm_provider import (
    StreamEnded,
    StreamItem,
    StreamRestarted,
    TextPiece,
    estimated_usage,
)

CONTEXT = TTAContext(
    workflow_id="w",
    correlation_id="c",
    timestamp=datetime(2026, 1, 1, tzinfo=UTC),
    metaconcepts=[],
    player_boundaries={},
)
REQUEST = LLMRequest(prompt="p", context=CONTEXT, system="s", task="scene", variables={"a": 1})


def test_the_full_text_is_the_stable_part_and_then_the_prompt() -> None:
    assert REQUEST.full_text == "s\n\np"
    assert replace(REQUEST, system="").full_text == "p"


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "q"},
        {"system": "t"},
        {"task": "dialogue"},
        {"template": "scene@2"},
        {"variables": {"a": 2}},
        {"schema": {"type": "object"}},
        {"model": "m"},
        {"max_tokens": 5},
        {"temperature": 0.1},
        {"top_p": 0.5},
    ],
)
def test_what_is_asked_is_in_the_key(change: dict[str, Any]) -> None:
    assert replace(REQUEST, **change).key() != REQUEST.key()


@pytest.mark.parametrize(
    "change",
    [
        {"story_id": "x"},
        {"branch_id": "x"},
        {"turn": 4},
        {"attempt": 2},
        {"timeout_seconds": 1.0},
        {"context": CONTEXT.with_universe("other")},
    ],
)
def test_who_asks_and_when_is_not_in_the_key(change: dict[str, Any]) -> None:
    assert replace(REQUEST, **change).key() == REQUEST.key()


@given(st.dictionaries(st.text(), st.text() | st.integers(), max_size=6), st.randoms())
def test_the_key_does_not_depend_on_the_order_of_variables(values: Any, dice: Any) -> None:
    shuffled = list(values.items())
    dice.shuffle(shuffled)
    one, other = replace(REQUEST, variables=values), replace(REQUEST, variables=dict(shuffled))
    assert one.key() == other.key()
    assert len(one.key()) == 64


def test_a_key_can_be_made_of_broken_text_too() -> None:
    assert replace(REQUEST, prompt="\ud800").key()


class OutsideProvider(LLMProvider):
    """Written by somebody who knows nothing of requests."""

    prompts: list[str]

    async def generate(self, prompt: str, context: TTAContext, **overrides: Any) -> LLMResponse:
        return LLMResponse(text=prompt, tokens_used=1, model="x", finish_reason="stop")

    async def generate_stream(
        self, prompt: str, context: TTAContext, **overrides: Any
    ) -> AsyncIterator[str]:
        yield prompt[:2]
        yield prompt[2:]


async def test_an_outside_provider_can_be_asked_with_a_request() -> None:
    provider = OutsideProvider(LLMConfig(model="x"))
    assert (await provider.complete(REQUEST)).text == "s\n\np"
    items = [item async for item in provider.stream(REQUEST)]
    assert [type(item) for item in items] == [TextPiece, TextPiece, StreamEnded]
    ended = items[-1]
    assert isinstance(ended, StreamEnded)
    assert ended.response.text == "s\n\np"
    assert ended.response.usage.estimated


class Restarting(RequestProvider):
    def __init__(self) -> None:
        super().__init__(LLMConfig(model="r"))
        self.closed = False

    async def complete(self, request: LLMRequest) -> LLMResponse:
        return LLMResponse(text="b", tokens_used=1, model="r", finish_reason="stop")

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        try:
            yield TextPiece("a")
            yield StreamRestarted("again")
            yield TextPiece("b")
            yield StreamEnded(await self.complete(request))
        finally:
            self.closed = True


async def test_a_wrapper_changes_nothing_by_default() -> None:
    inner = Restarting()
    wrapper = WrapperProvider(inner)
    assert wrapper.config is inner.config
    assert await wrapper.complete(REQUEST) == await inner.complete(REQUEST)
    assert [i async for i in wrapper.stream(REQUEST)] == [i async for i in inner.stream(REQUEST)]
    assert (await wrapper.generate("p", CONTEXT, temperature=0.1)).text == "b"


async def test_leaving_a_wrapped_stream_closes_the_one_behind_it_at_once() -> None:
    inner = Restarting()
    async with aclosing(WrapperProvider(inner).stream(REQUEST)) as items:
        async for _ in items:
            break
    assert inner.closed


async def test_leaving_a_stream_of_bare_text_closes_the_one_behind_it_too() -> None:
    inner = Restarting()
    async with aclosing(inner.generate_stream("p", CONTEXT)) as pieces:
        async for _ in pieces:
            break
    assert inner.closed


async def test_closing_a_wrapper_twice_is_safe() -> None:
    wrapper = WrapperProvider(MockLLMProvider(latency_ms=0))
    await wrapper.aclose()
    await wrapper.aclose()


async def test_the_mocks_stream_ends_with_the_whole_response() -> None:
    mock = MockLLMProvider(response="Once upon a time.", latency_ms=0)
    items = [item async for item in mock.stream(REQUEST)]
    ended = items[-1]
    assert isinstance(ended, StreamEnded)
    assert ended.response.text == "Once upon a time."
    assert "".join(i.text for i in items if isinstance(i, TextPiece)) == ended.response.text
    assert mock.last_prompt == REQUEST.full_text


async def test_a_failing_mock_raises_what_real_providers_raise() -> None:
    with pytest.raises(ProviderBusy, match="Mock LLM provider failure"):
        await MockLLMProvider(should_fail=True, latency_ms=0).complete(REQUEST)


def test_guessed_usage_says_that_it_is_guessed() -> None:
    usage = estimated_usage("x" * 400, "y" * 40)
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (100, 10, True)
    assert usage.total_tokens == 110
    assert estimated_usage("", "").total_tokens == 2


@pytest.mark.parametrize(
    "text", ["The lamp is lit. " * 20, "灯が点いている。" * 20, "Лампа горит. " * 20]
)
def test_a_prompt_counts_by_its_bytes_so_that_no_script_is_taken_for_short(text: str) -> None:
    request = replace(REQUEST, system="", prompt=text)
    size = len(text.encode())
    assert size / 4 < request.likely_input_tokens < size / 3
    assert size < request.most_input_tokens
    assert request.most_input_tokens < replace(request, schema={}).most_input_tokens


async def test_a_callers_mock_that_overrides_generate_is_asked_through_it() -> None:
    class Noting(MockLLMProvider):
        def __init__(self) -> None:
            super().__init__(response="noted", latency_ms=0)
            self.prompts: list[str] = []

        async def generate(self, prompt: str, context: TTAContext, **overrides: Any) -> LLMResponse:
            self.prompts.append(prompt)
            return await super().generate(prompt, context, **overrides)

    mock = Noting()
    assert (await mock.complete(REQUEST)).text == "noted"
    assert (await mock.generate("p", CONTEXT)).text == "noted"
    assert mock.prompts == ["s\n\np", "p"]
    assert mock.call_count == 2


def test_a_key_is_made_once_for_a_request() -> None:
    assert REQUEST.key() is REQUEST.key()
