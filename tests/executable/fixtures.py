"""Databases for tests, one per worker process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.executable.postgres import private_postgres
from tests.executable.stock import PostgresStock, SqliteStock, sqlite_stock


@pytest.fixture(scope="session")
def sqlite() -> Iterator[SqliteStock]:
    """Fresh SQLite databases."""
    with sqlite_stock() as stock:
        yield stock


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresStock]:
    """A PostgreSQL that is started once and stopped at the end."""
    with private_postgres() as url:
        yield PostgresStock(url)
