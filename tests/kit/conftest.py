"""A real PostgreSQL for the tests of the kit: one server for each run, one database for each module."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterator

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import pytest
from sqlalchemy.engine import make_url

from greenroom.kit.database.server import Server, temporary


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Give a server, which the workers of a run share: that of ``DATABASE_URL``, or one of our own."""
    with temporary(os.environ.get("PYTEST_XDIST_TESTRUNUID")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server(server: Server) -> str:
    """Give the URL of a superuser's database on it (``postgresql+asyncpg://``)."""
    return server.superuser.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def postgres(postgres_server: str) -> Iterator[str]:
    """Give the URL of an empty database of this test module."""
    name = f"kit_{uuid.uuid4().hex[:12]}"
    asyncio.run(_execute(postgres_server, f"CREATE DATABASE {name}"))
    yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    asyncio.run(_execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
