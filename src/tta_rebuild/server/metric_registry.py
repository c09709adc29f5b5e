"""Metrics kept in this process and told to Prometheus: OpenTelemetry's interface, without its SDK.

Whatever measures takes ``Registry`` as its meter provider. Each measurement goes to ``also`` too,
which may be an SDK that sends it elsewhere.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from opentelemetry import metrics as otel
from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions

from tta_rebuild.core.telemetry import SECONDS, TOKENS

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

MOST_SERIES = 1_000
"""Series of one metric; what would be one more is counted as ``OVERFLOW``."""

OVERFLOW = (("otel_metric_overflow", "true"),)

_UNITS = {"s": "seconds", "By": "bytes", "USD": "usd", "1": ""}
_NO_NAME = re.compile(r"[^a-zA-Z0-9_]")
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})

Labels = tuple[tuple[str, str], ...]
Attributes = Mapping[str, Any] | None


def prometheus_name(name: str, unit: str = "", kind: str = "gauge") -> str:
    """The name by OpenTelemetry's rules for Prometheus: ``a.b`` in seconds → ``a_b_seconds``."""
    found = _NO_NAME.sub("_", name)
    suffix = _UNITS.get(unit, "" if unit.startswith("{") else _NO_NAME.sub("_", unit))
    if suffix and not found.endswith(f"_{suffix}"):
        found = f"{found}_{suffix}"
    return f"{found}_total" if kind == "counter" and not found.endswith("_total") else found


class _Series:
    """The values of one metric by their labels."""

    def __init__(self, name: str, kind: str, about: str, redact: Callable[[str], str]) -> None:
        self.name, self.kind, self.about = name, kind, about
        self._redact = redact
        self._labels: dict[tuple[tuple[str, Any], ...], Labels] = {}
        self.values: dict[Labels, Any] = {}

    def labels(self, attributes: Attributes) -> Labels:
        """The labels of attributes, in the order of their names."""
        key = tuple(attributes.items()) if attributes else ()
        if (known := self._labels.get(key)) is not None:
            return known
        if len(self._labels) >= MOST_SERIES:
            return OVERFLOW
        named = ((_NO_NAME.sub("_", name), self._redact(str(value))) for name, value in key)
        self._labels[key] = found = tuple(sorted(named))
        return found

    def lines(self) -> Iterable[str]:
        """The metric in Prometheus' text format."""
        yield f"# HELP {self.name} {self.about.translate(_ESCAPES)}"
        yield f"# TYPE {self.name} {self.kind}"
        for labels, value in sorted(self.values.items()):
            yield _line(self.name, labels, value)


class _Sum(otel.Counter, otel.UpDownCounter):
    """A sum; ``also`` is the same instrument elsewhere."""

    def __init__(self, series: _Series, also: Any) -> None:
        self._series, self._also = series, also

    def add(
        self, amount: float, attributes: Attributes = None, context: Context | None = None
    ) -> None:
        """Add an amount."""
        labels = self._series.labels(attributes)
        self._series.values[labels] = self._series.values.get(labels, 0) + amount
        if self._also is not None:
            self._also.add(amount, attributes, context)


class _Distribution(otel.Histogram):
    """Values counted in buckets."""

    def __init__(self, series: _Series, bounds: Sequence[float], also: Any) -> None:
        self._series, self._bounds, self._also = series, bounds, also

    def record(
        self, amount: float, attributes: Attributes = None, context: Context | None = None
    ) -> None:
        """Count a value."""
        labels = self._series.labels(attributes)
        if (counts := self._series.values.get(labels)) is None:
            counts = self._series.values[labels] = [0.0, *([0] * (len(self._bounds) + 1))]
        counts[0] += amount
        counts[1 + bisect_left(self._bounds, amount)] += 1
        if self._also is not None:
            self._also.record(amount, attributes, context)


class _Buckets(_Series):
    """A histogram's series: its sum, then the counts between the bounds."""

    bounds: Sequence[float] = ()

    def lines(self) -> Iterable[str]:
        """The histogram in Prometheus' text format."""
        yield f"# HELP {self.name} {self.about.translate(_ESCAPES)}"
        yield f"# TYPE {self.name} histogram"
        for labels, (total, *counts) in sorted(self.values.items()):
            below = 0
            for bound, count in zip((*self.bounds, float("inf")), counts, strict=True):
                below += count
                at = (("le", "+Inf" if bound == float("inf") else f"{bound:g}"),)
                yield _line(f"{self.name}_bucket", (*labels, *at), below)
            yield _line(f"{self.name}_sum", labels, total)
            yield _line(f"{self.name}_count", labels, below)


class _Observed(otel.ObservableGauge, otel.ObservableCounter, otel.ObservableUpDownCounter):
    """A value that is asked for; what is observed is whatever the callbacks give."""

    def __init__(self, series: _Series, callbacks: Sequence[Any]) -> None:
        self._series, self._callbacks = series, tuple(callbacks)

    def observe(self) -> None:
        """Ask for the values that there are now."""
        self._series.values = {}
        for callback in self._callbacks:
            for seen in callback(CallbackOptions()):
                self._series.values[self._series.labels(seen.attributes)] = seen.value


