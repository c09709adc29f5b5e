"""Keys of ours in a model's words are masked before anything else has them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from tests.integrations.fakes import request_of
from tta_rebuild.core.errors import ProviderBusy, ProviderError, StreamBroken
from tta_rebuild.core.redaction import MASK, Redactor
from tta_rebuild.integrations.llm_provider import (
    LLMConfig,
    LLMRequest,
    LLMResponse,
    RequestProvider,
    StreamEnded,
    StreamItem,
    TextPiece,
)
from tta_rebuild.integrations.wrappers.redacting import RedactingLLMProvider


class Saying(RequestProvider):
    """Says a text in pieces of ``size`` characters, and then fails if it has a failure."""

    def __init__(self, text: str, size: int = 5, failure: ProviderError | None = None) -> None:
        super().__init__(LLMConfig(model="saying"))
        self.text, self.size, self.failure = text, size, failure

    async def complete(self, request: LLMRequest) -> LLMResponse:
        if self.failure:
            raise self.failure
        return LLMResponse(text=self.text, tokens_used=1, model="saying", finish_reason="stop")

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        for start in range(0, len(self.text), self.size):
            yield TextPiece(self.text[start : start + self.size])
        yield StreamEnded(await self.complete(request))


async def said(model: Saying, key: str) -> tuple[list[str], str]:
    """The pieces of a stream, and the text of its end."""
    pieces, end = [], ""
    redacting = RedactingLLMProvider(model, Redactor([key]))
    async with aclosing(redacting.stream(request_of())) as items:
        async for item in items:
            if isinstance(item, TextPiece):
                pieces.append(item.text)
            elif isinstance(item, StreamEnded):
                end = item.response.text
    return pieces, end


@pytest.mark.parametrize("size", [1, 5, 7, 1000])
@pytest.mark.parametrize("form", [str, lambda key: key.encode().hex()])
async def test_a_key_is_masked_however_a_stream_cuts_it(size: int, form: object) -> None:
    key = secrets.token_urlsafe(24)
    spoken = form(key)  # type: ignore[operator]
    pieces, end = await said(Saying(f'The sign says "{spoken}". She reads on.', size), key)
    assert "".join(pieces) == end == f'The sign says "{MASK}". She reads on.'


async def test_words_without_a_key_come_as_they_are_and_at_most_a_word_late() -> None:
    text = "The keeper climbed the stairs. Nobody had lit the lamp."
    pieces, end = await said(Saying(text, 12), secrets.token_urlsafe(24))
    assert "".join(pieces) == end == text
    assert pieces[0] == "The keeper "


async def test_a_key_in_the_message_of_an_error_is_masked() -> None:
    key = secrets.token_urlsafe(24)
    for failure in (
        ProviderBusy(f"the server said: {key} is busy"),
        StreamBroken(f"broke at {key}", text=f"so far {key}"),
    ):
        model = RedactingLLMProvider(Saying("", failure=failure), Redactor([key]))
        with pytest.raises(type(failure)) as raised:
            await model.complete(request_of())
        assert key not in str(raised.value) + getattr(raised.value, "text", "")


async def test_what_came_before_a_break_is_given_with_its_last_word() -> None:
    key = secrets.token_urlsafe(24)
    pieces: list[str] = []
    model = Saying(f"One two {key}", failure=StreamBroken("broke", text=""))
    with pytest.raises(StreamBroken):
        async with aclosing(
            RedactingLLMProvider(model, Redactor([key])).stream(request_of())
        ) as items:
            async for item in items:
                assert isinstance(item, TextPiece)
                pieces.append(item.text)
    assert "".join(pieces) == f"One two {MASK}"
