"""Names and scales of telemetry, by OpenTelemetry's GenAI conventions; ``tta.…`` are our own.

The conventions are still moving: whoever makes a span or a metric takes the names from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter, MeterProvider
    from opentelemetry.trace import TracerProvider

SCOPE = "tta_rebuild"
"""The name of our tracer and our meter."""

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
TOKEN_TYPE = "gen_ai.token.type"
CONVERSATION = "gen_ai.conversation.id"
WORKFLOW = "gen_ai.workflow.name"
ERROR = "error.type"

TOKEN_USAGE = "gen_ai.client.token.usage"
OPERATION_DURATION = "gen_ai.client.operation.duration"
FIRST_CHUNK = "gen_ai.client.operation.time_to_first_chunk"
WORKFLOW_DURATION = "gen_ai.workflow.duration"

PROVIDER_NAMES = {"gemini": "gcp.gemini", "vertex": "gcp.vertex_ai"}
"""Our name of a provider → the conventions' name, where they differ."""

SECONDS: Sequence[float] = tuple(0.01 * 2**n for n in range(14))
TOKENS: Sequence[float] = tuple(float(4**n) for n in range(14))
"""Bounds of buckets, as the conventions advise."""


Observed: TypeAlias = Callable[[], Iterable[tuple[float, Mapping[str, str]]]]
"""What gives values with their attributes, whenever somebody asks."""


def observe(meter: Meter, name: str, about: str, values: Observed, unit: str = "") -> None:
    """Make a gauge of what a function gives."""
    meter.create_observable_gauge(name, observing(values), unit, about)


def observing(values: Observed) -> Any:
    """Callbacks of an observable instrument, from a function that gives values with attributes."""
    from opentelemetry.metrics import Observation

    def callback(options: object) -> Iterable[Observation]:
        return [Observation(value, dict(attributes)) for value, attributes in values()]

    return [callback]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """Where spans and metrics go; None is wherever the process's own OpenTelemetry sends them."""

    tracer_provider: TracerProvider | None = None
    meter_provider: MeterProvider | None = None

    @property
    def is_traced(self) -> bool:
        """Whether spans go anywhere."""
        from opentelemetry import trace

        if self.tracer_provider is not None:
            return True
        return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