class Registry(otel.MeterProvider):
    """All metrics of a process.

    Args:
        also: where measurements are sent besides, such as an SDK's meter provider.
        redact: takes secrets out of the values of labels.
    """

    def __init__(
        self,
        also: otel.MeterProvider | None = None,
        redact: Callable[[str], str] = lambda text: text,
    ) -> None:
        self.also, self.redact = also, redact
        self.series: dict[str, _Series] = {}
        self.observed: dict[str, _Observed] = {}
        self.instruments: dict[str, Any] = {}

    def get_meter(
        self,
        name: str,
        version: str | None = None,
        schema_url: str | None = None,
        attributes: Any = None,
    ) -> otel.Meter:
        """A meter; those of all names share the metrics."""
        return _Meter(self, name, version, schema_url)

    def text(self) -> str:
        """All metrics in Prometheus' text format (``CONTENT_TYPE``)."""
        for observed in self.observed.values():
            observed.observe()
        lines = (line for name in sorted(self.series) for line in self.series[name].lines())
        return "".join(f"{line}\n" for line in lines)


class _Meter(otel.Meter):
    """Makes the instruments of a registry; one of a name that is known is that one."""

    def __init__(self, registry: Registry, name: str, version: str | None, schema: Any) -> None:
        super().__init__(name, version, schema)
        self._registry = registry
        self._also = registry.also.get_meter(name, version, schema) if registry.also else None

    def _made(self, kind: str, name: str, unit: str, about: str, make: Callable[..., Any]) -> Any:
        known = self._registry.instruments
        if name not in known:
            full = prometheus_name(name, unit, kind)
            made = _Buckets if kind == "histogram" else _Series
            series = made(full, kind, about or name, self._registry.redact)
            self._registry.series[full] = series
            known[name] = make(series)
        return known[name]

    def create_counter(self, name: str, unit: str = "", description: str = "") -> otel.Counter:
        """A sum that only grows."""
        also = self._also.create_counter(name, unit, description) if self._also else None
        made: otel.Counter = self._made(
            "counter", name, unit, description, lambda series: _Sum(series, also)
        )
        return made

    def create_up_down_counter(
        self, name: str, unit: str = "", description: str = ""
    ) -> otel.UpDownCounter:
        """A sum that falls too."""
        also = self._also.create_up_down_counter(name, unit, description) if self._also else None
        made: otel.UpDownCounter = self._made(
            "gauge", name, unit, description, lambda series: _Sum(series, also)
        )
        return made

    def create_histogram(
        self,
        name: str,
        unit: str = "",
        description: str = "",
        *,
        explicit_bucket_boundaries_advisory: Sequence[float] | None = None,
    ) -> otel.Histogram:
        """Values counted in buckets; without advice those of seconds or tokens, by the unit."""
        bounds = explicit_bucket_boundaries_advisory or (SECONDS if unit == "s" else TOKENS)
        also = None
        if self._also is not None:
            also = self._also.create_histogram(
                name, unit, description, explicit_bucket_boundaries_advisory=bounds
            )

        def make(series: _Buckets) -> _Distribution:
            series.bounds = bounds
            return _Distribution(series, bounds, also)

        made: otel.Histogram = self._made("histogram", name, unit, description, make)
        return made

    def _watched(self, how: str, name: str, callbacks: Any, unit: str, about: str) -> Any:
        if self._also is not None:
            getattr(self._also, f"create_observable_{how}")(name, callbacks, unit, about)
        kind = "counter" if how == "counter" else "gauge"

        def make(series: _Series) -> _Observed:
            found = self._registry.observed[name] = _Observed(series, callbacks or ())
            return found

        return self._made(kind, name, unit, about, make)

    def create_observable_gauge(
        self, name: str, callbacks: Any = None, unit: str = "", description: str = ""
    ) -> otel.ObservableGauge:
        """A value that is asked for."""
        made: otel.ObservableGauge = self._watched("gauge", name, callbacks, unit, description)
        return made

    def create_observable_counter(
        self, name: str, callbacks: Any = None, unit: str = "", description: str = ""
    ) -> otel.ObservableCounter:
        """A sum that is asked for."""
        made: otel.ObservableCounter = self._watched("counter", name, callbacks, unit, description)
        return made

    def create_observable_up_down_counter(
        self, name: str, callbacks: Any = None, unit: str = "", description: str = ""
    ) -> otel.ObservableUpDownCounter:
        """A sum that falls too, and is asked for."""
        made: otel.ObservableUpDownCounter = self._watched(
            "up_down_counter", name, callbacks, unit, description
        )
        return made


def _line(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{label}="{text.translate(_ESCAPES)}"' for label, text in labels)
    return f"{name}{{{inside}}} {value!r}" if inside else f"{name} {value!r}"
