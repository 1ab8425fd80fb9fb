"""TaskFlow as it runs in production: its own migrations, two roles, real tokens, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from greenroom.kit.actors import ActorKind
from greenroom.kit.database import Database, DatabaseSettings
from greenroom.kit.database.server import Roles, Server, Urls, temporary
from greenroom.kit.testing import LocalIssuer
from greenroom.kit.trail.rules import Recorder
from taskflow.app import create_app, database
from taskflow.migrations import upgrade
from taskflow_tests.calling import Caller, calling

ROLES = Roles("taskflow_owner", "taskflow_app")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with temporary() as server:
        yield server


@pytest.fixture(scope="module")
def urls(server: Server) -> Iterator[Urls]:
    """Give the addresses of a database that the migrations have made."""
    with server.database(roles=ROLES) as urls:
        upgrade(urls.owner, ROLES.application)
        yield urls


@pytest.fixture(scope="session")
def issuer() -> LocalIssuer:
    return LocalIssuer()


@pytest.fixture
async def app(urls: Urls, issuer: LocalIssuer) -> AsyncIterator[FastAPI]:
    app = create_app(database(DatabaseSettings(url=urls.application)), issuer.authenticator())
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def db(app: FastAPI) -> Database:
    """Give the database as the application has it."""
    database: Database = app.state.database
    return database


@pytest.fixture
def scenario(app: FastAPI, db: Database) -> Iterator[Recorder]:
    """Give what remembers the requests of the clients that go through it: ``caller("ann", through=scenario)``."""
    with Recorder(httpx.ASGITransport(app, raise_app_exceptions=False), db) as recorder:
        yield recorder


@pytest.fixture
async def caller(app: FastAPI, issuer: LocalIssuer) -> AsyncIterator[Caller]:
    """Give a function that returns the client of somebody: ``caller("ann")``, ``caller("bot", ActorKind.AGENT)``."""
    async with AsyncExitStack() as clients:

        def of(
            subject: str, kind: ActorKind = ActorKind.HUMAN, through: httpx.AsyncBaseTransport | None = None, **claims: object
        ) -> httpx.AsyncClient:
            said: dict[str, Any] = {"email": f"{subject}@example.com", "name": subject.title(), **claims}
            client = calling(app, issuer.token(subject, kind, **said), through)
            clients.push_async_callback(client.aclose)
            return client

        yield of
