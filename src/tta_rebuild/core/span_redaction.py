"""A span exporter that redacts, to be put around a program's own; needs ``telemetry``, an extra."""

from __future__ import annotations

from collections.abc import Sequence

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Status

from tta_rebuild.core.redaction import Redactor


class RedactingSpanExporter(SpanExporter):
    """Hands redacted copies of the spans on; the spans themselves stay as they are."""

    def __init__(self, wrapped: SpanExporter, redactor: Redactor) -> None:
        self.wrapped = wrapped
        self._redactor = redactor

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Redact and pass on."""
        return self.wrapped.export([self._redacted(span) for span in spans])

    def shutdown(self) -> None:
        """Shut the wrapped exporter down."""
        self.wrapped.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the wrapped exporter."""
        return self.wrapped.force_flush(timeout_millis)

    def _redacted(self, span: ReadableSpan) -> ReadableSpan:
        clean, status = self._redactor, span.status
        events = [
            Event(clean.redact(e.name), clean.value(e.attributes or {}), timestamp=e.timestamp)
            for e in span.events
        ]
        described = clean.redact(status.description) if status.description else None
        return ReadableSpan(
            name=clean.redact(span.name),
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=clean.value(span.attributes or {}),
            events=events,
            links=[Link(link.context, clean.value(link.attributes or {})) for link in span.links],
            kind=span.kind,
            status=Status(status.status_code, described),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )
