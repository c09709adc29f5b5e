"""Fitting: a prompt that is too long for a model's context is shortened, and what is left out said.

Stands inside the fallback, since each model has a window of its own, and outside the budget, since
the shorter prompt costs less. How a prompt is shortened is handed in, as for softening.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

from tta_rebuild.core.errors import RequestTooLarge
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

    async def relay(self, request: llm.LLMRequest, ask: llm.Ask) -> llm.Items:
        """The answer to what fits; a prompt is refused before the first piece."""
        for is_last in (False, True):
            asked, left_out = self._fitted(request)
            try:
                async with aclosing(ask(self.wrapped, asked)) as items:
                    async for item in items:
                        if left_out and isinstance(item, llm.StreamEnded):
                            degraded = "; ".join(filter(None, (left_out, item.response.degraded)))
                            item = llm.StreamEnded(replace(item.response, degraded=degraded))
                        yield item
                return
            except RequestTooLarge as error:
                if is_last or not self._learns_from(error):
                    raise

    def _fitted(self, request: llm.LLMRequest) -> tuple[llm.LLMRequest, str]:
        if self.window_tokens is None:
            return request, ""
        max_tokens = request.max_tokens or self.config.max_tokens
        return self._fit(request, self.window_tokens, max_tokens) or (request, "")

    def _learns_from(self, error: RequestTooLarge) -> bool:
        """True if the window was not known to be so small: then it is, from now on."""
        told = error.window_tokens
        if told is None or (self.window_tokens is not None and self.window_tokens <= told):
            return False
        self.window_tokens = told
        return True
