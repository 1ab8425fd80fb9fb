"""The unit of work: one transaction, committed once at its end, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Literal

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import Session as SyncOrmSession
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.pool import PoolProxiedConnection

from greenroom.kit.database.engines import FAILED
from greenroom.kit.database.failures import Constraints, sqlstate, translated
from greenroom.kit.database.sessions import Session, SyncSession, TransactionError

Isolation = Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]

_STILL_ALIVE: Final = text("SELECT 1")
_ABORTED: Final = "25P02"  # in_failed_sql_transaction
_ENDED: Final = "a statement has ended the transaction (COMMIT or ROLLBACK as text, or AUTOCOMMIT): what came before it may be committed"
_SWALLOWED: Final = (
    "a statement has failed in this transaction and its error was caught, so nothing of it can be committed: "
    "let the error pass, or put the statement that may fail into `async with session.begin_nested()`"
)


class UnitOfWork:
    """Gives a session; commits at the end of the block, rolls back on any error, and raises what the error is to a client.

    A class and no generator, and one switch into SQLAlchemy for the commit and all that belongs to it: this is on the way of each
    request that writes.
    """

    __slots__ = ("_constraints", "_info", "_isolation", "_session", "_sessions", "_transaction")

    _session: Session
    _transaction: SessionTransaction

    def __init__(
        self,
        sessions: async_sessionmaker[Session],
        constraints: Constraints,
        info: Mapping[str, Any] | None = None,
        isolation: Isolation | None = None,
    ) -> None:
        self._sessions = sessions
        self._constraints = constraints
        self._info = info
        self._isolation = isolation

    async def __aenter__(self) -> Session:
        self._session = self._sessions(info=dict(self._info) if self._info else None)
        # Nothing is sent before the first statement, so nothing need be awaited.
        self._transaction = self._session.sync_session.begin()
        if self._isolation is not None:
            try:
                _ = await self._session.connection(execution_options={"isolation_level": self._isolation})
            except BaseException as error:
                await self._abandon(error)
                raise
        return self._session

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None:
            await self._abandon(error)
            return
        try:
            await self._session.run_sync(self._commit)
        except BaseException as failure:
            await self._abandon(failure)
            raise

    async def _abandon(self, error: BaseException) -> None:
        # Neither a cancellation nor a dead connection may keep the connection from going back.
        await asyncio.shield(asyncio.ensure_future(self._session.close()))
        problem = translated(error, self._constraints) if isinstance(error, Exception) else None
        if problem is not None:
            raise problem from error

    def _commit(self, session: SyncOrmSession) -> None:
        _insist(self._session.sync_session)
        self._transaction.commit()
        session.close()


def _insist(session: SyncSession) -> None:
    """Raise where the COMMIT would not commit what the unit of work has written.

    PostgreSQL answers COMMIT with ROLLBACK, and no error, in a transaction in which a statement has failed: somebody who catches the
    error of a statement and goes on would lose all that the transaction wrote, and be told that it is committed.
    https://www.postgresql.org/docs/current/sql-commit.html
    """
    connection = session.connection_in_use
    if connection is None or connection.invalidated:
        return
    if _has_ended(connection.connection):
        raise TransactionError(_ENDED)
    if not connection.info.pop(FAILED, False):
        return
    try:
        connection.execute(_STILL_ALIVE)
    except DBAPIError as error:
        if sqlstate(error) == _ABORTED:
            raise TransactionError(_SWALLOWED) from error
        raise


def _has_ended(connection: PoolProxiedConnection) -> bool:
    """Tell whether the server knows of no transaction where SQLAlchemy's adapter of asyncpg has begun one (at the first statement)."""
    driver = connection.driver_connection
    # The adapter has no public word for it. Where the connection is closed, the COMMIT itself fails, and says so.
    has_begun = getattr(connection.dbapi_connection, "_transaction", None) is not None
    return has_begun and driver is not None and not driver.is_closed() and not driver.is_in_transaction()
