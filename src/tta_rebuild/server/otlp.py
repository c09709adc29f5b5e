"""OTLP: spans and metrics are sent where OpenTelemetry's standard environment variables say.

``OTEL_EXPORTER_OTLP_ENDPOINT`` (or that of ``_TRACES_`` or ``_METRICS_`` alone) turns it on;
``OTEL_TRACES_EXPORTER=none``, ``OTEL_METRICS_EXPORTER=none`` and ``OTEL_SDK_DISABLED=true`` turn it
off. The SDK is the extra ``[telemetry]``, and loaded only then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.redaction import Redactor
from tta_rebuild.core.telemetry import Telemetry

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
NAME = "tta"
"""The service's name, unless ``OTEL_SERVICE_NAME`` gives another."""


def is_on(environ: Mapping[str, str], signal: str) -> bool:
    """Whether a signal (``TRACES``, ``METRICS``) is to be sent."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if wanted := environ.get(f"OTEL_{signal}_EXPORTER", ""):
        return "otlp" in wanted.split(",")
    return bool(environ.get(ENDPOINT) or environ.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"))


@contextmanager
def exporting(environ: Mapping[str, str], redactor: Redactor) -> Iterator[Telemetry]:
    """Where spans and metrics go for the block; at its end the last of them are sent.

    Raises SettingsError: the extra is missing, or another protocol is asked for.
    """
    wanted = [signal for signal in ("TRACES", "METRICS") if is_on(environ, signal)]
    if not wanted:
        yield Telemetry()
        return
    for signal in wanted:
        general = environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        protocol = environ.get(f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", general)
        if protocol != "http/protobuf":
            said = f"must be http/protobuf, which alone is spoken here, not {protocol[:20]!r}"
            raise SettingsError("OTEL_EXPORTER_OTLP_PROTOCOL", said)
    try:
        from opentelemetry.sdk.resources import Resource
    except ImportError as error:
        raise _missing() from error
    service = environ.get("OTEL_SERVICE_NAME", NAME)
    resource = Resource.create({"service.name": service})
    with ExitStack() as stack:
        tracers, meters = None, None
        try:
            if "TRACES" in wanted:
                tracers = _tracers(resource, redactor)
                stack.callback(tracers.shutdown)
            if "METRICS" in wanted:
                meters = _meters(resource)
                stack.callback(meters.shutdown, 5_000)
        except ImportError as error:
            raise _missing() from error
        yield Telemetry(tracer_provider=tracers, meter_provider=meters)


def _missing() -> SettingsError:
    return SettingsError(ENDPOINT, "needs the extra: pip install 'tta-rebuild[telemetry]'")


def _tracers(resource: Resource, redactor: Redactor) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(redacting(OTLPSpanExporter(), redactor)))
    return provider


def _meters(resource: Resource) -> MeterProvider:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    return MeterProvider([reader], resource=resource, shutdown_on_exit=False)


def redacting(exporter: SpanExporter, redactor: Redactor) -> SpanExporter:
    """An exporter that takes secrets out of spans: names, attributes, events and statuses."""
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
    from opentelemetry.trace import Status

    def clean(span: ReadableSpan) -> ReadableSpan:
        said = span.status.description
        return ReadableSpan(
            name=redactor.redact(span.name),
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=redactor.value(dict(span.attributes or {})),
            events=[
                Event(e.name, redactor.value(dict(e.attributes or {})), e.timestamp)
                for e in span.events
            ],
            links=span.links,
            kind=span.kind,
            status=Status(span.status.status_code, redactor.redact(said) if said else None),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    class Redacting(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return exporter.export([clean(span) for span in spans])

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return exporter.force_flush(timeout_millis)

    found: Any = Redacting()
    made: SpanExporter = found
    return made
