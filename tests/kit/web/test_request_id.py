"""One id for each request: the client's where it is sane, else one of ours."""

from __future__ import annotations

import re

import httpx
import pytest
from fastapi import FastAPI, WebSocket
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.types import Message

from greenroom.kit.web import RequestId, request_id
from greenroom.kit.web.request_ids import chosen
from tests.kit.web.conftest import Connect

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def application() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def read() -> str | None:
        return request_id()

    @app.websocket("/socket")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(request_id() or "none")
        await socket.close()

    app.add_middleware(RequestId)
    return app


@pytest.mark.anyio
async def test_the_answer_and_the_code_have_the_same(connect: Connect) -> None:
    client: httpx.AsyncClient = connect(application())
    answer = await client.get("/", headers={"X-Request-ID": "client-made-1"})
    assert (answer.json(), answer.headers["x-request-id"]) == ("client-made-1", "client-made-1")
    first, second = await client.get("/"), await client.get("/")
    assert first.json() == first.headers["x-request-id"] != second.headers["x-request-id"]
    assert request_id() is None


@pytest.mark.anyio
async def test_a_socket_has_one_too(anyio_backend: str) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"x-request-id", b"client-made-1")]
    scope = {"type": "websocket", "path": "/socket", "headers": headers, "query_string": b"", "subprotocols": []}
    await application()(scope, receive, send)
    assert sent[1]["text"] == "client-made-1"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Request-ID": "client-made-1", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, "client-made-1"),
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
        ({"traceparent": f"cc-{TRACE}-00f067aa0ba902b7-01-what-the-future-will-be-like"}, TRACE),
        ({"X-Request-ID": "short", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
    ],
)
def test_what_is_sane_is_taken(headers: dict[str, str], expected: str) -> None:
    assert chosen(Headers(headers)) == expected


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Request-ID": "short"},
        {"X-Request-ID": "a" * 65},
        {"X-Request-ID": "no spaces in it"},
        {"X-Request-ID": "'; DROP TABLE task; --"},
        {"traceparent": f"ff-{TRACE}-00f067aa0ba902b7-01"},
        {"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"},
        {"traceparent": f"00-{TRACE}-{'0' * 16}-01"},
        {"traceparent": f"00-{TRACE.upper()}-00f067aa0ba902b7-01"},
    ],
)
def test_what_is_not_sane_is_replaced(headers: dict[str, str]) -> None:
    made = chosen(Headers(headers))
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert made not in str(headers)


def test_two_ids_are_none() -> None:
    raw = [(b"x-request-id", b"client-made-1"), (b"x-request-id", b"client-made-2")]
    assert not chosen(Headers(raw=raw)).startswith("client")


@given(st.text(max_size=100))
def test_whatever_is_sent_the_id_can_be_written_anywhere(given_id: str) -> None:
    raw = given_id.encode("latin-1", "ignore")
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", chosen(Headers(raw=[(b"x-request-id", raw)])))
