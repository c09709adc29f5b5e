"""What happens is seen: a span per call and per attempt, by the conventions, without the words."""

from __future__ import annotations

import asyncio
import logging

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from tests.integrations.fakes import ManualClock, ScriptedProvider, Told, request_of
from tta_rebuild.core import telemetry as core_telemetry
from tta_rebuild.core.errors import ProviderBusy
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.llm_provider import LLMProvider
from tta_rebuild.integrations.wrappers.retrying import RetryingLLMProvider
from tta_rebuild.integrations.wrappers.traced import TracedLLMProvider


class Telemetry:
    """An SDK that keeps everything in memory."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider(metric_readers=[self.reader])

    def traced(
        self, wrapped: LLMProvider, layer: str = "attempt", **options: object
    ) -> TracedLLMProvider:
        return TracedLLMProvider(
            wrapped,
            layer=layer,  # type: ignore[arg-type]
            provider="gemini",
            telemetry=core_telemetry.Telemetry(
                tracer_provider=self.tracers, meter_provider=self.meters
            ),
            **options,  # type: ignore[arg-type]
        )

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    def metrics(self) -> dict[str, list[tuple[dict[str, object], float]]]:
        data = self.reader.get_metrics_data()
        assert data is not None
        return {
            metric.name: [
                (dict(point.attributes or {}), point.sum)  # type: ignore[union-attr]
                for point in metric.data.data_points
            ]
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


async def read(provider: LLMProvider) -> None:
    async for _ in provider.stream(request_of()):
        pass


async def test_an_attempt_is_a_client_span_by_the_genai_conventions() -> None:
    telemetry = Telemetry()
    usage = Usage(input_tokens=70, cached_tokens=20, output_tokens=30, thinking_tokens=5)
    provider = telemetry.traced(ScriptedProvider(Told(usage=usage, model="gemini-2.5-flash-001")))
    request = request_of(task="scene", story_id="st", turn=3, template="scene@2", max_tokens=99)
    await provider.complete(request)
    (span,) = telemetry.spans
    assert span.name == "chat gemini-2.5-flash"
    assert span.kind is SpanKind.CLIENT
    assert dict(span.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.request.model": "gemini-2.5-flash",
        "gen_ai.request.max_tokens": 99,
        "gen_ai.conversation.id": "st",
        "gen_ai.response.model": "gemini-2.5-flash-001",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 70,
        "gen_ai.usage.output_tokens": 35,
        "gen_ai.usage.cache_read.input_tokens": 20,
        "tta.task": "scene",
        "tta.story_id": "st",
        "tta.turn": 3,
        "tta.attempt": 1,
        "tta.prompt_version": "scene@2",
        "tta.correlation_id": "corr-1",
        "tta.cost_usd": 0.0,
    }


@pytest.mark.parametrize("streamed", [False, True])
async def test_attempts_are_children_of_their_call(streamed: bool) -> None:
    telemetry = Telemetry()
    clock = ManualClock()
    model = ScriptedProvider(ProviderBusy("503"), Told())
    stack = telemetry.traced(
        RetryingLLMProvider(telemetry.traced(model), clock=clock), layer="call"
    )
    await clock.until(read(stack) if streamed else stack.complete(request_of()))
    first, second, call = telemetry.spans
    assert call.name == "tta prompt"
    assert call.context is not None
    for number, attempt in enumerate((first, second), 1):
        assert attempt.parent is not None
        assert attempt.parent.span_id == call.context.span_id
        assert (attempt.attributes or {})["tta.attempt"] == number
    assert first.status.status_code is StatusCode.ERROR
    assert (first.attributes or {})["error.type"] == "ProviderBusy"
    assert call.status.status_code is StatusCode.UNSET


async def test_the_span_of_a_stream_is_not_the_readers() -> None:
    telemetry = Telemetry()
    async for _ in telemetry.traced(ScriptedProvider()).stream(request_of()):
        assert not get_current_span().is_recording()


async def test_a_stream_that_is_left_ends_its_span_and_is_no_error() -> None:
    telemetry = Telemetry()
    model = ScriptedProvider()
    items = telemetry.traced(model).stream(request_of())
    await anext(items)
    await items.aclose()
    (span,) = telemetry.spans
    assert (span.attributes or {})["error.type"] == "cancelled"
    assert span.status.status_code is StatusCode.UNSET
    assert model.seen[0].closed


async def test_a_cancelled_call_ends_its_span() -> None:
    telemetry = Telemetry()
    clock = ManualClock()
    provider = telemetry.traced(ScriptedProvider(Told(takes_s=9), clock=clock))
    call = asyncio.create_task(provider.complete(request_of()))
    await clock.advance(1.0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert len(telemetry.spans) == 1


async def test_prompts_and_answers_leave_only_where_that_is_asked_for() -> None:
    for record_text in (False, True):
        telemetry = Telemetry()
        provider = telemetry.traced(ScriptedProvider(Told("an answer")), record_text=record_text)
        await provider.complete(request_of("a private prompt"))
        (span,) = telemetry.spans
        written = span.to_json()
        assert ("a private prompt" in written) is record_text
        assert ("an answer" in written) is record_text


async def test_what_is_recorded_can_be_searched_for_as_it_was_said() -> None:
    telemetry = Telemetry()
    provider = telemetry.traced(ScriptedProvider(Told("Où est Mára?")), record_text=True)
    await provider.complete(request_of("Erzähl!"))
    (span,) = telemetry.spans
    attributes = span.attributes or {}
    assert "Où est Mára?" in str(attributes["gen_ai.output.messages"])
    assert "Erzähl!" in str(attributes["gen_ai.input.messages"])


async def test_tokens_durations_and_first_chunks_are_measured() -> None:
    telemetry = Telemetry()
    clock = ManualClock()
    usage = Usage(input_tokens=70, output_tokens=30)
    model = ScriptedProvider(Told(usage=usage, takes_s=0.45), clock=clock)
    await clock.until(read(telemetry.traced(model, clock=clock)))
    metrics = telemetry.metrics()
    tokens = {point["gen_ai.token.type"]: n for point, n in metrics["gen_ai.client.token.usage"]}
    assert tokens == {"input": 70, "output": 30}
    ((labels, seconds),) = metrics["gen_ai.client.operation.duration"]
    assert seconds == pytest.approx(0.45)
    assert labels["gen_ai.response.model"] == "gemini-2.5-flash"
    ((_, first),) = metrics["gen_ai.client.operation.time_to_first_chunk"]
    assert first == pytest.approx(0.45)


async def test_what_is_measured_goes_under_the_model_that_was_asked_for() -> None:
    telemetry = Telemetry()
    model = telemetry.traced(ScriptedProvider())
    await model.complete(request_of(model="gemini-2.5-pro"))
    await model.complete(request_of())
    points = telemetry.metrics()["gen_ai.client.operation.duration"]
    asked = {labels["gen_ai.request.model"] for labels, _ in points}
    assert asked == {"gemini-2.5-pro", "gemini-2.5-flash"}


async def test_only_attempts_are_counted_so_that_nothing_counts_twice() -> None:
    telemetry = Telemetry()
    stack = telemetry.traced(telemetry.traced(ScriptedProvider()), layer="call")
    await stack.complete(request_of())
    assert len(telemetry.metrics()["gen_ai.client.operation.duration"]) == 1


async def test_log_lines_carry_the_correlation_id_and_no_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG, logger="tta_rebuild.model"):
        provider = TracedLLMProvider(ScriptedProvider(Told("an answer")))
        await provider.complete(request_of("a private prompt", story_id="st"))
    (record,) = caplog.records
    assert record.__dict__["correlation_id"] == "corr-1"
    assert record.__dict__["story_id"] == "st"
    assert "private" not in record.getMessage()
    assert "answer" not in record.getMessage()
