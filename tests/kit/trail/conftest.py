"""A database as in production: one role owns the tables, another is the application's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from greenroom.kit.database import Database, DatabaseSettings
from greenroom.kit.trail import ddl, tell_contexts
from tests.kit.trail.subjects import TRAIL, Base

OWNER, APPLICATION = "trail_owner", "trail_application"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def _as(url: str, role: str) -> str:
    return make_url(url).set(username=role, password="secret").render_as_string(hide_password=False)  # noqa: S106  # of a server of our own


def application_url(url: str) -> str:
    """Return the URL by which the application reaches the database of a superuser's URL."""
    return _as(url, APPLICATION)


async def _prepare(url: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    for role in (OWNER, APPLICATION):
        with suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
            await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    name = make_url(url).database
    await connection.execute(f"ALTER DATABASE {name} OWNER TO {OWNER}")
    await connection.close()
    engine = create_async_engine(_as(url, OWNER))
    async with engine.begin() as owner:
        await owner.run_sync(Base.metadata.create_all)
        await ddl.create(owner, TRAIL, APPLICATION)
        await owner.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APPLICATION}")
    await engine.dispose()


@pytest.fixture(scope="module")
def prepared(postgres: str) -> str:
    """Give the superuser's URL of a database with the tables and their trail."""
    asyncio.run(_prepare(postgres))
    return postgres


@pytest.fixture
async def db(prepared: str) -> AsyncIterator[Database]:
    """Give the database as the application sees it."""
    database = Database(DatabaseSettings(url=application_url(prepared)), listeners=[tell_contexts])
    yield database
    await database.dispose()


@pytest.fixture
async def owner(prepared: str) -> AsyncIterator[AsyncEngine]:
    """Give the engine of the role that owns the tables."""
    engine = create_async_engine(_as(prepared, OWNER))
    yield engine
    await engine.dispose()


@pytest.fixture
async def superuser(prepared: str) -> AsyncIterator[AsyncEngine]:
    """Give the engine of one who may do everything."""
    engine = create_async_engine(prepared)
    yield engine
    await engine.dispose()
