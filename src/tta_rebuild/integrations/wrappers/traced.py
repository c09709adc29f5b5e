"""Tracing, by OpenTelemetry's conventions for GenAI; ``core.telemetry`` has the names."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Literal

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from tta_rebuild.core import telemetry as names
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import TTAError
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.integrations import llm_provider as llm

if TYPE_CHECKING:
    from opentelemetry import metrics

_log = logging.getLogger("tta_rebuild.model")


class TracedLLMProvider(llm.WrapperProvider):
    """Makes what happens inside visible, and changes nothing.

    Args:
        layer: ``"call"`` outermost, ``"attempt"`` innermost: a client span with the metrics.
        record_text: True puts prompts and answers into the spans; they are the player's words.
    """

    def __init__(
        self,
        wrapped: llm.LLMProvider,
        *,
        layer: Literal["call", "attempt"] = "call",
        provider: str = "",
        record_text: bool = False,
        clock: Clock | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        super().__init__(wrapped)
        self._layer = layer
        self._named = names.PROVIDER_NAMES.get(provider, provider)
        self._record_text = record_text
        self._clock = clock or Clock()
        told = telemetry or Telemetry()
        self._tracer = trace.get_tracer(names.SCOPE, tracer_provider=told.tracer_provider)
        self._fallbacks: metrics.Counter | None = None
        if layer == "call" and told.meter_provider is not None:
            about = "Answers of another model than the first of its chain"
            counting = told.meter_provider.get_meter(names.SCOPE)
            self._fallbacks = counting.create_counter("tta.fallbacks", description=about)
        if layer == "attempt":
            from opentelemetry import metrics  # ten milliseconds that play without a model saves

            meter = metrics.get_meter(names.SCOPE, meter_provider=told.meter_provider)

            def histogram(name: str, unit: str, about: str) -> metrics.Histogram:
                bounds = names.SECONDS if unit == "s" else names.TOKENS
                return meter.create_histogram(
                    name, unit, about, explicit_bucket_boundaries_advisory=bounds
                )

            self._tokens = histogram(names.TOKEN_USAGE, "{token}", "Tokens of an attempt")
            self._duration = histogram(names.OPERATION_DURATION, "s", "How long attempts took")
            self._first_chunk = histogram(
                names.FIRST_CHUNK, "s", "From an attempt to the first piece of its answer"
            )

    async def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """Pass the request on; the span is current while the answer, not its reader, works."""
        is_attempt = self._layer == "attempt"
        model = request.model or self.config.model
        span = self._tracer.start_span(
            f"chat {model}" if is_attempt else f"tta {request.task or 'prompt'}",
            kind=SpanKind.CLIENT if is_attempt else SpanKind.INTERNAL,
        )
        began = self._clock.now()
        first_s: float | None = None
        response: llm.LLMResponse | None = None
        failed = ""
        try:
            async with aclosing(self.wrapped.items(request, whole=whole)) as items:
                while (item := await _in_span(span, items)) is not None:
                    if isinstance(item, llm.TextPiece) and first_s is None:
                        first_s = self._clock.now() - began
                    elif isinstance(item, llm.StreamEnded):
                        response = item.response
                    yield item
        except (TTAError, asyncio.CancelledError, GeneratorExit) as error:
            if response is None or not isinstance(error, GeneratorExit):
                failed = type(error).__name__ if isinstance(error, TTAError) else "cancelled"
            raise
        finally:
            took_s = self._clock.now() - began
            labels: dict[str, Any] = {
                names.OPERATION: "chat",
                names.PROVIDER: self._named,
                names.REQUEST_MODEL: model,
            }
            if failed:
                labels[names.ERROR] = failed
            if response is not None:
                labels[names.RESPONSE_MODEL] = response.model
            if span.is_recording():
                span.set_attributes(self._asked(labels, request) | self._told(response))
                if failed not in ("", "cancelled"):
                    span.set_status(Status(StatusCode.ERROR, failed))
            span.end()
            if is_attempt:
                self._count(labels, response, first_s, took_s)
            elif response is not None and self._fallbacks and response.metadata.get("place"):
                self._fallbacks.add(1, {"model": response.model, "task": request.task or "prompt"})
            said = failed or (response.finish_reason if response else "left")
            _log.debug(
                "%s %s of %s by %s: %s in %.3f s",
                *(self._layer, request.attempt, request.task or "prompt"),
                *(response.model if response else model, said, took_s),
                extra={"correlation_id": request.context.correlation_id}
                | {"story_id": request.story_id, "turn": request.turn},
            )

    def _asked(self, labels: dict[str, Any], request: llm.LLMRequest) -> dict[str, Any]:
        """What a span says of a request."""
        own = ("attempt", "task", "story_id", "branch_id", "turn")
        asked = labels | {f"tta.{name}": getattr(request, name) for name in own}
        asked |= {
            names.CONVERSATION: request.story_id,
            "gen_ai.request.max_tokens": request.max_tokens or self.config.max_tokens,
            "tta.correlation_id": request.context.correlation_id,
            "tta.prompt_version": request.template,
        }
        if self._record_text:
            asked["gen_ai.input.messages"] = _message("user", request.full_text)
        return {name: value for name, value in asked.items() if value}

    def _told(self, response: llm.LLMResponse | None) -> dict[str, Any]:
        """What a span says of the answer."""
        if response is None:
            return {}
        usage = response.usage
        told: dict[str, Any] = {
            "gen_ai.response.finish_reasons": (response.finish_reason,),
            "gen_ai.usage.input_tokens": usage.input_tokens,
            "gen_ai.usage.output_tokens": usage.output_tokens + usage.thinking_tokens,
            "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
            "tta.cost_usd": response.cost_usd,
        }
        if response.degraded:
            told["tta.degraded"] = True
        if "cache" in response.metadata:
            told["tta.cache"] = str(response.metadata["cache"])
        if self._record_text:
            told["gen_ai.output.messages"] = _message("assistant", response.text)
        return told

    def _count(
        self,
        labels: dict[str, Any],
        response: llm.LLMResponse | None,
        first_s: float | None,
        took_s: float,
    ) -> None:
        if response is not None:
            usage = response.usage
            told_tokens = usage.output_tokens + usage.thinking_tokens
            self._tokens.record(usage.input_tokens, labels | {names.TOKEN_TYPE: "input"})
            self._tokens.record(told_tokens, labels | {names.TOKEN_TYPE: "output"})
        if first_s is not None:
            self._first_chunk.record(first_s, labels)
        self._duration.record(took_s, labels)


async def _in_span(span: Span, items: llm.Items) -> llm.StreamItem | None:
    """The next item, None at the end; the span is the current one meanwhile."""
    if not span.is_recording():
        return await anext(items, None)
    token = otel_context.attach(trace.set_span_in_context(span))
    try:
        return await anext(items, None)
    finally:
        otel_context.detach(token)


def _message(role: str, text: str) -> str:
    parts = [{"type": "text", "content": text}]
    return json.dumps([{"role": role, "parts": parts}], ensure_ascii=False)
