"""OTLP: a server of OpenTelemetry's protocol is told of turns and models, and of no key."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import tta_rebuild as tta
from tests.server.serving import HeldTeller
from tta_rebuild.bootstrap.serving import open_serving
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.redaction import Redactor
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.engine.turn_runner import TurnRequest
from tta_rebuild.server.metric_registry import Registry
from tta_rebuild.server.otlp import exporting, is_on

trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
metrics_service = pytest.importorskip(
    "opentelemetry.proto.collector.metrics.v1.metrics_service_pb2"
)

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Collector:
    """Takes in what is sent by OTLP over HTTP."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.bodies.append((self.path, body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def spans(self) -> list[Any]:
        found = []
        for path, body in self.bodies:
            if path == "/v1/traces":
                sent = trace_service.ExportTraceServiceRequest.FromString(body)
                found += [s for r in sent.resource_spans for p in r.scope_spans for s in p.spans]
        return found

    def metrics(self) -> set[str]:
        found = set()
        for path, body in self.bodies:
            if path == "/v1/metrics":
                sent = metrics_service.ExportMetricsServiceRequest.FromString(body)
                for resource in sent.resource_metrics:
                    found |= {m.name for s in resource.scope_metrics for m in s.metrics}
        return found


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    found = Collector()
    thread = threading.Thread(target=found.server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv(ENDPOINT, found.address)
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def attributes(span: Any) -> dict[str, Any]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes}


async def test_a_turn_is_a_workflow_and_its_calls_are_within_it(
    collector: Collector, tmp_path: Path
) -> None:
    key = "canary" + "0123456789" * 2
    settings = tta.Settings(data_dir=tmp_path, gemini_api_key=key)
    theme = f"A keeper writes {key} upon the door."
    with exporting({ENDPOINT: collector.address}, Redactor([key])) as sent:
        registry = Registry(sent.meter_provider)
        telemetry = Telemetry(tracer_provider=sent.tracer_provider, meter_provider=registry)
        async with (
            tta.open_application(
                settings, provider=HeldTeller(), has_fallback=False, telemetry=telemetry
            ) as application,
            open_serving(application, telemetry=telemetry) as serving,
        ):
            session = await application.stories.open(tta.Premise(theme=theme))
            branch = session.branch.branch_id
            story = session.story_id
            turn = await serving.runner.submit(
                TurnRequest(key=key, story_id=story, branch_id=branch, kind="begin")
            )
            async for _ in serving.runner.tail(turn.turn_id):
                pass

    spans = {span.name: span for span in collector.spans()}
    workflow, call = spans["invoke_workflow turn_begin"], spans["chat held"]
    told = attributes(workflow)
    assert told["gen_ai.operation.name"] == "invoke_workflow"
    assert told["tta.outcome"] == "stored"
    assert told["gen_ai.conversation.id"] == attributes(call)["gen_ai.conversation.id"] == story
    assert workflow.trace_id == call.trace_id
    parents = {span.span_id: span.parent_span_id for span in spans.values()}
    above = call.parent_span_id
    while above and above != workflow.span_id:
        above = parents.get(above, b"")
    assert above == workflow.span_id
    assert {"gen_ai.client.token.usage", "tta.model.attempts"} <= collector.metrics()
    assert "gen_ai_client_token_usage_count" in registry.text()
    assert not [body for _, body in collector.bodies if key.encode() in body]


def test_a_secret_in_a_span_is_masked_wherever_it_stands(collector: Collector) -> None:
    key = "canary" + "0123456789" * 2
    with exporting({ENDPOINT: collector.address}, Redactor([key])) as sent:
        assert sent.tracer_provider is not None
        tracer = sent.tracer_provider.get_tracer("t")
        with (
            pytest.raises(ValueError, match="canary"),
            tracer.start_as_current_span(f"call {key}", attributes={"url": f"/?k={key}"}) as span,
        ):
            span.add_event("said", {"body": key})
            raise ValueError(key)

    [span] = collector.spans()
    assert span.name == "call [secret]"
    assert len(span.events) == 2
    assert not [body for _, body in collector.bodies if key.encode() in body]


def test_nothing_is_sent_unless_the_environment_says_where() -> None:
    with exporting({}, Redactor()) as sent:
        assert sent == Telemetry()
    here = {ENDPOINT: "http://127.0.0.1:4318"}
    assert is_on(here, "TRACES")
    assert not is_on(here | {"OTEL_SDK_DISABLED": "true"}, "TRACES")
    assert not is_on(here | {"OTEL_METRICS_EXPORTER": "none"}, "METRICS")
    only = {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:4318/v1/metrics"}
    assert (is_on(only, "METRICS"), is_on(only, "TRACES")) == (True, False)


def test_a_protocol_that_is_not_spoken_is_refused() -> None:
    environ = {ENDPOINT: "http://127.0.0.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    with pytest.raises(SettingsError, match="http/protobuf"), exporting(environ, Redactor()):
        pass
