"""Fixtures: a database for each test, and sessions with the options of the application's own.

They are plain functions, and need no plugin for coroutines to be in a certain mode: what has to be awaited is awaited by fixtures that are
chosen by the way in which the test itself runs.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sqlalchemy import MetaData
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

    from greenroom.pytest.databases import Connected, Database
    from greenroom.pytest.discovery import Factory

# SQLAlchemy and what needs it are imported when a fixture is used: pytest loads this module in every run.
# ruff: noqa: PLC0415

VARIABLE = "GREENROOM_DATABASE"


@pytest.fixture(scope="session")
def greenroom_database(pytestconfig: pytest.Config) -> str:
    """Return what tests run on: ``sqlite``, or the URL of a PostgreSQL. To be overridden where a suite knows better."""
    given = pytestconfig.getoption("greenroom_database") or os.environ.get(VARIABLE) or pytestconfig.getini("greenroom_database")
    return str(given).strip() or "sqlite"


@pytest.fixture(scope="session")
def greenroom_metadata(pytestconfig: pytest.Config) -> MetaData | Sequence[MetaData]:
    """Return whose tables are made. To be overridden where a suite knows better."""
    from greenroom.pytest.discovery import found_metadata, named_metadata

    with _told():
        names = pytestconfig.getini("greenroom_metadata")
        return named_metadata(names) if names else found_metadata()


@pytest.fixture(scope="session")
def greenroom_factory(pytestconfig: pytest.Config) -> Factory | None:
    """Return the session factory whose options are taken over. To be overridden where a suite knows better."""
    from greenroom.pytest.discovery import found_factory, named_factory

    with _told():
        name = str(pytestconfig.getini("greenroom_factory")).strip()
        return named_factory(name) if name else found_factory()


@pytest.fixture(scope="session")
def _greenroom_prepared(greenroom_database: str, greenroom_metadata: MetaData | Sequence[MetaData]) -> Iterator[Database]:
    from sqlalchemy import MetaData

    from greenroom.pytest.databases import prepared, url_of

    tables = [greenroom_metadata] if isinstance(greenroom_metadata, MetaData) else list(greenroom_metadata)
    with _told():
        preparing = prepared(url_of(greenroom_database), tables)
        database = preparing.__enter__()
    try:
        yield database
    finally:
        preparing.__exit__(None, None, None)


def has_pytest_asyncio(config: pytest.Config) -> bool:
    """Whether pytest-asyncio runs tests, under whichever name it was loaded."""
    module = sys.modules.get("pytest_asyncio.plugin")
    return module is not None and config.pluginmanager.is_registered(module)


def has_loop_scopes(config: pytest.Config) -> bool:
    """Whether pytest-asyncio runs tests, and can run a fixture in the loop of a given scope, as it does from 0.24 on."""
    return has_pytest_asyncio(config) and "loop_scope" in inspect.signature(sys.modules["pytest_asyncio"].fixture).parameters


def connecting() -> Callable[..., AsyncIterator[Connected]]:
    """Return a function, one of its own for each way to run coroutines, that gives a test its engine."""

    async def connect(_greenroom_prepared: Database) -> AsyncIterator[Connected]:
        from greenroom.pytest.databases import connected

        async with connected(_greenroom_prepared) as found:
            yield found

    return connect


_greenroom_connected_anyio = pytest.fixture(name="_greenroom_connected_anyio")(connecting())


@pytest.fixture
def _greenroom_connected_sync(_greenroom_prepared: Database) -> Iterator[Connected]:
    """Serve tests that are no coroutines, on a loop of their own; a driver that is bound to its loop is of no use to them."""
    import asyncio

    from greenroom.pytest.databases import connected

    if _greenroom_prepared.url.get_backend_name() != "sqlite":
        pytest.fail(
            "greenroom_engine on PostgreSQL needs a test that is a coroutine (async def): connections belong to its loop", pytrace=False
        )
    with asyncio.Runner() as runner:
        context = connected(_greenroom_prepared)
        try:
            yield runner.run(context.__aenter__())
        finally:
            runner.run(context.__aexit__(None, None, None))


@pytest.fixture
def _greenroom_connected(request: pytest.FixtureRequest) -> Connected:
    found: Connected = request.getfixturevalue(f"_greenroom_connected_{_way(request)}")
    return found


@pytest.fixture
def greenroom_engine(_greenroom_connected: Connected) -> AsyncEngine:
    """Return an engine with the application's tables, of which nothing that is committed outlives the test."""
    return _greenroom_connected.engine


@pytest.fixture
def greenroom_sessionmaker(_greenroom_connected: Connected, greenroom_factory: Factory | None) -> async_sessionmaker[AsyncSession]:
    """Return a factory of sessions on `greenroom_engine`, with the class and the options of the application's own factory."""
    from greenroom.pytest.discovery import sessions

    return sessions(greenroom_factory, _greenroom_connected.engine)


@pytest.fixture
def greenroom_session(_greenroom_connected: Connected, greenroom_sessionmaker: async_sessionmaker[AsyncSession]) -> AsyncSession:
    """Return one session of `greenroom_sessionmaker`, which is closed in the end."""
    session = greenroom_sessionmaker()
    _greenroom_connected.sessions.append(session)
    return session


@pytest.fixture
def greenroom_bound(greenroom_engine: AsyncEngine, greenroom_factory: Factory | None) -> Iterator[Factory]:
    """Bind the application's own factory to `greenroom_engine` while the test runs, and return it."""
    from sqlalchemy.ext.asyncio import async_sessionmaker

    if greenroom_factory is None:
        pytest.fail("greenroom_bound found no session factory of the application; set greenroom_factory = module:name", pytrace=False)
    options = greenroom_factory.kw
    before = dict(options)
    options.pop("binds", None)
    options["bind"] = greenroom_engine if isinstance(greenroom_factory, async_sessionmaker) else greenroom_engine.sync_engine
    try:
        yield greenroom_factory
    finally:
        options.clear()
        options.update(before)


@pytest.fixture(name="assert_queries")
def assert_queries_fixture() -> Callable[..., Any]:
    """Return `greenroom.pytest.assert_queries`."""
    from greenroom.pytest.queries import assert_queries

    return assert_queries


def _way(request: pytest.FixtureRequest) -> str:
    """Return how the test runs."""
    if "anyio_backend" in request.fixturenames:
        return "anyio"
    marker = request.node.get_closest_marker("asyncio")
    if marker is None or not has_pytest_asyncio(request.config):
        return "sync"
    scope = marker.kwargs.get("loop_scope") or marker.kwargs.get("scope") or _default_scope(request.config)
    if not has_loop_scopes(request.config):
        pytest.fail("greenroom_engine needs a pytest-asyncio that knows loop scopes; install pytest-asyncio>=0.24", pytrace=False)
    return f"asyncio_{scope}"


def _default_scope(config: pytest.Config) -> str:
    try:
        return str(config.getini("asyncio_default_test_loop_scope"))
    except (KeyError, ValueError):  # pytest-asyncio has it from 0.25 on
        return "function"


@contextmanager
def _told() -> Iterator[None]:
    """Tell what is wrong with a setting as one message."""
    from greenroom.pytest.databases import DatabaseError
    from greenroom.pytest.discovery import SettingError

    try:
        yield
    except (DatabaseError, SettingError) as error:
        pytest.fail(str(error), pytrace=False)
