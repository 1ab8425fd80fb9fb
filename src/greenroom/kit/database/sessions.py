"""The session: SQLModel's, with one way to end a transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from sqlalchemy import Connection, event
from sqlalchemy import orm as sqlalchemy_orm
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlalchemy.ext.asyncio import AsyncSession as SQLAlchemySession
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.orm.session import Session as SyncSQLModelSession

from greenroom.kit.database.lazy import forbid_implicit_loads

_ADVICE = (
    "the unit of work commits once, at its end, and rolls back on any error: raise one to roll back, `await session.flush()` to write early"
)

Listener = Callable[[type[sqlalchemy_orm.Session]], None]
"""Registers events of SQLAlchemy on the class of the sessions: ``event.listen(sessions, "after_begin", …)``.

https://docs.sqlalchemy.org/en/21/orm/session_events.html
"""


class TransactionError(RuntimeError):
    """A transaction was to be ended by something else than the unit of work."""


class SyncSession(SyncSQLModelSession):
    """What the asynchronous session runs on; ``run_sync`` gives it to its function.

    ``connection_in_use`` is the connection of the running transaction, once it has sent a statement.
    """

    connection_in_use: Connection | None = None

    def commit(self) -> NoReturn:
        """Refuse."""
        raise TransactionError(f"session.commit() is not for you: {_ADVICE}")

    def rollback(self) -> NoReturn:
        """Refuse."""
        raise TransactionError(f"session.rollback() is not for you: {_ADVICE}; `async with session.begin_nested()` makes a savepoint")


class Session(AsyncSession):
    """A session that only the unit of work ends: ``commit()`` and ``rollback()`` raise ``TransactionError``.

    ``info`` is a dict for the listeners; the trail reads ``info["trail"]`` from it.
    """

    sync_session_class = SyncSession
    sync_session: SyncSession
    # SQLModel deprecates it in favour of `exec`, which takes neither text nor statements of Core.
    execute = SQLAlchemySession.execute

    async def commit(self) -> NoReturn:
        """Refuse."""
        raise TransactionError(f"session.commit() is not for you: {_ADVICE}")

    async def rollback(self) -> NoReturn:
        """Refuse."""
        raise TransactionError(f"session.rollback() is not for you: {_ADVICE}; `async with session.begin_nested()` makes a savepoint")


def session_factory(engine: AsyncEngine, listeners: Sequence[Listener] = ()) -> async_sessionmaker[Session]:
    """Make the factory of the sessions of one engine: for requests, workers and tests alike.

    Objects stay as they are after the commit (``expire_on_commit=False``). Listeners hold for these sessions only.
    """
    # Events are registered on a class: one for each factory keeps two databases apart.
    sessions = type("SyncSession", (SyncSession,), {})
    event.listen(sessions, "after_begin", _remember)
    forbid_implicit_loads(sessions)
    for listener in listeners:
        listener(sessions)
    return async_sessionmaker(engine, class_=Session, sync_session_class=sessions, expire_on_commit=False)


def _remember(session: SyncSession, _transaction: sqlalchemy_orm.SessionTransaction, connection: Connection) -> None:
    session.connection_in_use = connection
