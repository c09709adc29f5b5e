"""Recorded replies: what a storyteller said is kept with the turn, and can be said again.

``RecordingProvider`` stands between a turn's primitives and the provider stack and notes every
reply; ``RecordedProvider`` answers from such notes, so that a turn can be played again exactly.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Iterable

from tta_rebuild.core.errors import ReplyUnusable
from tta_rebuild.core.events import ModelReplied
from tta_rebuild.integrations.llm_provider import (
    LLMConfig,
    LLMProvider,
    LLMRequest,
    LLMResponse,
    RequestProvider,
    StreamEnded,
    StreamItem,
    TextPiece,
    WrapperProvider,
)


class RecordingProvider(WrapperProvider):
    """Notes every whole reply that passes, in order.

    Attributes:
        replies: one event per reply.
        cost_usd: US dollars of all replies together.
    """

    def __init__(self, wrapped: LLMProvider) -> None:
        super().__init__(wrapped)
        self.replies: list[ModelReplied] = []
        self.cost_usd = 0.0

    def _note(self, request: LLMRequest, response: LLMResponse) -> None:
        self.cost_usd += response.cost_usd
        self.replies.append(
            ModelReplied(
                task=request.task,
                request_key=request.key(),
                text=response.text,
                model=f"{response.provider}:{response.model}",
                finish_reason=response.finish_reason,
                usage=response.usage,
                prompt_version=request.template,
                degraded=response.degraded,
            )
        )

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """Pass the request on and note the reply."""
        response = await self.wrapped.complete(request)
        self._note(request, response)
        return response

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        """Pass the request on and note the reply once it is whole."""
        items = self.wrapped.stream(request)
        try:
            async for item in items:
                if isinstance(item, StreamEnded):
                    self._note(request, item.response)
                yield item
        finally:
            await items.aclose()


class RecordedProvider(RequestProvider):
    """Answers each request with the reply that was recorded for it, and with nothing else."""

    def __init__(self, replies: Iterable[ModelReplied]) -> None:
        super().__init__(LLMConfig(model="recorded"))
        self._replies: dict[str, deque[ModelReplied]] = defaultdict(deque)
        for reply in replies:
            self._replies[reply.request_key].append(reply)

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """The recorded reply.

        Raises:
            ReplyUnusable: no reply was recorded for such a request: the engine asks something
                else today than it did then.
        """
        waiting = self._replies.get(request.key())
        if not waiting:
            raise ReplyUnusable(
                f"no reply was recorded for this request ({request.task or 'no task'}, "
                f"{request.template or 'no template'}): the prompt has changed since",
                provider="recorded",
            )
        reply = waiting.popleft()
        provider, _, model = reply.model.partition(":")
        return LLMResponse(
            text=reply.text,
            tokens_used=reply.usage.total_tokens,
            model=model,
            finish_reason=reply.finish_reason,
            usage=reply.usage,
            provider=provider,
            degraded=reply.degraded,
        )

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        """The recorded reply in one piece."""
        response = await self.complete(request)
        yield TextPiece(response.text)
        yield StreamEnded(response)
