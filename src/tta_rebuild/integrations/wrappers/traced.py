"""Tracing: a span for every call and for every attempt, metrics, and log lines that belong to it.

Stands twice in the stack: outermost for the logical call, innermost for each attempt. Uses the
OpenTelemetry API alone; without an SDK configured it does next to nothing. Prompts and answers
leave the process only where that is asked for. The names ``gen_ai.…`` are those of OpenTelemetry's
semantic conventions 1.38 (status "development": they still move), ``tta.…`` are ours.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import aclosing
from contextvars import Token
from typing import Literal

from opentelemetry import context as otel_context
from opentelemetry import metrics, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from tta_rebuild.core.clock import Clock, SystemClock
from tta_rebuild.core.errors import TTAError
from tta_rebuild.integrations.llm_provider import (
    Ask,
    Items,
    LLMProvider,
    LLMRequest,
    LLMResponse,
    StreamEnded,
    TextPiece,
    WrapperProvider,
)

log = logging.getLogger("tta_rebuild.model")

_PROVIDER_NAMES = {"gemini": "gcp.gemini", "vertex": "gcp.vertex_ai"}
"""Our name of a provider → the conventions' name, where they differ."""


class TracedLLMProvider(WrapperProvider):
    """Makes what happens inside visible, and changes nothing.

    Args:
        layer: ``"call"`` outermost, ``"attempt"`` innermost: a client span with the metrics.
        provider: the adapter's name, such as ``"gemini"``.
        record_text: True puts prompts and answers into the spans; they are the player's words.
    """

    def __init__(
        self,
        wrapped: LLMProvider,
        *,
        layer: Literal["call", "attempt"] = "call",
        provider: str = "",
        record_text: bool = False,
        clock: Clock | None = None,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
    ) -> None:
        super().__init__(wrapped)
        self.layer = layer
        self.named = _PROVIDER_NAMES.get(provider, provider)
        self.record_text = record_text
        self.clock: Clock = clock or SystemClock()
        self.tracer = trace.get_tracer("tta_rebuild", tracer_provider=tracer_provider)
        meter = metrics.get_meter("tta_rebuild", meter_provider=meter_provider)
        self.tokens = meter.create_histogram("gen_ai.client.token.usage", "{token}")
        self.duration = meter.create_histogram("gen_ai.client.operation.duration", "s")
        self.first_chunk = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk", "s"
        )

    async def relay(self, request: LLMRequest, ask: Ask) -> Items:
        """Pass the request on; the span lasts until the answer's end.

        The span is the current one only while the answer is worked on, never while the reader
        works: the two may run in different tasks.
        """
        seen = _Seen(self, request)
        try:
            async with aclosing(ask(self.wrapped, request)) as items:
                while True:
                    token = seen.enter()
                    try:
                        item = await anext(items, None)
                    finally:
                        if token is not None:
                            otel_context.detach(token)
                    if item is None:
                        return
                    if isinstance(item, TextPiece):
                        seen.piece()
                    elif isinstance(item, StreamEnded):
                        seen.response = item.response
                    yield item
        except (TTAError, asyncio.CancelledError, GeneratorExit) as error:
            if seen.response is None or not isinstance(error, GeneratorExit):
                seen.error = type(error).__name__ if isinstance(error, TTAError) else "cancelled"
            raise
        finally:
            seen.end()


