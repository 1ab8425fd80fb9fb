"""Liveness asks nobody; readiness asks the database, and tells nothing of what it says."""

from __future__ import annotations

import asyncio
import time

import pytest
from fastapi import FastAPI

from greenroom.kit.database import Database, DatabaseSettings
from greenroom.kit.web import WebSettings, health, install
from tests.kit.web.conftest import Connect

pytestmark = pytest.mark.anyio


def application(url: str | None) -> FastAPI:
    app = FastAPI()
    install(app, WebSettings())
    if url is not None:
        app.state.database = Database(DatabaseSettings(url=url, connect_patience=0))
    return app


async def test_all_is_well(connect: Connect, postgres: str) -> None:
    app = application(postgres)
    client = connect(app)
    assert (await client.get("/health")).json() == {"status": "ok", "version": app.version}
    assert (await client.get("/health/live")).json() == {"status": "ok"}
    assert (await client.get("/health/ready")).json() == {"status": "ok"}
    health.start_draining(app)
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["detail"]) == (503, "The server is stopping")
    assert (await client.get("/health/live")).status_code == 200
    await app.state.database.dispose()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://hunter2:hunter2@127.0.0.1:9/nothing",
        "postgresql://hunter2:hunter2@%2Fno%2Fsuch%2Fsocket/nothing",
    ],
)
async def test_a_database_that_is_away_is_503_without_its_words(connect: Connect, url: str) -> None:
    app = application(url)
    client = connect(app)
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert answer.json()["detail"] == "The database does not answer"
    assert answer.headers["retry-after"] == "1"
    assert (await client.get("/health/live")).status_code == 200


async def test_a_wrong_password_is_no_detail_for_the_outside(connect: Connect, postgres: str) -> None:
    client = connect(application(postgres.rsplit("/", 1)[0] + "/no_such_database"))
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.json()["detail"]) == (503, "The database does not answer")


async def test_a_database_that_says_nothing_is_not_waited_for(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "TIME_LIMIT", 0.2)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = connect(application(f"postgresql://a@127.0.0.1:{port}/a"))
    began = time.monotonic()
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert time.monotonic() - began < 1
    server.close()


async def test_an_application_without_a_database_is_ready(connect: Connect) -> None:
    assert (await connect(application(None)).get("/health/ready")).status_code == 200
