"""Databases for tests: one of each kind per process, however many test folders import the fixtures."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.executable.postgres import private_postgres
from tests.executable.stock import PostgresStock, SqliteStock, sqlite_stock

_sqlite = pytest.StashKey[SqliteStock]()
_postgres = pytest.StashKey[PostgresStock]()


@pytest.fixture(scope="session")
def sqlite(pytestconfig: pytest.Config) -> SqliteStock:
    """Fresh SQLite databases."""
    if _sqlite not in pytestconfig.stash:
        pytestconfig.stash[_sqlite] = _kept(pytestconfig).enter_context(sqlite_stock())
    return pytestconfig.stash[_sqlite]


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> PostgresStock:
    """A PostgreSQL that is started once and stopped at the end."""
    if _postgres not in pytestconfig.stash:
        pytestconfig.stash[_postgres] = PostgresStock(_kept(pytestconfig).enter_context(private_postgres()))
    return pytestconfig.stash[_postgres]


def _kept(config: pytest.Config) -> ExitStack:
    """Return a stack that is closed when the run ends."""
    stack = ExitStack()
    config.add_cleanup(stack.close)
    return stack
