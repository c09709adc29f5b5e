"""Rephrasing: a prompt that a model refuses, as too long or for its content, is put another way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

from tta_rebuild.core.errors import ContentRefused, RequestTooLarge
from tta_rebuild.integrations import llm_provider as llm

Fit = Callable[[llm.LLMRequest, int, int], tuple[llm.LLMRequest, str] | None]
"""Request, tokens of the window, tokens of the answer → the fitting request and, in plain words,
what it leaves out; None if it fits as it is. Raises RequestTooLarge where nothing can be left out.
"""


class FittingLLMProvider(llm.WrapperProvider):
    """Asks with a prompt that fits ``window_tokens``; learns them from a refusal that names any."""

    def __init__(
        self, wrapped: llm.LLMProvider, fit: Fit, window_tokens: int | None = None
    ) -> None:
        super().__init__(wrapped)
        self.window_tokens = window_tokens
        self._fit = fit

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """The answer to what fits; a prompt is refused before the first piece."""
        max_tokens = request.max_tokens or self.config.max_tokens
        for is_last in (False, True):
            fitting = None
            if self.window_tokens is not None:
                fitting = self._fit(request, self.window_tokens, max_tokens)
            asked, left_out = fitting or (request, "")
            try:
                async with aclosing(self.wrapped.items(asked, whole=whole)) as items:
                    async for item in items:
                        if left_out and isinstance(item, llm.StreamEnded):
                            degraded = "; ".join(filter(None, (left_out, item.response.degraded)))
                            item = llm.StreamEnded(replace(item.response, degraded=degraded))
                        yield item
                return
            except RequestTooLarge as error:
                told, known = error.window_tokens, self.window_tokens
                if is_last or told is None or (known is not None and known <= told):
                    raise
                self.window_tokens = told


class SofteningLLMProvider(llm.WrapperProvider):
    """Asks once more, with what ``soften`` gives (None is nothing), where content was refused."""

    def __init__(
        self, wrapped: llm.LLMProvider, soften: Callable[[llm.LLMRequest], llm.LLMRequest | None]
    ) -> None:
        super().__init__(wrapped)
        self._soften = soften

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """The answer, to the gentler request if need be; says where pieces are to be forgotten."""
        has_begun = False
        for is_last in (False, True):
            if has_begun:
                why = "the model stopped for the content; once more, more gently"
                yield llm.StreamRestarted(why)
            try:
                async with aclosing(self.wrapped.items(request, whole=whole)) as items:
                    async for item in items:
                        has_begun = has_begun or isinstance(item, llm.TextPiece)
                        yield item
                return
            except ContentRefused:
                softer = None if is_last else self._soften(request)
                if softer is None:
                    raise
                request = softer
