"""One database with the tables for each module, and a ``Database`` on it for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from greenroom.kit.database import Broken, Database, DatabaseSettings
from greenroom.kit.database.server import Server, temporary
from tests.kit.database.tables import Base

CONSTRAINTS = {"uq_project_name": Broken("The name is taken", "/name", code="taken")}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def url(postgres: str) -> str:
    async def create() -> None:
        engine = create_async_engine(postgres)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()

    asyncio.run(create())
    return postgres


@pytest.fixture
async def database(url: str, anyio_backend: str) -> AsyncIterator[Database]:
    """A database whose tables are empty."""
    database = Database(DatabaseSettings(url=url, connect_patience=0), constraints=CONSTRAINTS)
    async with database.begin() as session:
        await (await session.connection()).execute(text("TRUNCATE project, task, worker, agent"))
    yield database
    await database.dispose()


@pytest.fixture(scope="session")
def own_server() -> Iterator[Server]:
    """Give a server that may be stopped and changed."""
    with temporary(environment={}) as server:
        yield server
