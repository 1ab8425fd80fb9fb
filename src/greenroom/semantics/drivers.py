"""Drivers of SQLAlchemy's dialects: which one a URL means that names none, and which of them an asynchronous engine can use.

``tests/semantics/test_drivers.py`` compares the tables with the installed SQLAlchemy.
"""

from __future__ import annotations

DEFAULT_DRIVER: dict[str, str] = {
    "postgresql": "psycopg",
    "mysql": "mysqldb",
    "mariadb": "mysqldb",
    "sqlite": "pysqlite",
    "oracle": "oracledb",
    "mssql": "pyodbc",
}
"""What a URL without a driver means."""
OLDER_DRIVER: dict[str, str] = {"postgresql": "psycopg2", "oracle": "cx_oracle"}
"""What it meant before SQLAlchemy 2.1, where that is another one."""
BLOCKING = frozenset(
    {
        "cx_oracle", "cymysql", "mariadbconnector", "mysqlconnector", "mysqldb", "pg8000", "psycopg2", "psycopg2cffi", "pymssql", "pymysql",
        "pyodbc", "pysqlcipher", "pysqlite",
    }
)  # fmt: skip
"""Drivers that wait; ``create_async_engine`` refuses them with ``InvalidRequestError``. Others are asynchronous, or not known."""
BOUND_TO_LOOP = frozenset({"asyncpg", "aiomysql", "asyncmy"})
"""Drivers whose connections work on the event loop only that was running when they were opened."""


def driver_of(dialect: str, driver: str, *, sqlalchemy: str) -> str:
    """The driver that a URL's ``dialect`` or ``dialect+driver`` means; empty where that is not known."""
    if driver:
        return driver
    older = OLDER_DRIVER.get(dialect) if sqlalchemy == "2.0" else None
    return older or DEFAULT_DRIVER.get(dialect, "")
