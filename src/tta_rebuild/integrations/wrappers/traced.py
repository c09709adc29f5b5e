"""Tracing: a span for every call and for every attempt, metrics, and log lines that belong to it.

Stands twice in the stack: outermost for the logical call, innermost for each attempt. Uses the
OpenTelemetry API alone; without an SDK configured it does next to nothing. Prompts and answers
leave the process only where that is asked for.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from typing import Literal

from opentelemetry import context as otel_context
from opentelemetry import metrics, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from tta_rebuild.core.clock import Clock, SystemClock
from tta_rebuild.core.errors import TTAError
from tta_rebuild.integrations.llm_provider import (
    LLMProvider,
    LLMRequest,
    LLMResponse,
    StreamEnded,
    StreamItem,
    TextPiece,
    WrapperProvider,
)
from tta_rebuild.integrations.wrappers import telemetry_names as names

log = logging.getLogger("tta_rebuild.model")

Layer = Literal["call", "attempt"]
_SCOPE = "tta_rebuild"


class TracedLLMProvider(WrapperProvider):
    """Makes what happens inside visible, and changes nothing.

    Args:
        layer: ``"call"`` outermost, ``"attempt"`` innermost: a client span with the metrics.
        provider: the adapter's name, such as ``"gemini"``.
        record_text: True puts prompts and answers into the spans; they are the player's words.
        tracer_provider, meter_provider: the process-wide ones where None.
    """

    def __init__(
        self,
        wrapped: LLMProvider,
        *,
        layer: Layer = "call",
        provider: str = "",
        record_text: bool = False,
        clock: Clock | None = None,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
    ) -> None:
        super().__init__(wrapped)
        self._layer = layer
        self._provider = provider
        self._record_text = record_text
        self._clock: Clock = clock or SystemClock()
        self._tracer = trace.get_tracer(_SCOPE, tracer_provider=tracer_provider)
        meter = metrics.get_meter(_SCOPE, meter_provider=meter_provider)
        self._tokens = meter.create_histogram(names.TOKEN_USAGE_METRIC, "{token}")
        self._duration = meter.create_histogram(names.DURATION_METRIC, "s")
        self._first_chunk = meter.create_histogram(names.FIRST_CHUNK_METRIC, "s")

    async def complete(self, request: LLMRequest) -> LLMResponse:
        """Pass the request on inside a span."""
        seen = _Seen(self, request)
        token = seen.enter()
        try:
            response = await self.wrapped.complete(request)
            seen.answered(response)
            return response
        except (TTAError, asyncio.CancelledError) as error:
            seen.failed(error)
            raise
        finally:
            seen.leave(token)
            seen.end()

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        """Pass the stream on; the span lasts until its end.

        The span is the current one only while the stream works, never while the reader does: the
        two may run in different tasks.
        """
        seen = _Seen(self, request)
        items = self.wrapped.stream(request)
        try:
            while True:
                token = seen.enter()
                try:
                    item = await anext(items, None)
                finally:
                    seen.leave(token)
                if item is None:
                    return
                if isinstance(item, TextPiece):
                    seen.piece()
                elif isinstance(item, StreamEnded):
                    seen.answered(item.response)
                yield item
        except (TTAError, asyncio.CancelledError, GeneratorExit) as error:
            seen.failed(error)
            raise
        finally:
            try:
                await items.aclose()
            finally:
                seen.end()


class _Seen:
    """One call or attempt while it is watched."""

    __slots__ = ("_began", "_error", "_first_s", "_owner", "_request", "_response", "_span")

    def __init__(self, owner: TracedLLMProvider, request: LLMRequest) -> None:
        self._owner = owner
        self._request = request
        self._response: LLMResponse | None = None
        self._error = ""
        self._first_s: float | None = None
        self._began = owner._clock.now()
        model = request.model or owner.config.model
        is_attempt = owner._layer == "attempt"
        self._span: Span = owner._tracer.start_span(
            f"{names.CHAT} {model}" if is_attempt else f"tta {request.task or 'prompt'}",
            kind=SpanKind.CLIENT if is_attempt else SpanKind.INTERNAL,
        )
        if self._span.is_recording():
            self._describe(model)

    def _describe(self, model: str) -> None:
        owner, request = self._owner, self._request
        values: dict[str, str | int | float] = {
            names.OPERATION: names.CHAT,
            names.REQUEST_MODEL: model,
            names.REQUEST_MAX_TOKENS: request.max_tokens or owner.config.max_tokens,
            names.CORRELATION: request.context.correlation_id,
            names.ATTEMPT: request.attempt,
        }
        optional: dict[str, str | int] = {
            names.PROVIDER: names.PROVIDER_NAMES.get(owner._provider, owner._provider),
            names.TASK: request.task,
            names.STORY: request.story_id,
            names.BRANCH: request.branch_id,
            names.TURN: request.turn,
            names.PROMPT_VERSION: request.template,
        }
        values.update({name: value for name, value in optional.items() if value})
        if owner._record_text:
            values[names.INPUT_MESSAGES] = _message("user", request.full_text)
        self._span.set_attributes(values)

    def enter(self) -> object | None:
        """Make the span the current one; hand what comes back to ``leave``."""
        if not self._span.is_recording():
            return None
        return otel_context.attach(trace.set_span_in_context(self._span))

    def leave(self, token: object | None) -> None:
        """The span is no longer the current one."""
        if token is not None:
            otel_context.detach(token)  # type: ignore[arg-type]

    def piece(self) -> None:
        """A piece of text has come."""
        if self._first_s is None:
            self._first_s = self._owner._clock.now() - self._began

    def answered(self, response: LLMResponse) -> None:
        """The answer is whole."""
        self._response = response

    def failed(self, error: BaseException) -> None:
        """It ended with an error, or the caller left."""
        if self._response is not None and isinstance(error, GeneratorExit):
            return
        self._error = type(error).__name__ if isinstance(error, TTAError) else "cancelled"

    def end(self) -> None:
        """It is over: finish the span, count, and write the log line."""
        if self._span.is_recording():
            self._finish_span()
        self._span.end()
        if self._owner._layer == "attempt":
            self._count()
        if log.isEnabledFor(logging.DEBUG):
            self._write_line()

    def _finish_span(self) -> None:
        span, response = self._span, self._response
        if response is not None:
            usage = response.usage
            span.set_attributes(
                {
                    names.RESPONSE_MODEL: response.model,
                    names.FINISH_REASONS: (response.finish_reason,),
                    names.INPUT_TOKENS: usage.input_tokens,
                    names.OUTPUT_TOKENS: usage.output_tokens + usage.thinking_tokens,
                    names.CACHED_TOKENS: usage.cached_tokens,
                    names.COST: response.cost_usd,
                }
            )
            if response.degraded:
                span.set_attribute(names.DEGRADED, True)
            if "cache" in response.metadata:
                span.set_attribute(names.CACHE, str(response.metadata["cache"]))
            if self._owner._record_text:
                span.set_attribute(names.OUTPUT_MESSAGES, _message("assistant", response.text))
        if self._error:
            span.set_attribute(names.ERROR_TYPE, self._error)
            if self._error != "cancelled":
                span.set_status(Status(StatusCode.ERROR, self._error))

    def _count(self) -> None:
        owner, response = self._owner, self._response
        labels: dict[str, str] = {
            names.OPERATION: names.CHAT,
            names.PROVIDER: names.PROVIDER_NAMES.get(owner._provider, owner._provider),
            names.REQUEST_MODEL: self._request.model or owner.config.model,
        }
        if response is not None:
            labels[names.RESPONSE_MODEL] = response.model
            usage = response.usage
            owner._tokens.record(usage.input_tokens, {**labels, names.TOKEN_TYPE: "input"})
            owner._tokens.record(
                usage.output_tokens + usage.thinking_tokens, {**labels, names.TOKEN_TYPE: "output"}
            )
        if self._first_s is not None:
            owner._first_chunk.record(self._first_s, labels)
        if self._error:
            labels[names.ERROR_TYPE] = self._error
        owner._duration.record(owner._clock.now() - self._began, labels)

    def _write_line(self) -> None:
        request, response = self._request, self._response
        log.debug(
            "%s %s of %s by %s: %s in %.3f s",
            self._owner._layer,
            request.attempt,
            request.task or "prompt",
            response.model if response else (request.model or self._owner.config.model),
            self._error or (response.finish_reason if response else "left"),
            self._owner._clock.now() - self._began,
            extra={
                "correlation_id": request.context.correlation_id,
                "story_id": request.story_id,
                "turn": request.turn,
            },
        )


def _message(role: str, text: str) -> str:
    return json.dumps(
        [{"role": role, "parts": [{"type": "text", "content": text}]}], ensure_ascii=False
    )
