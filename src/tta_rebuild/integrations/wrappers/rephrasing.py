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

Soften = Callable[[llm.LLMRequest], llm.LLMRequest | None]
"""A request whose content was refused → a gentler one, None if there is none."""


class RephrasingLLMProvider(llm.WrapperProvider):
    """Asks once more, more gently, where content was refused, and with what fits the window.

    A refusal as too long that names the window is learnt from; then ``window_tokens`` has it.
    """

    def __init__(
        self, wrapped: llm.LLMProvider, fit: Fit, soften: Soften, window_tokens: int | None = None
    ) -> None:
        super().__init__(wrapped)
        self.window_tokens = window_tokens
        self._fit, self._soften = fit, soften

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """The answer, to another wording if need be; says where pieces are to be forgotten."""
        max_tokens = request.max_tokens or self.config.max_tokens
        has_begun = is_softened = False
        while True:
            window = self.window_tokens
            fitting = self._fit(request, window, max_tokens) if window else None
            asked, left_out = fitting or (request, "")
            try:
                async with aclosing(self.wrapped.items(asked, whole=whole)) as items:
                    async for item in items:
                        has_begun = has_begun or isinstance(item, llm.TextPiece)
                        if left_out and isinstance(item, llm.StreamEnded):
                            degraded = "; ".join(filter(None, (left_out, item.response.degraded)))
                            item = llm.StreamEnded(replace(item.response, degraded=degraded))
                        yield item
                return
            except RequestTooLarge as error:
                told = error.window_tokens
                if told is None or (window is not None and window <= told):
                    raise
                self.window_tokens = told
            except ContentRefused:
                softer = None if is_softened else self._soften(request)
                if softer is None:
                    raise
                request, is_softened = softer, True
            if has_begun:
                why = "the model stopped for the content; once more, more gently"
                yield llm.StreamRestarted(why)
                has_begun = False
