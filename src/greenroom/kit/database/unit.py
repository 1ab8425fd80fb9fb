"""The unit of work: one transaction, committed once at its end, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import async_sessionmaker

from greenroom.kit.database.engines import FAILED
from greenroom.kit.database.failures import Constraints, sqlstate, translated
from greenroom.kit.database.sessions import Session, TransactionError

Isolation = Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]

_STILL_ALIVE = text("SELECT 1")
_ABORTED = "25P02"  # in_failed_sql_transaction
_SWALLOWED = (
    "a statement has failed in this transaction and its error was caught, so nothing of it can be committed: "
    "let the error pass, or put the statement that may fail into `async with session.begin_nested()`"
)


@asynccontextmanager
async def unit_of_work(
    sessions: async_sessionmaker[Session],
    constraints: Constraints,
    info: Mapping[str, Any] | None = None,
    isolation: Isolation | None = None,
) -> AsyncIterator[Session]:
    """Give a session; commit at the end of the block, roll back on any error, and raise what the error is to a client."""
    async with sessions(info=dict(info) if info else None) as session:
        try:
            async with session.begin():
                if isolation is not None:
                    _ = await session.connection(execution_options={"isolation_level": isolation})
                yield session
                await session.flush()
                await _insist(session)
        except Exception as error:
            problem = translated(error, constraints)
            if problem is None:
                raise
            raise problem from error


async def _insist(session: Session) -> None:
    """Raise what a swallowed error has left behind.

    PostgreSQL answers COMMIT with ROLLBACK, and no error, in a transaction in which a statement has failed: somebody who catches the
    error of a statement and goes on would lose all that the transaction wrote, and be told that it is committed.
    https://www.postgresql.org/docs/current/sql-commit.html
    """
    connection = session.sync_session.connection_in_use
    if connection is not None and connection.info.pop(FAILED, False):
        try:
            await session.run_sync(lambda _: connection.execute(_STILL_ALIVE))
        except DBAPIError as error:
            if sqlstate(error) == _ABORTED:
                raise TransactionError(_SWALLOWED) from error
            raise
