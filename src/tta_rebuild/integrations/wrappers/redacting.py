"""Redacting: no key of ours comes back in a model's words, or in a server's error."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

from tta_rebuild.core.errors import ProviderError, StreamBroken
from tta_rebuild.core.redaction import Redactor
from tta_rebuild.integrations import llm_provider as llm

_IN_A_KEY = "".join(map(chr, range(ord("!"), ord("~") + 1)))


class RedactingLLMProvider(llm.WrapperProvider):
    """Masks the keys that ``redactor`` knows; a stream's last word waits, as it may begin one."""

    def __init__(self, wrapped: llm.LLMProvider, redactor: Redactor) -> None:
        super().__init__(wrapped)
        self._known = redactor.known

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """The answer without keys."""
        held = ""
        try:
            async with aclosing(self.wrapped.items(request, whole=whole)) as items:
                async for item in items:
                    if isinstance(item, llm.TextPiece):
                        text = held + item.text
                        sure = text.rstrip(_IN_A_KEY)
                        held = text[len(sure) :]
                        if sure or item.usage:
                            yield replace(item, text=self._known(sure))
                        continue
                    if isinstance(item, llm.StreamEnded):
                        if held:
                            yield llm.TextPiece(self._known(held))
                        clean = self._known(item.response.text)
                        item = llm.StreamEnded(replace(item.response, text=clean))
                    held = ""
                    yield item
        except ProviderError as error:
            if held:
                yield llm.TextPiece(self._known(held))
            error.args = tuple(self._known(a) if isinstance(a, str) else a for a in error.args)
            if isinstance(error, StreamBroken):
                error.text = self._known(error.text)
            raise
