"""Gives every example a database of its own that holds the rows of its prelude."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Protocol

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from tests.executable.modules import metadata_of


class Stock(Protocol):
    """A source of fresh databases behind one URL."""

    url: str
    dialect: str

    async def fill(self, models: ModuleType, engine: AsyncEngine) -> None:
        """Make the database hold exactly the rows of the prelude."""


class SqliteStock:
    """Copies a file, which is made once per prelude; a database in memory could not serve two connections."""

    dialect = "sqlite"

    def __init__(self, folder: Path) -> None:
        """Keep templates and the live database in the folder."""
        self._folder = folder
        self._live = folder / "live.db"
        self._engines: set[AsyncEngine] = set()
        self.url = f"sqlite+aiosqlite:///{self._live}"

    async def fill(self, models: ModuleType, engine: AsyncEngine) -> None:
        """Put a new copy in place; an old connection that an example leaked keeps the old file."""
        if engine not in self._engines:
            self._engines.add(engine)
            event.listen(engine.sync_engine, "connect", _be_fast)
        template = self._folder / f"{Path(str(models.__file__)).stem}.db"
        if not template.exists():
            self._live.unlink(missing_ok=True)
            await _create_and_seed(models, engine)
            await engine.dispose()
            self._live.rename(template)
        fresh = self._folder / "fresh.db"
        shutil.copyfile(template, fresh)
        fresh.replace(self._live)


_END_LEAKED_CONNECTIONS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
"""A failing example may leave a transaction open, whose locks would block the next one for ever."""


class PostgresStock:
    """Empties the tables, restarts their sequences and seeds again; faster than TRUNCATE for a few rows."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        """Use the database at the URL, which is ours alone."""
        self.url = url
        self._current: ModuleType | None = None
        self._script = ""

    async def fill(self, models: ModuleType, engine: AsyncEngine) -> None:
        """Replace the tables when the prelude changes, and the rows always; leave no connection open."""
        async with engine.connect() as connection:
            await connection.execute(_END_LEAKED_CONNECTIONS)
        if self._current is models:
            async with engine.connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                await driver.execute(self._script)
            await _seed(models, engine)
        else:
            await self._replace_tables(models, engine)
        await engine.dispose()

    async def _replace_tables(self, models: ModuleType, engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
        await _create_and_seed(models, engine)
        async with engine.connect() as connection:
            sequences = (await connection.scalars(text("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"))).all()
        deletes = [f'DELETE FROM "{table.name}"' for table in reversed(metadata_of(models).sorted_tables)]  # noqa: S608 -- our own names
        restarts = [f"SELECT setval('\"{sequence}\"', 1, false)" for sequence in sequences]
        self._script = "; ".join(deletes + restarts)
        self._current = models


@contextmanager
def sqlite_stock() -> Iterator[SqliteStock]:
    """Keep SQLite files in memory where the system has a file system for that."""
    memory = Path("/dev/shm")  # noqa: S108 -- the directory inside it is private
    with tempfile.TemporaryDirectory(prefix="greenroom-", dir=memory if memory.is_dir() else None) as folder:
        yield SqliteStock(Path(folder))


def _be_fast(connection: object, record: object) -> None:
    del record
    cursor = connection.cursor()  # type: ignore[attr-defined]  # a DBAPI connection
    cursor.execute("PRAGMA journal_mode = MEMORY")
    cursor.execute("PRAGMA synchronous = OFF")
    cursor.close()


async def _create_and_seed(models: ModuleType, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(metadata_of(models).create_all)
    await _seed(models, engine)


async def _seed(models: ModuleType, engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        await asyncio.wait_for(models.seed(session), timeout=10)
        await session.commit()
