"""A span for each request that asks for something to be done: what is played for it is within it.

``traceparent`` of whoever asks is gone on with. Requests that only look have none: pages look
every few seconds, and readers of a turn stay for as long as it is told.
"""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tta_rebuild.core import telemetry as names
from tta_rebuild.server.refusals import route_of

_DOING = ("POST", "PUT", "PATCH", "DELETE")
_CARRIED = ("traceparent", "tracestate")


class RequestSpans:
    """Puts requests into spans; no id, address or word of a player is in them."""

    def __init__(self, app: ASGIApp, tracer_provider: trace.TracerProvider | None) -> None:
        self._app = app
        self._tracer = trace.get_tracer(names.SCOPE, tracer_provider=tracer_provider)
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, in a span of its own."""
        if scope["type"] != "http" or scope["method"] not in _DOING:
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        heads = (
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        )
        came_with = {name: value for name, value in heads if name in _CARRIED}
        with self._tracer.start_as_current_span(
            method, context=self._propagator.extract(came_with), kind=SpanKind.SERVER
        ) as span:

            async def seen(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(Status(StatusCode.ERROR))
                await send(message)

            try:
                await self._app(scope, receive, seen)
            finally:
                route = route_of(scope)
                span.update_name(f"{method} {route}")
                span.set_attributes({"http.request.method": method, "http.route": route})
