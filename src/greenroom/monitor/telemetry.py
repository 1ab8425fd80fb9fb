"""Incidents as metrics and on spans: OpenTelemetry and Prometheus, each where it is installed (``greenroom[telemetry]``)."""

from __future__ import annotations

import importlib.util
import threading
from typing import TYPE_CHECKING, Any, Final

from greenroom.monitor.attributes import LABELS, attributes, labels
from greenroom.monitor.requests import span
from greenroom.trace import Incident

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from prometheus_client import CollectorRegistry

    from greenroom.monitor.sinks import Sink

COUNTER: Final = "greenroom.incidents"
PROMETHEUS: Final = "greenroom_incidents"
"""Served as ``greenroom_incidents_total``."""
EVENT: Final = "greenroom.incident"
"""On the span of OpenTelemetry that was current."""
BOUND: Final = 1000
"""How many different sets of labels are counted apart; what comes after them is counted as `OTHER`."""
OTHER: Final = "other"
_MISSING: Final = "counting needs {}: pip install 'greenroom[telemetry]'"


def count_sink() -> Sink:
    """Return a sink that counts with OpenTelemetry and with Prometheus, and marks spans, with what of it is installed.

    Raises:
        ImportError: Neither is installed.
    """
    sinks = [make() for package, make in (("opentelemetry", opentelemetry_sink), ("prometheus_client", prometheus_sink)) if _has(package)]
    if not sinks:
        raise ImportError(_MISSING.format("opentelemetry-api or prometheus-client"))

    def count(incident: Incident, error: BaseException | None) -> None:
        for sink in sinks:
            sink(incident, error)

    return count


def opentelemetry_sink(meter_provider: MeterProvider | None = None) -> Sink:
    """Return a sink that adds to the counter ``greenroom.incidents``, and an event to the current span.

    ``meter_provider`` is the global one, unless it is given.

    Raises:
        ImportError: OpenTelemetry is not installed.
    """
    try:
        from opentelemetry import metrics, trace  # noqa: F401, PLC0415  # optional; `span` looks for the second among what is imported
    except ImportError as error:
        raise ImportError(_MISSING.format("opentelemetry-api")) from error
    meter = metrics.get_meter("greenroom.monitor", meter_provider=meter_provider)
    counter = meter.create_counter(COUNTER, unit="{incident}", description="Reads that met implicit IO or a kin of it.")
    bounded = _Bounded()

    def count(incident: Incident, error: BaseException | None) -> None:
        del error  # the incident has its class; its text may be long
        counter.add(1, {name: value for name, value in bounded(labels(incident)).items() if value})
        current = span()
        if current is not None:
            mark(current, incident)

    return count


def mark(current: Any, incident: Incident) -> None:
    """Put an incident on a span: an event with all that is known, and the subject as attributes, to search traces by."""
    if not current.is_recording():
        return
    known = attributes(incident)
    current.add_event(EVENT, {"greenroom.message": incident.message, **known})
    for name in ("greenroom.kind", "greenroom.model", "greenroom.attribute", "greenroom.cause"):
        if name in known:
            current.set_attribute(name, known[name])


def prometheus_sink(registry: CollectorRegistry | None = None) -> Sink:
    """Return a sink that counts ``greenroom_incidents_total``, by ``kind``, ``model``, ``attribute``, ``cause``, ``method``, ``route``.

    With several worker processes each counts alone, unless ``PROMETHEUS_MULTIPROC_DIR`` is set:
    https://prometheus.github.io/client_python/multiprocess/

    ``registry`` is the global one, unless it is given. One registry has one counter: a second sink adds to it.

    Raises:
        ImportError: prometheus-client is not installed.
    """
    try:
        import prometheus_client  # noqa: PLC0415  # it is optional
    except ImportError as error:
        raise ImportError(_MISSING.format("prometheus-client")) from error
    into = registry or prometheus_client.REGISTRY
    with _LOCK:
        if into not in _COUNTERS:
            _COUNTERS[into] = _PrometheusCounter(prometheus_client, into)
        return _COUNTERS[into]


class _PrometheusCounter:
    """The counter of one registry; its labels are named by the last words of the attributes."""

    def __init__(self, client: Any, registry: CollectorRegistry) -> None:
        names = [name.rpartition(".")[2] for name in LABELS]
        self._counter = client.Counter(PROMETHEUS, "Reads that met implicit IO or a kin of it.", names, registry=registry)
        self._bounded = _Bounded()

    def __call__(self, incident: Incident, error: BaseException | None) -> None:
        del error  # as above
        self._counter.labels(*self._bounded(labels(incident)).values()).inc()


_COUNTERS: Final[dict[CollectorRegistry, _PrometheusCounter]] = {}
_LOCK: Final = threading.Lock()


class _Bounded:
    """Keeps the number of different sets of labels down, whatever an application's code makes of its routes and models."""

    def __init__(self) -> None:
        self._known: set[tuple[str, ...]] = set()
        self._lock = threading.Lock()

    def __call__(self, given: dict[str, str]) -> dict[str, str]:
        values = tuple(given.values())
        with self._lock:
            if values in self._known:
                return given
            if len(self._known) < BOUND:
                self._known.add(values)
                return given
        return {**dict.fromkeys(given, OTHER), "greenroom.kind": given["greenroom.kind"]}


def _has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
