"""Metrics and traces, by route and not by path."""

from __future__ import annotations

import sys

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from greenroom.kit.database import Database, DatabaseSettings, Reading
from greenroom.kit.web import Metrics, WebSettings, install, trace_databases
from tests.kit.web.conftest import Connect


@pytest.mark.anyio
async def test_requests_are_counted_by_route(connect: Connect) -> None:
    app = FastAPI()

    @app.get("/things/{thing_id}")
    async def read(thing_id: int) -> None: ...

    registry = CollectorRegistry()
    install(app, WebSettings(), observers=[Metrics(registry)])
    client: httpx.AsyncClient = connect(app)
    for path in ("/things/1", "/things/2", "/things/x", "/nowhere/1", "/nowhere/2"):
        await client.get(path)
    await client.request("BREW", "/things/1")

    def count(method: str, route: str, status: str) -> float | None:
        labels = {"method": method, "route": route, "status": status}
        return registry.get_sample_value("http_server_request_duration_seconds_count", labels)

    assert count("GET", "/things/{thing_id}", "200") == 2
    assert count("GET", "/things/{thing_id}", "422") == 1
    assert count("GET", "unmatched", "404") == 2
    assert count("OTHER", "/things/{thing_id}", "405") == 1
    exposed = await client.get("/metrics")
    assert exposed.headers["content-type"].startswith("text/plain")
    assert 'http_server_request_duration_seconds_count{method="GET",route="unmatched",status="404"} 2.0' in exposed.text
    assert "/metrics" not in app.openapi()["paths"]


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ImportError, match=r"pip install 'greenroom\[telemetry\]'"):
        Metrics()


@pytest.mark.anyio
async def test_a_trace_holds_the_route_and_the_statement(connect: Connect, postgres: str) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = FastAPI(telemetry={"tracer_provider": provider})
    app.state.database = Database(DatabaseSettings(url=postgres))

    @app.get("/things/{thing_id}")
    async def read(thing_id: int, connection: Reading) -> None:
        await connection.execute(text("SELECT :secret"), {"secret": "hunter2"})

    install(app, WebSettings())
    try:
        assert trace_databases(app.state.database, tracer_provider=provider)
        await connect(app).get("/things/1")
    finally:
        SQLAlchemyInstrumentor().uninstrument()
        await app.state.database.dispose()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    request = spans["GET /things/{thing_id}"]
    statement = next(span for name, span in spans.items() if name.startswith("SELECT"))
    assert statement.context is not None
    assert request.context is not None
    assert statement.context.trace_id == request.context.trace_id
    assert "hunter2" not in "".join(span.to_json() for span in spans.values())


def test_without_the_instrumentation_it_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.sqlalchemy", None)
    assert not trace_databases()
