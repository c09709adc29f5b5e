"""Redacting: no key of ours comes back in a model's words.

Stands directly around the adapter, so that nothing outside (span, cache, log of the story, screen)
ever holds one: a model may have read it in a file, a server may repeat it in an error.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import replace

from tta_rebuild.core.errors import ProviderError, StreamBroken
from tta_rebuild.core.redaction import Redactor
from tta_rebuild.integrations.llm_provider import (
    LLMProvider,
    LLMRequest,
    LLMResponse,
    StreamEnded,
    StreamItem,
    TextPiece,
    WrapperProvider,
)

_IN_A_KEY = "".join(map(chr, range(ord("!"), ord("~") + 1)))


class RedactingLLMProvider(WrapperProvider):
    """Masks the keys that ``redactor`` knows in replies and in the messages of errors.

    A stream is held back by its last word at most, in case that is the beginning of a key.
    """

    def __init__(self, wrapped: LLMProvider, redactor: Redactor) -> None:
        super().__init__(wrapped)
        self._known = redactor.known

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """The answer without keys."""
        with self._clean_errors():
            return self._clean(await self.wrapped.complete(request))

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        """The same in pieces."""
        held = ""
        items = self.wrapped.stream(request)
        try:
            with self._clean_errors():
                async for item in items:
                    if isinstance(item, TextPiece):
                        text = held + item.text
                        whole = text.rstrip(_IN_A_KEY)
                        held = text[len(whole) :]
                        if whole or item.usage:
                            yield replace(item, text=self._known(whole))
                        continue
                    if isinstance(item, StreamEnded):
                        if held:
                            yield TextPiece(self._known(held))
                        item = StreamEnded(self._clean(item.response))
                    held = ""
                    yield item
        except ProviderError:
            if held:
                yield TextPiece(self._known(held))
            raise
        finally:
            await items.aclose()

    def _clean(self, response: LLMResponse) -> LLMResponse:
        return replace(response, text=self._known(response.text))

    @contextmanager
    def _clean_errors(self) -> Iterator[None]:
        try:
            yield
        except ProviderError as error:
            error.args = tuple(self._known(a) if isinstance(a, str) else a for a in error.args)
            if isinstance(error, StreamBroken):
                error.text = self._known(error.text)
            raise