class _Seen:
    """One call or attempt while it is watched."""

    __slots__ = ("_began", "_first_s", "_model", "_owner", "_request", "_span", "error", "response")

    def __init__(self, owner: TracedLLMProvider, request: LLMRequest) -> None:
        self._owner = owner
        self._request = request
        self._model = request.model or owner.config.model
        self.response: LLMResponse | None = None
        self.error = ""
        self._first_s: float | None = None
        self._began = owner.clock.now()
        is_attempt = owner.layer == "attempt"
        self._span: Span = owner.tracer.start_span(
            f"chat {self._model}" if is_attempt else f"tta {request.task or 'prompt'}",
            kind=SpanKind.CLIENT if is_attempt else SpanKind.INTERNAL,
        )
        if self._span.is_recording():
            self._describe()

    def _describe(self) -> None:
        owner, request = self._owner, self._request
        values: dict[str, str | int] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": owner.named,
            "gen_ai.request.model": self._model,
            "gen_ai.request.max_tokens": request.max_tokens or owner.config.max_tokens,
            "tta.correlation_id": request.context.correlation_id,
            "tta.attempt": request.attempt,
            "tta.task": request.task,
            "tta.story_id": request.story_id,
            "tta.branch_id": request.branch_id,
            "tta.turn": request.turn,
            "tta.prompt_version": request.template,
        }
        if owner.record_text:
            values["gen_ai.input.messages"] = _message("user", request.full_text)
        self._span.set_attributes({name: value for name, value in values.items() if value})

    def enter(self) -> Token[otel_context.Context] | None:
        """Make the span the current one; what comes back is to be detached."""
        if not self._span.is_recording():
            return None
        return otel_context.attach(trace.set_span_in_context(self._span))

    def piece(self) -> None:
        """A piece of text has come."""
        if self._first_s is None:
            self._first_s = self._owner.clock.now() - self._began

    def end(self) -> None:
        """It is over: finish the span, count, and write the log line."""
        if self._span.is_recording():
            self._finish_span()
        self._span.end()
        if self._owner.layer == "attempt":
            self._count()
        if log.isEnabledFor(logging.DEBUG):
            self._write_line()

    def _finish_span(self) -> None:
        span, response = self._span, self.response
        if response is not None:
            usage = response.usage
            span.set_attributes(
                {
                    "gen_ai.response.model": response.model,
                    "gen_ai.response.finish_reasons": (response.finish_reason,),
                    "gen_ai.usage.input_tokens": usage.input_tokens,
                    "gen_ai.usage.output_tokens": usage.output_tokens + usage.thinking_tokens,
                    "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
                    "tta.cost_usd": response.cost_usd,
                }
            )
            if response.degraded:
                span.set_attribute("tta.degraded", True)
            if "cache" in response.metadata:
                span.set_attribute("tta.cache", str(response.metadata["cache"]))
            if self._owner.record_text:
                span.set_attribute("gen_ai.output.messages", _message("assistant", response.text))
        if self.error:
            span.set_attribute("error.type", self.error)
            if self.error != "cancelled":
                span.set_status(Status(StatusCode.ERROR, self.error))

    def _count(self) -> None:
        owner, response = self._owner, self.response
        labels: dict[str, str] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": owner.named,
            "gen_ai.request.model": self._model,
        }
        if response is not None:
            labels["gen_ai.response.model"] = response.model
            usage = response.usage
            told_tokens = usage.output_tokens + usage.thinking_tokens
            owner.tokens.record(usage.input_tokens, {**labels, "gen_ai.token.type": "input"})
            owner.tokens.record(told_tokens, {**labels, "gen_ai.token.type": "output"})
        if self._first_s is not None:
            owner.first_chunk.record(self._first_s, labels)
        if self.error:
            labels["error.type"] = self.error
        owner.duration.record(owner.clock.now() - self._began, labels)

    def _write_line(self) -> None:
        request, response = self._request, self.response
        log.debug(
            "%s %s of %s by %s: %s in %.3f s",
            self._owner.layer,
            request.attempt,
            request.task or "prompt",
            response.model if response else self._model,
            self.error or (response.finish_reason if response else "left"),
            self._owner.clock.now() - self._began,
            extra={
                "correlation_id": request.context.correlation_id,
                "story_id": request.story_id,
                "turn": request.turn,
            },
        )


def _message(role: str, text: str) -> str:
    parts = [{"type": "text", "content": text}]
    return json.dumps([{"role": role, "parts": parts}], ensure_ascii=False)
