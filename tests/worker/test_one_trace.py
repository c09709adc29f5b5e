"""A turn is one trace, from the request that asks for it to the calls of the worker's models."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.worker.one_process import THEME, first_turn, server_and_worker
from tta_rebuild.core.telemetry import Telemetry

pytestmark = pytest.mark.cluster

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def way_up(spans: dict[int, ReadableSpan], span: ReadableSpan) -> list[str]:
    """The names from a span up to the one that came from elsewhere."""
    names = [span.name]
    while span.parent is not None and span.parent.span_id in spans:
        span = spans[span.parent.span_id]
        names.append(span.name)
    return names


async def test_a_turn_is_one_trace_from_the_request_to_the_calls_of_its_worker(
    temporal: str, postgresql_database: str, tmp_path: Path
) -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    async with server_and_worker(
        temporal, postgresql_database, tmp_path, telemetry=Telemetry(tracer_provider=provider)
    ) as web:
        told = await first_turn(web, traceparent=f"00-{TRACE}-{PARENT}-01")
    found = [s for s in kept.get_finished_spans() if f"{s.context.trace_id:032x}" == TRACE]
    spans = {span.context.span_id: span for span in found}
    call = next(span for span in found if span.name == "chat folder")
    way = way_up(spans, call)
    request = next(span for span in found if span.name.startswith("POST "))

    assert "event: stored" in told
    assert way.index("invoke_workflow turn_begin") < way.index("RunActivity:tell")
    assert way.index("RunActivity:tell") < way.index("StartWorkflow:play-turn")
    assert way[-1] == request.name == "POST /api/v1/stories/{story}/branches/{branch}/turns"
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == PARENT
    assert dict(request.attributes or {})["http.response.status_code"] == 202
    turn = next(span for span in found if span.name == "invoke_workflow turn_begin")
    assert dict(turn.attributes or {})["tta.outcome"] == "stored"
    words = "".join(span.to_json() for span in kept.get_finished_spans())
    assert THEME not in words
    assert "boats" not in words
