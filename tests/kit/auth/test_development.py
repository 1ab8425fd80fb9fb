"""Authentication switched off: loud, in development only, and for this machine only."""

from __future__ import annotations

import logging
import subprocess
import sys

import httpx
import pytest

from greenroom.kit.auth import AuthSettings, DevelopmentBypass, is_loopback, named_actor
from tests.kit.auth.application import application

pytestmark = pytest.mark.anyio

ADA = named_actor("human:ada", frozenset({"tasks:read"}))
HERE = ("127.0.0.1", 50000)


def client(host: str = "127.0.0.1", *, came_from: tuple[str, int] = HERE) -> httpx.AsyncClient:
    app = application(DevelopmentBypass(ADA, environment="development", bind="127.0.0.1"))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=came_from), base_url=f"http://{host}:8000")


async def test_everybody_is_the_chosen_actor() -> None:
    async with client() as calling:
        answer = await calling.get("/me")
        assert (answer.json()["kind"], answer.json()["id"], answer.json()["issuer"]) == ("human", "ada", "development")
        assert (await calling.get("/tasks")).status_code == 200
        assert (await calling.post("/tasks")).status_code == 403


async def test_a_request_may_name_another() -> None:
    async with client("localhost") as calling:
        answer = await calling.get("/me", headers={"Authorization": "Bearer agent:bot"})
        assert (answer.json()["kind"], answer.json()["id"], answer.json()["scopes"]) == ("agent", "bot", ["tasks:read"])
        for wrong in ("system:me", "bot", "agent:", "a.b.c", "human:\xe9\x00"):
            answer = await calling.get("/me", headers=[(b"authorization", f"Bearer {wrong}".encode())])
            assert answer.status_code == 401


@pytest.mark.parametrize("came_from", [("192.0.2.7", 1), ("::ffff:192.0.2.7", 1), ("", 0), ("testclient", 1)])
async def test_another_machine_is_refused(came_from: tuple[str, int], caplog: pytest.LogCaptureFixture) -> None:
    async with client(came_from=came_from) as calling:
        answer = await calling.get("/me")
    assert (answer.status_code, answer.json()["detail"]) == (401, "The client address of the connection is not loopback")
    assert "a request was refused" in caplog.text


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "api.example.com", "localhost.evil.test"])  # noqa: S104  # refused
async def test_an_address_of_the_network_is_refused(host: str) -> None:
    async with client(host) as calling:
        answer = await calling.get("/me")
    assert (answer.status_code, answer.json()["detail"]) == (401, "The server address of the connection is not loopback")


@pytest.mark.parametrize("server", [None, ("/run/api.sock", None)])
async def test_a_connection_of_unknown_origin_is_refused(server: tuple[str, None] | None) -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    app = application(DevelopmentBypass(ADA, environment="development", bind="localhost"))
    scope: dict[str, object] = {
        "type": "http",
        "method": "GET",
        "path": "/me",
        "query_string": b"",
        "headers": [],
        "client": HERE,
        "server": server,
    }
    await app(scope, receive, send)  # type: ignore[arg-type]  # plain dicts will do
    assert sent[0]["status"] == 401


@pytest.mark.parametrize("header", [{"Host": "evil.test"}, {"Origin": "https://evil.test"}, {"Origin": "null"}, {"Host": "[::"}])
async def test_a_page_of_somebody_else_is_refused(header: dict[str, str]) -> None:
    async with client() as calling:
        assert (await calling.get("/me", headers=header)).status_code == 401
        assert (await calling.get("/me", headers={"Origin": "http://localhost:3000"})).status_code == 200


@pytest.mark.parametrize(
    ("environment", "bind", "named"),
    [
        ("production", "127.0.0.1", "environment"),
        ("", "127.0.0.1", "environment"),
        ("Development ", "127.0.0.1", "environment"),
        ("development", "0.0.0.0", "loopback"),  # noqa: S104  # refused
        ("development", "::", "loopback"),
        ("development", "192.0.2.7", "loopback"),
        ("development", "", "loopback"),
        ("development", "api.example.com", "loopback"),
    ],
)
def test_it_refuses_to_start_elsewhere(environment: str, bind: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        DevelopmentBypass(ADA, environment=environment, bind=bind)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "LOCALHOST", "::ffff:127.0.0.1"])
def test_what_is_this_machine(host: str) -> None:
    assert is_loopback(host)


def test_it_is_loud(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        AuthSettings(bypass="agent:bot", environment="development", bind="::1").authenticator()
    assert "AUTHENTICATION IS SWITCHED OFF: every request is made by agent:bot" in caplog.text


def test_it_is_loud_where_no_logging_is_set_up() -> None:
    code = (
        "from greenroom.kit.auth import AuthSettings\n"
        "AuthSettings(bypass='human:ada', environment='development', bind='127.0.0.1').authenticator()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "AUTHENTICATION IS SWITCHED OFF" in done.stderr
