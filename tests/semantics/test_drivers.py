"""The tables of drivers say what the installed SQLAlchemy does."""

from __future__ import annotations

import pytest
import sqlalchemy
from sqlalchemy import make_url

from greenroom.semantics.drivers import BLOCKING, DEFAULT_DRIVER, OLDER_DRIVER, driver_of

VERSION = ".".join(sqlalchemy.__version__.split(".")[:2])
HOMES = {
    "cx_oracle": "oracle",
    "mariadbconnector": "mariadb",
    "pg8000": "postgresql",
    "psycopg2": "postgresql",
    "psycopg2cffi": "postgresql",
    "pymssql": "mssql",
    "pyodbc": "mssql",
    "pysqlcipher": "sqlite",
    "pysqlite": "sqlite",
}
"""A dialect of each driver; the others are drivers of MySQL."""
ASYNCHRONOUS = ["postgresql+asyncpg", "postgresql+psycopg", "sqlite+aiosqlite", "mysql+asyncmy", "mysql+aiomysql", "oracle+oracledb",
                "mssql+aioodbc"]  # fmt: skip


@pytest.mark.parametrize("dialect", DEFAULT_DRIVER)
def test_default_drivers(dialect: str) -> None:
    assert make_url(f"{dialect}://").get_dialect().driver == driver_of(dialect, "", sqlalchemy=VERSION)


@pytest.mark.parametrize("driver", sorted(BLOCKING))
def test_blocking_drivers(driver: str) -> None:
    url = make_url(f"{HOMES.get(driver, 'mysql')}+{driver}://")
    assert not url.get_dialect(_is_async=True).is_async


@pytest.mark.parametrize("name", ASYNCHRONOUS)
def test_asynchronous_drivers(name: str) -> None:
    assert make_url(f"{name}://").get_dialect(_is_async=True).is_async
    assert name.partition("+")[2] not in BLOCKING


def test_older_defaults_are_other_ones() -> None:
    assert all(DEFAULT_DRIVER[dialect] != driver for dialect, driver in OLDER_DRIVER.items())
