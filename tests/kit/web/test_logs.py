"""Logs: one line for each request, JSON throughout, the request's id on each, and no secret in any."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import structlog
from fastapi import APIRouter, FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st

from greenroom.kit.actors import Actor, ActorKind
from greenroom.kit.web import WebSettings, configure_logging, install, redact
from tests.kit.web.conftest import Connect
from tests.kit.web.serving import served

JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"


@pytest.fixture
def logged(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """The stream that all logs go to, at the level of debugging."""
    root = logging.getLogger()
    before = (root.handlers, root.level)
    stream = io.StringIO()
    configure_logging(level="DEBUG", stream=stream)
    yield stream
    root.handlers, root.level = before
    structlog.reset_defaults()


def lines(stream: io.StringIO, logger: str = "greenroom.access") -> list[dict[str, Any]]:
    return [line for line in map(json.loads, stream.getvalue().splitlines()) if line["logger"] == logger]


def application() -> FastAPI:
    app = FastAPI()
    router = APIRouter()

    @router.get("/things/{thing_id}")
    async def read(thing_id: int, request: Request) -> None:
        request.state.actor = Actor(ActorKind.AGENT, "bot", "issuer", on_behalf_of="me")
        logging.getLogger("project").warning("reading %s", thing_id, extra={"api_key": "hunter2", "kind": "wood"})

    @router.get("/bug")
    async def bug() -> None:
        raise RuntimeError("a bug")

    app.include_router(router, prefix="/first")
    app.include_router(router, prefix="/second")
    install(app, WebSettings())
    return app


@pytest.mark.anyio
async def test_each_request_has_one_line(logged: io.StringIO, connect: Connect) -> None:
    client: httpx.AsyncClient = connect(application())
    await client.get("/second/things/1?token=hunter2", headers={"X-Request-ID": "client-made-1", "Authorization": "Bearer hunter2"})
    (line,) = lines(logged)
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("milliseconds") >= 0
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "greenroom.access",
        "request_id": "client-made-1",
        "method": "GET",
        "route": "/second/things/{thing_id}",
        "status": 200,
        "actor": "bot",
        "actor_kind": "agent",
        "on_behalf_of": "me",
    }
    (own,) = lines(logged, "project")
    assert (own["event"], own["kind"], own["api_key"], own["request_id"]) == ("reading 1", "wood", "[redacted]", "client-made-1")
    assert "hunter2" not in logged.getvalue()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/first/things/x", ("/first/things/{thing_id}", 422, "info", None)),
        ("/first/bug", ("/first/bug", 500, "error", "RuntimeError")),
        ("/nowhere/hunter2", ("unmatched", 404, "info", None)),
        ("/health/live", ("/health/live", 200, "debug", None)),
    ],
)
async def test_how_it_ended_is_told(logged: io.StringIO, connect: Connect, path: str, expected: tuple[object, ...]) -> None:
    await connect(application()).get(path)
    (line,) = lines(logged)
    assert (line["route"], line["status"], line["level"], line.get("error")) == expected
    assert "hunter2" not in str(line)


@pytest.mark.parametrize(
    "event",
    [
        {"authorization": "hunter2"},
        {"Authorization": ["hunter2"]},
        {"DB_PASSWORD": "hunter2"},
        {"headers": {"Cookie": "hunter2"}},
        {"tokens": [{"access_token": "hunter2"}]},
        {"event": "connecting to postgresql+asyncpg://me:hunter2@host/base"},
        {"event": "got Authorization: Bearer hunter2"},
        {"event": "GET /callback?state=1&code=hunter2&access_token=hunter2"},
        {"exception": [{"exc_value": "Basic hunter2=="}]},
    ],
)
def test_secrets_are_taken_out(event: dict[str, Any]) -> None:
    assert "hunter2" not in str(redact(None, "", dict(event)))


def test_what_is_no_secret_stays() -> None:
    event = {"event": f"token {JWT}", "author": "me", "passed": 3, "tokenizer": "a", "url": "https://host/path", "data": b"x"}
    assert redact(None, "", dict(event)) == {**event, "event": "token [redacted]"}


json_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "password", "x-api-key"]), inner, max_size=3),
)


@given(st.dictionaries(st.text(max_size=8), json_values))
def test_redacting_again_changes_nothing(event: dict[str, Any]) -> None:
    once = redact(None, "", event)
    assert redact(None, "", dict(once)) == once


def test_lines_for_people_hold_no_secrets_either(logged: io.StringIO) -> None:
    stream = io.StringIO()
    configure_logging(human=True, stream=stream)
    logging.getLogger("project").warning("Bearer hunter2")
    assert "[redacted]" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_a_real_server_writes_nothing_but_json() -> None:
    with served("tests.kit.web.served:app", {"WEB_DRAIN": "0"}) as (process, url):
        answer = httpx.get(f"{url}/bugs/7", headers={"X-Request-ID": "client-made-1"})
        assert (answer.status_code, answer.json()["instance"]) == (500, "urn:request:client-made-1")
        process.terminate()
        output, _ = process.communicate(timeout=20)
    # Before the application is imported uvicorn says which process it is.
    said = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert [line for line in output.splitlines() if not line.startswith(("{", "INFO:"))] == []
    assert [(line["route"], line["status"]) for line in said if line["event"] == "request"] == [("/bugs/{number}", 500)]
    (raised,) = [line for line in said if "exception" in line]
    assert raised["exception"][0]["exc_type"] == "RuntimeError"
    assert raised["request_id"] == "client-made-1"
    assert "hunter2" not in output
