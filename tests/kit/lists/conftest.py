"""A database with the tables of these tests, two workers and a team, for each module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import event, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tests.kit.lists.tables import Base, Team, Worker


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def engine(postgres: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(postgres)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.execute(insert(Team).values(name="red"))
        await connection.execute(insert(Worker), [{"name": "ann", "team_id": 1}, {"name": "bob", "team_id": None}])
    yield engine
    await engine.dispose()


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Give a connection whose work is undone at the end."""
    async with engine.connect() as connection:
        yield connection


@pytest.fixture
def statements(engine: AsyncEngine) -> Iterator[list[str]]:
    """Give the list that each statement is put into when it is sent."""
    sent: list[str] = []

    def record(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", record)
    yield sent
    event.remove(engine.sync_engine, "before_cursor_execute", record)
