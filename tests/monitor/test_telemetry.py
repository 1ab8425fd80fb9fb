"""Counters and span events, with the real OpenTelemetry SDK and the real Prometheus client."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, generate_latest

from greenroom.monitor.telemetry import BOUND, count_sink, opentelemetry_sink, prometheus_sink
from tests.monitor.samples import FIELDS, INCIDENT


def points(reader: InMemoryMetricReader) -> dict[tuple[tuple[str, object], ...], float]:
    data = reader.get_metrics_data()
    assert data is not None
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    assert metric.name == "greenroom.incidents"
    return {tuple(sorted((point.attributes or {}).items())): point.value for point in metric.data.data_points}  # type: ignore[union-attr]  # a sum


def test_opentelemetry_counts() -> None:
    reader = InMemoryMetricReader()
    sink = opentelemetry_sink(MeterProvider([reader]))
    for _ in range(3):
        sink(INCIDENT, None)
    assert points(reader) == {
        (
            ("greenroom.attribute", "name"),
            ("greenroom.cause", "commit"),
            ("greenroom.kind", "implicit-io"),
            ("greenroom.model", "Author"),
            ("http.request.method", "GET"),
            ("http.route", "/authors/{author_id}"),
        ): 3
    }


def test_the_current_span_is_marked() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    sink = opentelemetry_sink(MeterProvider())
    with provider.get_tracer("test").start_as_current_span("request"):
        sink(INCIDENT, None)
    sink(INCIDENT, None)
    (span,) = exporter.get_finished_spans()
    (event,) = span.events
    assert event.name == "greenroom.incident"
    assert dict(event.attributes or {}) == {"greenroom.message": INCIDENT.message, **FIELDS}
    assert dict(span.attributes or {}) == {
        "greenroom.kind": "implicit-io",
        "greenroom.model": "Author",
        "greenroom.attribute": "name",
        "greenroom.cause": "commit",
    }


LINE = (
    'greenroom_incidents_total{attribute="name",cause="commit",kind="implicit-io",method="GET",model="Author",route="/authors/{author_id}"}'
    " 2.0"
)


def test_prometheus_counts() -> None:
    registry = CollectorRegistry()
    prometheus_sink(registry)(INCIDENT, None)
    prometheus_sink(registry)(INCIDENT, None)
    assert LINE in generate_latest(registry).decode().splitlines()


def test_the_number_of_series_is_bounded() -> None:
    registry, reader = CollectorRegistry(), InMemoryMetricReader()
    prometheus, opentelemetry = prometheus_sink(registry), opentelemetry_sink(MeterProvider([reader]))
    for number in range(BOUND + 50):
        one = replace(INCIDENT, route=f"GET /{number}")
        prometheus(one, None)
        opentelemetry(one, None)
    lines = [line for line in generate_latest(registry).decode().splitlines() if line.startswith("greenroom_incidents_total")]
    assert len(lines) == BOUND + 1
    assert any('model="other"' in line and line.endswith("} 50.0") for line in lines)
    assert len(points(reader)) == BOUND + 1


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ImportError, match=r"pip install 'greenroom\[telemetry\]'"):
        prometheus_sink()
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ImportError, match=r"pip install 'greenroom\[telemetry\]'"):
        opentelemetry_sink()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ImportError, match="opentelemetry-api or prometheus-client"):
        count_sink()


def test_both_count_where_both_are_installed() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("test").start_as_current_span("request"):
        count_sink()(INCIDENT, None)
    assert [event.name for event in exporter.get_finished_spans()[0].events] == ["greenroom.incident"]
    assert b'greenroom_incidents_total{attribute="name"' in generate_latest()
