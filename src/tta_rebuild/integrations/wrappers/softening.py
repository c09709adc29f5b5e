"""Softening: what a model refused for its content is asked once more, more gently.

Stands inside the fallback, so that the model has its second chance before another takes over, and
outside the retries, since the gentler request is a new one. How to put it more gently is handed in:
that is the prompts' business.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

from tta_rebuild.core.errors import ContentRefused
from tta_rebuild.integrations import llm_provider as llm


class SofteningLLMProvider(llm.WrapperProvider):
    """Asks once more where content was refused; a second refusal is raised.

    ``soften`` gives the gentler request, or None where there is none for this task.
    """

    def __init__(
        self, wrapped: llm.LLMProvider, soften: Callable[[llm.LLMRequest], llm.LLMRequest | None]
    ) -> None:
        super().__init__(wrapped)
        self._soften = soften

    async def relay(self, request: llm.LLMRequest, ask: llm.Ask) -> llm.Items:
        """The answer, to the gentler request if need be; says where pieces are to be forgotten."""
        has_begun = False
        try:
            async with aclosing(ask(self.wrapped, request)) as items:
                async for item in items:
                    has_begun = has_begun or isinstance(item, llm.TextPiece)
                    yield item
            return
        except ContentRefused:
            softer = self._soften(request)
            if softer is None:
                raise
        if has_begun:
            yield llm.StreamRestarted("the model stopped for the content; once more, more gently")
        async with aclosing(ask(self.wrapped, softer)) as items:
            async for item in items:
                yield item
