"""The database that tests run on: SQLite in memory, one for each test; or one of a PostgreSQL server, for each process that runs tests.

On PostgreSQL a database of its own is made beside the one that is named, and dropped in the end: workers of pytest-xdist do not meet in it,
and nothing of what is there is touched.
"""

from __future__ import annotations

import asyncio
import importlib.util
import threading
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool, StaticPool

from greenroom.pytest.savepoints import Savepoints

if TYPE_CHECKING:
    from sqlalchemy import URL

_MEMORY = "sqlite+aiosqlite://"
_MEND = "give sqlite, or the URL of a PostgreSQL such as postgresql+asyncpg://user@localhost/database"


class DatabaseError(ValueError):
    """A database that tests cannot run on; the message says why and what would do."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where the engines of tests connect to."""

    url: URL
    tables: Sequence[MetaData]
    """What each engine has to make before its test; on a server they are there already."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The engine of one test."""

    engine: AsyncEngine
    sessions: list[AsyncSession] = field(default_factory=list)
    """What is to be closed before the engine."""


def url_of(said: str) -> URL:
    """Return the URL that a setting means.

    Raises:
        DatabaseError: It is none, or one of a database that is not known here.
    """
    if said in {"", "sqlite"}:
        said = _MEMORY
    try:
        url = make_url(said)
    except ArgumentError:
        raise DatabaseError(f"the database of greenroom_engine, {said!r}, is no URL; {_MEND}") from None
    backend, _, driver = url.drivername.partition("+")
    if backend == "sqlite":
        if url.database not in {None, "", ":memory:"}:
            raise DatabaseError(f"greenroom_engine makes its tables in memory, and not in the file {url.database}; {_MEND}")
        _demand("aiosqlite")
        return make_url(_MEMORY)
    if backend not in {"postgresql", "postgres"} or driver not in {"", "asyncpg", "psycopg"}:
        raise DatabaseError(f"greenroom_engine does not know the database {url.drivername}; {_MEND}")
    driver = driver or ("asyncpg" if importlib.util.find_spec("asyncpg") else "psycopg")
    _demand(driver)
    return url.set(drivername=f"postgresql+{driver}")


def _demand(driver: str) -> None:
    if importlib.util.find_spec(driver) is None:
        raise DatabaseError(f"greenroom_engine needs {driver}, which is not installed; pip install {driver}")


@contextmanager
def prepared(url: URL, tables: Sequence[MetaData]) -> Generator[Database, None, None]:
    """Make what all tests of this process share.

    Raises:
        DatabaseError: The server cannot be reached, or does not let a database be made.
    """
    if url.get_backend_name() == "sqlite":
        yield Database(url, tables)
        return
    own = url.set(database=f"greenroom_{uuid.uuid4().hex}")
    try:
        _apart(lambda: _execute(url, f'CREATE DATABASE "{own.database}"'))
    except (OSError, DBAPIError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise DatabaseError(
            f"no database for tests can be made at {url.render_as_string()}: {reason}; start the server, give another URL, or let its role"
            " create databases (ALTER ROLE ... CREATEDB)"
        ) from error
    try:
        _apart(lambda: _make(own, tables))
        yield Database(own, ())
    finally:
        _apart(lambda: _execute(url, f'DROP DATABASE IF EXISTS "{own.database}" WITH (FORCE)'))


@asynccontextmanager
async def connected(database: Database) -> AsyncGenerator[Connected, None]:
    """Give an engine whose every transaction is rolled back in the end."""
    engine = create_async_engine(database.url, poolclass=StaticPool)
    if engine.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _as_others_are)
    try:
        if database.tables:
            async with engine.connect() as connection:
                for metadata in database.tables:
                    await connection.run_sync(metadata.create_all, checkfirst=False)
                await connection.commit()
        savepoints = Savepoints()
        async with engine.connect() as connection:
            await connection.run_sync(lambda sync: savepoints.attach(sync.engine))
        found = Connected(engine)
        try:
            yield found
        finally:
            savepoints.end()
            for session in found.sessions:
                await session.close()
    finally:
        # The one connection goes, and the outer transaction with it.
        await engine.dispose()


def _as_others_are(connection: Any, _record: object) -> None:  # noqa: ANN401 -- a connection of the driver
    """Let SQLAlchemy and not the driver begin transactions, so that savepoints work, and enforce foreign keys, as other databases do."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


async def _execute(url: URL, statement: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))


async def _make(url: URL, tables: Sequence[MetaData]) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        for metadata in tables:
            await connection.run_sync(metadata.create_all)


def _apart(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it on a loop of its own in a thread of its own: whatever loop a test plugin has made stays as it is."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work())
        except BaseException as error:  # noqa: BLE001 -- raised again where it is waited for
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
