"""Recorded replies: what a storyteller said is kept with the turn, and can be said again."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Any

from tta_rebuild.core.errors import ContentRefused, ProviderError, ReplyUnusable, StreamBroken
from tta_rebuild.core.events import ModelReplied
from tta_rebuild.engine.messages import message
from tta_rebuild.integrations import llm_provider as llm

LEFT = "left"
"""Finish reason of a reply that the engine itself left before its end."""

FAILED = "failed:"
"""Beginning of the finish reason of a call that failed; the kind of error follows."""


class RecordingProvider(llm.WrapperProvider):
    """Notes in ``replies`` what every call came to, failed too; ``cost_usd`` is of whole ones."""

    def __init__(self, wrapped: llm.LLMProvider) -> None:
        super().__init__(wrapped)
        self.replies: list[ModelReplied] = []
        self.cost_usd = 0.0

    async def items(
        self, request: llm.LLMRequest, *, whole: bool = False
    ) -> AsyncGenerator[llm.StreamItem, None]:
        """Pass the request on and note the reply, of a stream as far as it was read."""
        text, has_ended = "", False
        failed: ProviderError | None = None
        try:
            async with aclosing(self.wrapped.items(request, whole=whole)) as items:
                async for item in items:
                    if isinstance(item, llm.StreamEnded):
                        has_ended = True
                        self._heard(request, item.response)
                    else:
                        text = "" if isinstance(item, llm.StreamRestarted) else text + item.text
                    yield item
        except ProviderError as error:
            failed = error
            raise
        finally:
            if not has_ended and (failed or not whole):
                self._left(request, text, failed)

    def _heard(self, request: llm.LLMRequest, response: llm.LLMResponse) -> None:
        self.cost_usd += response.cost_usd
        came = {name: getattr(response, name) for name in ("text", "finish_reason", "usage")}
        model = f"{response.provider}:{response.model}"
        self._note(request, **came, model=model, degraded=response.degraded)

    def _left(self, request: llm.LLMRequest, text: str, error: ProviderError | None) -> None:
        reason = f"{FAILED}{type(error).__name__}" if error else LEFT
        usage = llm.estimated_usage(request.full_text, text)
        degraded = str(error) if error else ""
        came = {"finish_reason": reason, "usage": usage, "degraded": degraded}
        self._note(request, text=text, model="", **came)

    def _note(self, request: llm.LLMRequest, **came: Any) -> None:
        key, version = request.key(), request.template
        reply = ModelReplied(task=request.task, request_key=key, prompt_version=version, **came)
        if isinstance(self.wrapped, RecordedProvider):  # however far it is read this time
            reply = self.wrapped.taken.get(key, reply)
        self.replies.append(reply)


class RecordedProvider(llm.RequestProvider):
    """Answers a request with what was recorded for it; ``taken`` is what was given, by its key."""

    def __init__(self, replies: Iterable[ModelReplied]) -> None:
        super().__init__(llm.LLMConfig(model="recorded"))
        self._replies: dict[str, deque[ModelReplied]] = defaultdict(deque)
        self.taken: dict[str, ModelReplied] = {}
        for reply in replies:
            self._replies[reply.request_key].append(reply)

    async def complete(self, request: llm.LLMRequest) -> llm.LLMResponse:
        """The recorded reply, or failure. Raises ReplyUnusable if there is none for the request."""
        return _response(self._take(request))

    async def stream(self, request: llm.LLMRequest) -> AsyncGenerator[llm.StreamItem, None]:
        """The recorded reply in one piece, as far as it was read then."""
        reply = self._take(request)
        if reply.text:
            yield llm.TextPiece(reply.text)
        yield llm.StreamEnded(_response(reply))

    def _take(self, request: llm.LLMRequest) -> ModelReplied:
        waiting = self._replies.get(request.key())
        if not waiting:
            task, template = request.task or "no task", request.template or "no template"
            said = message("not_recorded", task=task, template=template)
            raise ReplyUnusable(said, provider="recorded")
        self.taken[request.key()] = waiting.popleft()
        return self.taken[request.key()]


def _response(reply: ModelReplied) -> llm.LLMResponse:
    """The recorded answer. Raises the recorded failure, as far as primitives tell kinds apart."""
    kind = reply.finish_reason.removeprefix(FAILED)
    if kind == ContentRefused.__name__:
        raise ContentRefused(reply.degraded, reason="recorded")
    if kind == StreamBroken.__name__:
        raise StreamBroken(reply.degraded, text=reply.text)
    if kind != reply.finish_reason:
        raise ProviderError(reply.degraded)
    provider, _, model = reply.model.partition(":")
    return llm.LLMResponse(
        text=reply.text,
        tokens_used=reply.usage.total_tokens,
        model=model,
        finish_reason=reply.finish_reason,
        metadata={"place": 0},  # a caller may have asked the next model: then that was recorded too
        usage=reply.usage,
        provider=provider,
        degraded=reply.degraded,
    )
